import type { Core } from '../core/context.ts';
import { ofApp } from '../lib/call.ts';
import { SessionError } from '../lib/errors.ts';
import { parseArguments, parseText } from '../lib/input.ts';
import { withTimeout } from '../lib/with-timeout.ts';
import { ATTRIBUTION_KEYS, type AttributionRequest, parseAttribution } from '../model/attribution.ts';
import { DEFAULT, type Policy, parsePolicy, parseStored } from '../model/policy.ts';
import { accountTag } from '../model/token.ts';
import { requirePower } from '../store/require-power.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';

/** Result of `sessions.setPolicy`. */
export interface PolicyResult {
  /** False if the account had this policy before. Nothing was then written. */
  readonly changed: boolean;
  /** The policy of the account from now on. */
  readonly policy: Policy;
}

export async function readPolicy(core: Core, account: string | null): Promise<Policy> {
  return policyOf(core, account === null ? null : parseText('account', account));
}

/** Returns the policy of an account, from the store or from the app. It is read at every sign-out and never cached. */
export async function policyOf(core: Core, account: string | null): Promise<Policy> {
  const { policy, realm } = core.settings;
  if (policy === null || (policy === 'stored' && account === null)) return DEFAULT;
  if (policy !== 'stored') {
    const { timeout } = core.settings;
    // The app's function may never answer. A sign-out must not wait for it.
    const answer = ofApp(() => policy(account));
    return parsePolicy(await withTimeout(answer, timeout, () => noAnswer(timeout)));
  }
  const value = await requirePower(core.store, 'policies').get(accountTag(realm, account as string));
  return parseStored(value);
}

const noAnswer = (timeout: number): SessionError =>
  new SessionError(
    'SESSION_STORE_UNAVAILABLE',
    `the function policy gave no answer within ${timeout} ms (option timeout)`,
  );

export async function setPolicy(
  core: Core,
  name: unknown,
  value: unknown,
  input: AttributionRequest,
): Promise<PolicyResult> {
  const by = parseArguments('the third argument', input, ATTRIBUTION_KEYS);
  const account = parseText('account', name);
  const after = parsePolicy(value);
  const attribution = parseAttribution(by);
  if (core.settings.policy !== 'stored') {
    throw new TypeError(
      "the policies are not in the store; to keep them there, write createSessions({ store, policy: 'stored' })",
    );
  }
  const power = requirePower(core.store, 'policies');
  const tag = accountTag(core.settings.realm, account);
  return retryOnConflict<PolicyResult>(core, async () => {
    const stored = await power.get(tag);
    const before = parseStored(stored);
    if (before.signOut === after.signOut) return { changed: false, policy: after };
    const pending = core.events.about('policy.changed', { account, before, after, ...attribution });
    const write = { account: tag, value: JSON.stringify(after), ifValue: stored, audit: pending.audit };
    if ((await power.set(write)) === 'conflict') return 'conflict';
    core.events.tell(pending);
    return { changed: true, policy: after };
  });
}
