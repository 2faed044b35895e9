import { type By, parseCause } from './cause.ts';
import { type Core, contend, powerOf } from './core.ts';
import { SessionError } from './errors.ts';
import { parseArguments, parseText } from './input.ts';
import type { Awaitable } from './store.ts';
import { accountTag } from './token.ts';

/** What an account has decided for its users. */
export interface Policy {
  /**
   * What a plain sign-out ends: that `session`, or `everywhere` all of the user's sessions in the account, of every kind.
   */
  readonly signOut: 'session' | 'everywhere';
}

/**
 * Tells the policy of an account, where the app itself keeps it; of `null`, that of sessions without one, whose `everywhere`
 * means all of the user's sessions.
 */
export type PolicyFunction = (account: string | null) => Awaitable<Policy>;

/** What {@link Sessions.setPolicy} did. */
export interface PolicyResult {
  readonly changed: boolean;
  readonly policy: Policy;
}

const DEFAULT: Policy = Object.freeze({ signOut: 'session' });

/** @throws `TypeError` that names what is allowed. */
export function parsePolicy(value: unknown): Policy {
  const { signOut } = parseArguments('a policy', value, ['signOut']);
  if (signOut === 'session' || signOut === 'everywhere') return Object.freeze({ signOut });
  throw new TypeError(`signOut is ${JSON.stringify(signOut)}; allowed are 'session' and 'everywhere'`);
}

/** The policy of an account, as of now: it is asked at every sign-out and never remembered. */
export async function policyOf(core: Core, account: string | null): Promise<Policy> {
  const { policy, realm } = core.settings;
  if (policy === null || (policy === 'stored' && account === null)) return DEFAULT;
  if (policy !== 'stored') return parsePolicy(await inTime(policy(account), core.settings.deadline));
  const value = await powerOf(core, 'policies').get(accountTag(realm, account as string));
  return parseStored(value);
}

/** A database of the app's that hangs must not hang a sign-out. */
async function inTime<T>(answer: Awaitable<T>, deadline: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new SessionError('SESSION_STORE_UNAVAILABLE', `no policy within ${deadline} ms`));
    timer = setTimeout(fail, deadline);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** What was set; the default where nothing was. What makes no sense is no policy: nobody is signed out by a guess. */
function parseStored(value: string | null): Policy {
  if (value === null) return DEFAULT;
  try {
    return parsePolicy(JSON.parse(value));
  } catch (cause) {
    throw new SessionError('SESSION_STORE_UNAVAILABLE', 'the policy that the store has makes no sense', { cause });
  }
}

/** Sets the policy of an account, which holds from the next sign-out on. */
export async function setPolicy(core: Core, name: unknown, value: unknown, by: By): Promise<PolicyResult> {
  const account = parseText('account', name);
  const after = parsePolicy(value);
  const cause = parseCause(by);
  if (core.settings.policy !== 'stored') {
    throw new TypeError("the app keeps its policies itself: setPolicy needs the option policy: 'stored'");
  }
  const power = powerOf(core, 'policies');
  const tag = accountTag(core.settings.realm, account);
  return contend<PolicyResult>(core, async () => {
    const stored = await power.get(tag);
    const before = parseStored(stored);
    if (before.signOut === after.signOut) return { changed: false, policy: after };
    const happening = core.events.about('policy.changed', { account, before, after, ...cause });
    const write = { account: tag, value: JSON.stringify(after), ifValue: stored, audit: happening.audit };
    if ((await power.set(write)) === 'conflict') return 'conflict';
    core.events.tell(happening);
    return { changed: true, policy: after };
  });
}
