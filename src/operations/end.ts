import type { Core } from '../core/context.ts';
import { effectiveWithin } from '../core/effective-within.ts';
import { CLOCKS_APART } from '../lib/clock.ts';
import { kindOf, parseArguments, parseOptionalText, parseSwitch, parseText } from '../lib/input.ts';
import { ATTRIBUTION_KEYS, type Attribution, type AttributionRequest, parseAttribution } from '../model/attribution.ts';
import { judge } from '../model/judge.ts';
import { parseRefreshToken } from '../model/refresh-token.ts';
import { refOf, type SessionRecord, type SessionRef } from '../model/session.ts';
import { isSessionId, parseToken, userTag } from '../model/token.ts';
import type { FoundSession } from '../store/store.ts';

/** Holds the options of {@link Sessions.end}. */
export interface EndRequest extends AttributionRequest {
  /** Owner of the session. The id of another user's session counts as unknown. */
  readonly user: string;
  /** Ends the session only if it is in this account. Default: in any account, or none. */
  readonly account?: string | undefined;
  /** Set to `true` to end nothing and only report whether the session would end. Default `false`. */
  readonly dryRun?: boolean | undefined;
}

/**
 * Tells what {@link Sessions.end} did. Within a transaction, `effectiveWithin` may be `null`: see
 * {@link InTransaction}.
 */
export interface EndResult<EffectiveWithin extends number | null = number> {
  /** `true` where this user's session was live until now. With `dryRun`: where it is live. */
  readonly ended: boolean;
  /** Time in ms after which no process accepts the session. 0: every check from now on refuses it. See the option `freshness`. */
  readonly effectiveWithin: EffectiveWithin;
}

const END_KEYS = ['user', 'account', 'dryRun', ...ATTRIBUTION_KEYS];

export async function end(core: Core, id: string, input: unknown): Promise<EndResult> {
  const request = parseArguments('the second argument', input, END_KEYS);
  const name = parseText('user', request.user);
  const account = parseOptionalText('account', request.account);
  const dryRun = parseSwitch('dryRun', request.dryRun);
  const attribution = parseAttribution(request);
  if (typeof id !== 'string') throw new TypeError(`id must be a string such as session.id, not ${kindOf(id)}`);
  if (parseToken(id) !== null || parseRefreshToken(id) !== null) {
    throw new TypeError('id is a token, and must be an id: session.id, or that of a row of sessions.list({ user })');
  }
  if (!isSessionId(id)) return { ended: false, effectiveWithin: 0 };

  const ref: SessionRef = { id, user: userTag(core.settings.realm, name) };
  const [found] = await core.store.find(core.realmTag, [ref]);
  const there = found !== undefined && found !== null && (account === null || found.session.account === account);
  // The tombstone is there, but replicas may not have confirmed it. A second `end` waits for them, or throws.
  if (there && !dryRun && found.session.ended !== null) await core.store.end(ref, found.session.ended, []);
  if (there) core.freshness?.noticeRefusal(refOf(found.session), found, judge(found.session, found.epochs, core.now()));
  const ended = there && isEndable(found, core.now()) && (dryRun || (await endFound(core, found.session, attribution)));
  return { ended, effectiveWithin: dryRun ? 0 : await effectiveWithin(core) };
}

/** Ends a session that was read. Returns `false` if the store ended nothing. A session that was used after `ifUnusedSince` (Unix ms) stays. */
export async function endFound(
  { store, events, now }: Core,
  session: SessionRecord,
  attribution: Attribution,
  ifUnusedSince?: number,
): Promise<boolean> {
  const { id, user, account, device } = session;
  const { by, reason, fromDevice } = attribution;
  const pending = events.about('session.ended', { session: id, user, account, device, ...attribution });
  // Without the account: a session that moves to another account meanwhile must end too.
  const ref = { id, user: session.userTag, ifUnusedSince };
  const done = await store.end(ref, { at: now(), by, reason, fromDevice }, pending.audit);
  if (done) events.tell(pending);
  return done;
}

/** Tells whether a session is live, or has just expired: a process whose clock is behind may still accept that one. */
export function isEndable(found: FoundSession, now: number): boolean {
  return judge(found.session, found.epochs, now) === null || justExpired(found, now) !== null;
}

/**
 * Returns when a session expired, if that is less than an hour ago and it was live until then. A process whose clock is
 * behind may still accept it, and a late write of its last use may revive it.
 */
export function justExpired({ session, epochs }: FoundSession, now: number): number | null {
  const end = judge(session, epochs, now);
  if (end?.reason !== 'expired' || now - end.at >= CLOCKS_APART) return null;
  return judge(session, epochs, end.at - 1) === null ? end.at : null;
}
