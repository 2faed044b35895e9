import type { Session, Sessions } from 'session-revocation';

/**
 * Options of all sessions in the benchmarks. A check writes "last used" at most once per `touchEvery`. A race takes
 * minutes, so with the default most checks would write. In an app, most checks do not. `timeout` is for busy machines.
 */
export const SETTINGS = { touchEvery: '1d', timeout: '1m' } as const;

/** A user agent of typical length. */
export const USER_AGENT =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

export interface Started {
  readonly session: Session;
  readonly token: string;
}

export async function signIn(sessions: Sessions, user: string, account?: string): Promise<Started> {
  const fence = await sessions.fence({ user, account });
  const started = await sessions.start({
    ...{ user, account, fence, userAgent: USER_AGENT, ip: '203.0.113.7', amr: ['pwd', 'otp'] },
  });
  if (!started.ok) throw new Error(started.reason);
  return started;
}

/**
 * Signs in users, one session each. With accounts, the users are spread over fifty. Returns the tokens in shuffled
 * order.
 */
export async function signInMany(sessions: Sessions, users: number, withAccounts = false): Promise<string[]> {
  const tokens: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < users) {
      const nth = next++;
      tokens[nth] = (await signIn(sessions, `user-${nth}`, withAccounts ? `account-${nth % 50}` : undefined)).token;
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return scattered(tokens);
}

/** Returns the values in an order that the processor cannot predict. The order is the same in every process. */
export function scattered<Value>(values: readonly Value[]): Value[] {
  const order = [...values];
  let state = 1;
  for (let at = order.length - 1; at > 0; at--) {
    state = (state * 48_271) % 2_147_483_647;
    const other = state % (at + 1);
    [order[at], order[other]] = [order[other] as Value, order[at] as Value];
  }
  return order;
}

/** A `Cookie` header with the session's cookie between two others. It is a flat string, like those of Node's parser. */
export const cookieHeader = (name: string, value: string): string =>
  Buffer.from(`theme=dark; ${name}=${value}; lang=en`).toString('latin1');

/** Cuts a cookie's value out of the header. Each call returns a new string, so that no string is cached. */
export function cookieOf(header: string, name: string): string {
  const at = header.indexOf(`${name}=`) + name.length + 1;
  return header.slice(at, header.indexOf(';', at));
}

/** Returns work that cuts each token out of a cookie header and checks it, in turn. */
export function checking(sessions: Sessions, tokens: readonly string[]): (nth: number) => unknown {
  const headers = tokens.map((token) => cookieHeader('default-session', token));
  return (nth) => sessions.check(cookieOf(headers[nth % headers.length] as string, 'default-session'));
}

/** Checks each session, so that the process remembers it. */
export async function checkAll(check: (nth: number) => unknown, count: number): Promise<void> {
  // Each session is checked twice, because the first answer of the change log empties the memory.
  for (let nth = 0; nth < 2 * count; nth += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, more) => check(nth + more)));
  }
}

/** Like `checking`, after each session was checked twice. */
export async function checkingAll(sessions: Sessions, tokens: readonly string[]): Promise<(nth: number) => unknown> {
  const check = checking(sessions, tokens);
  await checkAll(check, tokens.length);
  return check;
}

/** The parts of a token with which a store looks up a session. */
export interface Ref {
  readonly id: string;
  readonly user: string;
  /** Empty for a session outside accounts. */
  readonly account: string;
}

export function refOf(token: string): Ref {
  const [, user = '', account = '', id = ''] = token.split('.');
  return { id, user, account };
}

/** The data of a session in an app without this library: express-session's format, with the fields of a device list. */
export const plainSession = (nth: number): object => ({
  cookie: {
    originalMaxAge: 2_592_000_000,
    expires: new Date(Date.now() + 2_592_000_000).toISOString(),
    httpOnly: true,
  },
  user: `user-${nth}`,
  createdAt: Date.now(),
  lastUsedAt: Date.now(),
  userAgent: USER_AGENT,
  ip: '203.0.113.7',
  amr: ['pwd', 'otp'],
});
