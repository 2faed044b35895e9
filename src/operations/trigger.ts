import type { Core } from '../core/context.ts';
import { judgedRecord } from '../core/still-live.ts';
import { endedBy } from '../core/walk-sessions.ts';
import { isSessionError } from '../lib/errors.ts';
import { parseArguments, parseSwitch, parseText, shown } from '../lib/input.ts';
import { among } from '../lib/nearest-name.ts';
import { ATTRIBUTION_KEYS, type AttributionRequest, parseAttribution } from '../model/attribution.ts';
import { judge } from '../model/judge.ts';
import { codeOf } from '../model/reason.ts';
import { coverage, parseScope, type ScopeTarget } from '../model/scope.ts';
import { Session, type SessionRecord } from '../model/session.ts';
import { type RevokeResult, revokeTarget } from './revoke.ts';

/** Holds the options of {@link Sessions.trigger}. */
export interface TriggerRequest extends AttributionRequest {
  /** The user whose data have changed. Required. */
  readonly user: string;
  /** Limits the trigger to the user's sessions in this account. Required by `memberRemoved`. Default: all accounts. */
  readonly account?: string | undefined;
  /**
   * The session that stays, with a new secret, where the rule of the trigger is `others`. If it is over, all sessions
   * are revoked. Default: none.
   */
  readonly keep?: Session | undefined;
  /** Set to `true` to change nothing and only report the sessions that would end. Default `false`. */
  readonly dryRun?: boolean | undefined;
}

/**
 * Tells what {@link Sessions.trigger} did. Within a transaction, `effectiveWithin` may be `null`: see
 * {@link InTransaction}.
 */
export type TriggerResult<EffectiveWithin extends number | null = number> = RevokeResult<EffectiveWithin> & {
  /**
   * `true` where the trigger covered a live session, `false` where it covered none, `null` where one quick read could
   * not tell. `false` may mean that the user had signed out already, or that no user has this id. The scope is advanced
   * all the same.
   */
  readonly found: boolean | null;
};

const TRIGGER_KEYS = ['user', 'account', 'keep', 'dryRun', ...ATTRIBUTION_KEYS];
const MAX_LOOKED_AT = 100;

/** Applies the rule of a trigger. If the session in `keep` is over, revokes all sessions, because the event has happened in any case. */
export async function trigger(core: Core, name: unknown, input: unknown): Promise<TriggerResult> {
  const rule = typeof name === 'string' ? core.settings.triggers.get(name) : undefined;
  if (rule === undefined) {
    const known = [...core.settings.triggers.keys()];
    throw new TypeError(`there is no trigger ${shown(name)}; ${among(String(name), known)}`);
  }
  const request = parseArguments<TriggerRequest>('the second argument', input, TRIGGER_KEYS);
  const { account } = request;
  parseText('user', request.user);
  if (name === 'memberRemoved' && account === undefined) throw new TypeError('memberRemoved needs the account');
  const scope = account === undefined ? { user: request.user } : { user: request.user, account };
  const target = parseScope(core.settings.realm, scope);

  const keep = request.keep !== undefined && isWithin(target, request.keep) ? request.keep : undefined;
  const spared = rule.revoke === 'others' ? keep : undefined;
  // A session in `keep` whose secret was renewed since is not kept. It is covered like the others.
  const judged = spared === undefined ? null : await judgedRecord(core, 'keep', spared);
  const covered = endedBy(coverage(core.settings.kinds, target.scope, rule.kinds), null);
  const found = await findsAny(
    core,
    target,
    (one) => covered(one) && (one.id !== judged?.id || one.credential !== judged.credential),
  );
  if (rule.revoke === 'none') {
    return { revoked: false, kept: null, token: null, reason: 'none', effectiveWithin: 0, revocation: null, found };
  }
  const attribution = parseAttribution(request);
  const result = await revokeTarget(core, target, {
    ...attribution,
    reason: attribution.reason ?? codeOf(name as string),
    fromDevice: attribution.fromDevice ?? request.keep?.device.label ?? null,
    kinds: rule.kinds,
    keep: spared,
    ifLive: rule.revoke === 'everywhere' ? keep : undefined,
    evenIfOver: true,
    trigger: name as string,
    dryRun: parseSwitch('dryRun', request.dryRun),
  });
  if (!result.revoked || result.kept !== null || keep === undefined) return { ...result, found };
  return { ...result, notKept: result.notKept ?? 'everywhere', found };
}

/** Tells whether a session is in the scope of the trigger. A session in another account is neither kept nor ended. */
function isWithin({ tag, member }: ScopeTarget, keep: Session): boolean {
  const { userTag, accountTag } = Session.recordOf('keep', keep);
  if (userTag !== tag) throw new TypeError('keep must be a session of the same user');
  return member === null || accountTag === member;
}

/**
 * Tells whether the trigger covers a live session. Returns `null` if one page of sessions does not show it. An outage also gives `null`,
 * because this read must not prevent the revocation.
 */
async function findsAny(
  core: Core,
  target: ScopeTarget,
  isCovered: (session: SessionRecord) => boolean,
): Promise<boolean | null> {
  const now = core.now();
  const page = { account: target.member ?? undefined, ended: false, now, limit: MAX_LOOKED_AT };
  try {
    const { found, more } = await core.store.list(core.realmTag, target.tag, page);
    if (found.some(({ session, epochs }) => isCovered(session) && judge(session, epochs, now) === null)) return true;
    return more ? null : false;
  } catch (error) {
    if (isSessionError(error, 'SESSION_STORE_UNAVAILABLE')) return null;
    throw error;
  }
}
