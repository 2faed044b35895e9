import type { Session, StartRequest } from 'session-revocation';
import type { Scenario } from '../explore.ts';
import type { Who } from '../history.ts';
import type { Process } from '../process.ts';
import type { World, WorldOptions } from '../world.ts';

export const ANN: Who = { user: 'ann' };
export const AT_ACME: Who = { user: 'ann', account: 'acme' };
export const AT_BETA: Who = { user: 'ann', account: 'beta' };
export const ACME = { account: 'acme' };
export const BETA = { account: 'beta' };
export const REALM = { realm: true } as const;
/** A plain sign-out ends all sessions in the account. */
export const EVERYWHERE: WorldOptions = { sessions: { policy: () => ({ signOut: 'everywhere' }) } };
export const HOUR = 3600e3;
export const DAY = 24 * HOUR;
export const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

/** Signs in before the schedule begins. Returns the session and its token. */
export async function before(
  world: World,
  who: Who = ANN,
  request: Partial<StartRequest> = {},
): Promise<{ session: Session; token: string }> {
  const started = await world.process('before').signIn(who, request);
  if (!started.ok) throw new Error('a sign-in was refused');
  return started;
}

/** Takes a fence for another account and switches the session to it. */
export const switchTo = async (process: Process, session: Session, who: Who): Promise<unknown> =>
  process.renew(session, { account: who.account ?? '', fence: await process.fence(who) });

/** Returns an operation that runs these operations one after the other. */
export const inTurn =
  (...operations: (() => Promise<unknown>)[]) =>
  async (): Promise<unknown> => {
    let result: unknown;
    for (const operation of operations) result = await operation();
    return result;
  };

/** A request of a page: checks the token, and signs the user out everywhere if the session is live. */
export async function signOutEverywhere(process: Process, token: string): Promise<unknown> {
  const { session } = await process.check(token);
  return session === null ? null : process.revoke({ user: session.user }, { ifLive: session });
}

export const scenario = (
  name: string,
  play: Scenario['play'],
  { outcomes, ...options }: WorldOptions & { readonly outcomes?: number } = {},
): Scenario => ({ ...{ name, play, options }, ...(outcomes === undefined ? {} : { outcomes }) });

/** Writes the new password before it revokes the user's sessions. This order is the correct one. */
export async function resetPassword(world: World, process: Process): Promise<void> {
  await world.setPassword(process.name);
  await process.revoke(ANN, { kinds: 'all' });
  world.history.passwordReset = world.history.password;
}

/** Takes the fence before it verifies the password. This order is the correct one. */
export async function signInWith(process: Process, password: number): Promise<unknown> {
  const fence = await process.fence(ANN);
  return (await process.verify(password)) ? process.start(ANN, fence) : null;
}
