import { createHmac, randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { peer } from '../harness/peers.ts';
import type { Placed } from '../harness/placed.ts';
import type { Contender, Work } from '../harness/section.ts';

export interface BetterAuth {
  readonly $context: Promise<{
    readonly internalAdapter: {
      createUser(user: object): Promise<{ id: string }>;
      createSession(user: string): Promise<{ token: string }>;
    };
    readonly secret: string;
    readonly authCookies: { readonly sessionToken: { readonly name: string } };
  }>;
  readonly api: {
    getSession(request: { headers: Headers; returnHeaders?: boolean }): Promise<{ headers?: Headers } | null>;
  };
}

/** Options of better-auth that say where it stores sessions. */
export interface Kept {
  readonly database?: unknown;
  readonly secondaryStorage?: object;
}

export async function inMemory(): Promise<Kept> {
  const { memoryAdapter } = await peer<{ memoryAdapter(tables: object): unknown }>('better-auth/adapters/memory');
  return { database: memoryAdapter({ user: [], session: [], account: [], verification: [] }) };
}

/**
 * Signs users in. With the cookie cache, better-auth checks a session from its cookie and does not read the database.
 */
export async function openBetterAuth(
  keptIn: () => Promise<Kept>,
  cookieCache: boolean,
  count: number,
): Promise<{ auth: BetterAuth; cookies: readonly string[] }> {
  const { betterAuth } = await peer<{ betterAuth(options: object): BetterAuth }>('better-auth');
  const options = {
    baseURL: 'http://127.0.0.1',
    secret: randomBytes(32).toString('hex'),
    ...(await keptIn()),
    session: { cookieCache: { enabled: cookieCache, maxAge: 86_400 } },
    logger: { disabled: true },
    telemetry: { enabled: false },
  };
  const auth = betterAuth(options);
  const { internalAdapter, secret, authCookies } = await auth.$context;
  const cookies: string[] = [];
  for (let nth = 0; nth < count; nth++) {
    const email = `user-${randomBytes(8).toString('hex')}@example.com`;
    const { id } = await internalAdapter.createUser({ name: `user-${nth}`, email });
    const { token } = await internalAdapter.createSession(id);
    const signature = createHmac('sha256', secret).update(token).digest('base64');
    const cookie = `${authCookies.sessionToken.name}=${encodeURIComponent(`${token}.${signature}`)}`;
    const answer = await auth.api.getSession({ headers: new Headers({ cookie }), returnHeaders: true });
    const set = answer?.headers?.getSetCookie().map((line) => line.split(';')[0]) ?? [];
    cookies.push([cookie, ...set.filter((one) => one?.includes('session_data'))].join('; '));
  }
  return { auth, cookies };
}

/** Asks better-auth for the session of each user in turn. */
export const betterAuth =
  (...options: Parameters<typeof openBetterAuth>) =>
  async (): Promise<Work> => {
    const { auth, cookies } = await openBetterAuth(...options);
    return async (nth) => {
      const headers = new Headers({ cookie: cookies[nth % cookies.length] as string });
      if ((await auth.api.getSession({ headers })) === null) throw new Error('better-auth refuses the session');
    };
  };

const USERS = 2_000;

/** Sessions in Redis, as better-auth's `secondaryStorage`. The users are in memory. */
export const betterAuthOnRedis: Contender<Placed> = async ({ place: { url, space } }) => {
  const client = new Redis(url);
  const key = (name: string): string => `${space}:better:${name}`;
  const secondaryStorage = {
    get: (name: string) => client.get(key(name)),
    set: (name: string, value: string, seconds?: number) =>
      seconds === undefined ? client.set(key(name), value) : client.set(key(name), value, 'EX', seconds),
    delete: (name: string) => client.del(key(name)),
  };
  const keptIn = async (): Promise<Kept> => ({ ...(await inMemory()), secondaryStorage });
  return { work: await betterAuth(keptIn, false, USERS)(), stop: () => client.disconnect() };
};

/** Users and sessions in Postgres, in the tables that better-auth makes. */
export const betterAuthOnPostgres: Contender<Placed> = async ({ place: { url, space } }) => {
  const pool = new Pool({ connectionString: url, options: `-c search_path=${space}` });
  const { getMigrations } = await peer<{
    getMigrations(options: object): Promise<{ runMigrations(): Promise<void> }>;
  }>('better-auth/db/migration');
  await (await getMigrations({ database: pool })).runMigrations();
  return { work: await betterAuth(async () => ({ database: pool }), false, USERS)(), stop: () => pool.end() };
};
