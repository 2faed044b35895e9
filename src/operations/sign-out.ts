import type { Core } from '../core/context.ts';
import { parseArguments } from '../lib/input.ts';
import { ATTRIBUTION_KEYS, type Attribution, parseAttribution } from '../model/attribution.ts';
import { parseScope } from '../model/scope.ts';
import { Session } from '../model/session.ts';
import { type EndResult, end } from './end.ts';
import { policyOf } from './policy.ts';
import { type Order, revokeTarget } from './revoke.ts';

/** Tells what {@link Sessions.signOut} did. */
export interface SignOutResult<EffectiveWithin extends number | null = number> extends EndResult<EffectiveWithin> {
  /** `true` where the account's policy ended all of the user's sessions in the account. */
  readonly everywhere: boolean;
}

export async function signOut(core: Core, session: Session, input: unknown): Promise<SignOutResult> {
  const { user, account, device } = Session.recordOf('session', session);
  const { by, reason, note, fromDevice } = parseAttribution(
    parseArguments('the second argument', input, ATTRIBUTION_KEYS),
  );
  const attribution: Attribution = {
    by: by ?? user,
    reason: reason ?? 'signed-out',
    note,
    fromDevice: fromDevice ?? device.label,
  };
  const policy = await policyOf(core, account);
  if (policy.signOut === 'session')
    return { ...(await end(core, session.id, { user, ...attribution })), everywhere: false };

  const scope = parseScope(core.settings.realm, account === null ? { user } : { user, account });
  // `ignoreRotation`: a sign-out ends the session by its id. If its secret was renewed meanwhile, the same device did that.
  const order: Order = { ...attribution, kinds: 'all', ifLive: session, ignoreRotation: true };
  const { revoked, effectiveWithin } = await revokeTarget(core, scope, order);
  return { ended: revoked, effectiveWithin, everywhere: revoked };
}
