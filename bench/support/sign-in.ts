import type { Session, Sessions, Verdict } from 'session-revocation';

/** What a browser says of itself: the usual length. */
export const USER_AGENT =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

/** A session that was started, and its token. */
export interface Started {
  readonly session: Session;
  readonly token: string;
}

/** Signs somebody in, as in life: with a device, an address and two methods. */
export async function signIn(sessions: Sessions, user: string, account?: string): Promise<Started> {
  const fence = await sessions.fence({ user, account });
  const started = await sessions.start({
    ...{ user, account, fence, userAgent: USER_AGENT, ip: '203.0.113.7', amr: ['pwd', 'otp'] },
  });
  if (!started.ok) throw new Error(started.reason);
  return started;
}

/** Signs in as many users, one session each, with an account for every fiftieth if they have accounts. */
export async function signInMany(sessions: Sessions, users: number, withAccounts: boolean): Promise<string[]> {
  const tokens: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < users) {
      const nth = next++;
      const account = withAccounts ? `account-${nth % 50}` : undefined;
      tokens[nth] = (await signIn(sessions, `${withAccounts ? 'member' : 'user'}-${nth}`, account)).token;
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return tokens;
}

/** The id of the session that a token is for. */
export const idOf = (token: string): string => refOf(token).id;

/** What a look-up asks for. */
export interface Ref {
  readonly id: string;
  readonly user: string;
  /** Nothing at all for none. */
  readonly account: string;
}

/** The same, with the tags of its user and account. */
export function refOf(token: string): Ref {
  const [, user = '', account = '', id = ''] = token.split('.');
  return { id, user, account };
}

/** Checks tokens, round and round, and nothing else: whoever measures it looks at the verdicts. */
export const checks =
  (sessions: Sessions, tokens: readonly string[]) =>
  (nth: number): Promise<Verdict> =>
    sessions.check(tokens[nth % tokens.length]);

/** Checks tokens, round and round. Throws for one that is refused. */
export const checking =
  (sessions: Sessions, tokens: readonly string[]) =>
  async (nth: number): Promise<void> => {
    const verdict = await sessions.check(tokens[nth % tokens.length]);
    if (!verdict.ok) throw new Error(verdict.reason);
  };

/**
 * What an app keeps without this library: the session as express-session's stores keep it, with what a device list would
 * need in it.
 */
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
