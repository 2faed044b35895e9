import { createHmac, randomBytes } from 'node:crypto';
import { byCookie } from '../harness/by-cookie.ts';
import { peer } from '../harness/peers.ts';
import type { Work } from '../harness/section.ts';
import { plainSession } from '../harness/sign-in.ts';

const DAY = 86_400_000;
const nths = Array.from({ length: 20_000 }, (_, nth) => nth);

interface MemoryStoreOfExpress {
  get(id: string, done: (error: unknown, session: unknown) => void): void;
  set(id: string, session: object): void;
}

export async function expressSession(): Promise<Work> {
  const { default: session } = await peer<{ default: { MemoryStore: new () => MemoryStoreOfExpress } }>(
    'express-session',
  );
  const { default: signature } = await peer<{
    default: { sign(value: string, key: string): string; unsign(value: string, key: string): string | false };
  }>('cookie-signature');
  const store = new session.MemoryStore();
  const key = randomBytes(32).toString('hex');
  const cookies = nths.map((nth) => {
    const id = randomBytes(24).toString('base64url');
    store.set(id, plainSession(nth));
    return encodeURIComponent(`s:${signature.sign(id, key)}`);
  });
  return byCookie('connect.sid', cookies, (cookie) => {
    const id = signature.unsign(decodeURIComponent(cookie).slice(2), key);
    return new Promise((resolve, reject) => {
      if (id === false) reject(new Error('The signature is wrong.'));
      else store.get(id, (error, found) => (found ? resolve(found) : reject(error ?? new Error('not found'))));
    });
  });
}

const CLAIMS = { issuer: 'https://id.example', audience: 'https://api.example' };

function signJwt(nth: number, key: Buffer): string {
  const seconds = Math.floor(Date.now() / 1000);
  const claims = { iss: CLAIMS.issuer, aud: CLAIMS.audience, sub: `user-${nth}`, iat: seconds, exp: seconds + 86_400 };
  const text = [{ alg: 'HS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

export async function jose(): Promise<Work> {
  const { importJWK, jwtVerify } = await peer<typeof import('jose')>('jose');
  const secret = randomBytes(32);
  const key = await importJWK({ kty: 'oct', k: secret.toString('base64url') }, 'HS256');
  const jwts = nths.map((nth) => signJwt(nth, secret));
  return byCookie('jwt', jwts, (jwt) => jwtVerify(jwt, key, { ...CLAIMS, algorithms: ['HS256'] }));
}

export async function jsonwebtoken(): Promise<Work> {
  interface JsonWebToken {
    default: { verify(jwt: string, key: Buffer, options: object): unknown };
  }
  const { default: jwt } = await peer<JsonWebToken>('jsonwebtoken');
  const secret = randomBytes(32);
  const jwts = nths.map((nth) => signJwt(nth, secret));
  return byCookie('jwt', jwts, (token) => jwt.verify(token, secret, { ...CLAIMS, algorithms: ['HS256'] }));
}

export async function ironSession(): Promise<Work> {
  interface IronSession {
    sealData(data: object, options: object): Promise<string>;
    unsealData(seal: string, options: object): Promise<{ user?: string }>;
  }
  const { sealData, unsealData } = await peer<IronSession>('iron-session');
  const options = { password: randomBytes(32).toString('hex') };
  const seals = await Promise.all(nths.slice(0, 2_000).map((nth) => sealData({ user: `user-${nth}` }, options)));
  return byCookie('iron', seals, async (seal) => {
    if ((await unsealData(seal, options)).user === undefined) throw new Error('iron-session refuses the seal');
  });
}

/** lucia with the cheapest possible adapter: two look-ups in Maps. */
export async function lucia(): Promise<Work> {
  interface Stored {
    readonly id: string;
    readonly userId: string;
    readonly expiresAt: Date;
    readonly attributes: object;
  }
  interface Lucia {
    new (adapter: object): { validateSession(id: string): Promise<{ session: object | null }> };
  }
  const { Lucia } = await peer<{ Lucia: Lucia }>('lucia');
  const users = new Map<string, object>();
  const stored = new Map<string, Stored>();
  const getSessionAndUser = async (id: string) => {
    const session = stored.get(id);
    return [session ?? null, users.get(session?.userId ?? '') ?? null];
  };
  const auth = new Lucia({ getSessionAndUser });
  const ids = nths.map((nth) => {
    const id = randomBytes(20).toString('hex');
    users.set(`user-${nth}`, { id: `user-${nth}`, attributes: {} });
    stored.set(id, { id, userId: `user-${nth}`, expiresAt: new Date(Date.now() + 30 * DAY), attributes: {} });
    return id;
  });
  return byCookie('auth_session', ids, async (id) => {
    if ((await auth.validateSession(id)).session === null) throw new Error('lucia refuses the session');
  });
}
