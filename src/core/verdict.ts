import type { ClientInfo } from '../device/client-info.ts';
import type { Reading } from '../freshness/recollection.ts';
import { type Awaitable, isPromise } from '../lib/awaitable.ts';
import { type CheckMessage, channels } from '../lib/channels.ts';
import { isLive, judge } from '../model/judge.ts';
import type { AccessRefusal, CheckRefusal, RefreshRefusal } from '../model/reason.ts';
import { type EndState, Session, type SessionRecord, type SessionRef } from '../model/session.ts';
import type { FoundSession } from '../store/store.ts';
import type { Core } from './context.ts';

/** Tells whether a token is accepted, with the session, or why it is not. See {@link Sessions.check}. */
export type Verdict =
  | { readonly ok: true; readonly session: Session }
  | {
      readonly ok: false;
      readonly session: null;
      /**
       * `'malformed'`: the token is not an opaque token of this library but, for example, a JWT. The store was not asked.
       * `'unknown'`: this realm has no such session. `'superseded'`: the session's secret was renewed. The others: the secret was
       * right, and the session is over.
       */
      readonly reason: CheckRefusal;
      /** How the session ended if `reason` is `'ended'`, `'expired'` or `'revoked'`; otherwise `null`. */
      readonly end: EndState | null;
    };

/** The rules that differ between opaque tokens, access tokens and refresh tokens. The rest of a check is shared. */
export interface TokenRules<Proof> {
  readonly during: 'check' | 'refresh';
  /** True if an older secret of a living session is a sign of an attack. False where apps may rightly hold an older token. */
  readonly supersededIsAnomaly: boolean;
  /** Returns `null` if the token matches the session. */
  mismatchOf(session: SessionRecord, proof: Proof): 'unknown' | 'superseded' | null;
}

export interface TokenRefusal<Reason extends AccessRefusal | RefreshRefusal = AccessRefusal | RefreshRefusal> {
  readonly reason: Reason;
  /** The session, or only the id that the token claims, or `null`. */
  readonly about: SessionRecord | string | null;
  readonly end: EndState | null;
}

/** Returns why the session that the store found does not accept the token, or `null`. */
export function refusalOf<Proof>(
  rules: TokenRules<Proof>,
  id: string,
  found: FoundSession | null | undefined,
  proof: Proof,
  now: number,
): TokenRefusal<CheckRefusal> | null {
  if (found === null || found === undefined) return { reason: 'unknown', about: id, end: null };
  const { session, epochs } = found;
  const reason = rules.mismatchOf(session, proof);
  if (reason !== null) return { reason, about: reason === 'unknown' ? id : session, end: null };
  const end = judge(session, epochs, now);
  return end === null ? null : { reason: end.reason, about: session, end };
}

export interface CheckRules<Proof, Result> extends TokenRules<Proof> {
  /** True if a check counts as a use, for the idle timeout. */
  readonly countsAsUse: boolean;
  accept(session: Session, record: SessionRecord, proof: Proof): Result;
  refuse(refusal: TokenRefusal<CheckRefusal>): Result;
  /** Called if the promise of the store rejects. Must throw. */
  failed(error: unknown): never;
}

export interface CheckedToken<Proof> {
  readonly ref: SessionRef;
  readonly proof: Proof;
  readonly client: ClientInfo;
  /** The greatest age in ms of the knowledge that accepts. */
  readonly maxStaleness: number;
}

export const NO_CLIENT_INFO: ClientInfo = Object.freeze({});

/** Checks a token by memory, or else by the store. Answers synchronously if the store does. */
export const checkToken = <Proof, Result>(
  core: Core,
  rules: CheckRules<Proof, Result>,
  token: CheckedToken<Proof>,
): Awaitable<Result> => checkInMemory(core, rules, token) ?? checkInStore(core, rules, token);

/**
 * Accepts a token by a remembered session. Returns `undefined` instead of a refusal, and the store must be asked: memory may be older than
 * the session or its secret. No scope has revoked what is remembered, so only its lifetimes are judged again.
 */
export function checkInMemory<Proof, Result>(
  core: Core,
  rules: CheckRules<Proof, Result>,
  token: CheckedToken<Proof>,
): Result | undefined {
  const { freshness } = core;
  if (freshness === null) return undefined;
  const now = core.now();
  const remembered = freshness.session(token.ref, token.maxStaleness, now);
  if (remembered === undefined || !isLive(remembered, now)) return undefined;
  if (rules.mismatchOf(remembered, token.proof) !== null) return undefined;
  return accept(core, rules, token, remembered, now, true);
}

export function checkInStore<Proof, Result>(
  core: Core,
  rules: CheckRules<Proof, Result>,
  token: CheckedToken<Proof>,
): Awaitable<Result> {
  const { freshness, store, realmTag } = core;
  const { ref } = token;
  const reading = freshness?.reading(core.now()) ?? null;
  const answer = channels.check.hasSubscribers ? findAndTell(core, rules, ref) : store.find(realmTag, [ref]);
  return isPromise(answer)
    ? answer.then(([found]) => judgeRead(core, rules, token, found, reading), rules.failed)
    : judgeRead(core, rules, token, answer[0], reading);
}

/** Finds a session, and publishes an outage on the diagnostics channel. */
function findAndTell(
  core: Core,
  rules: Pick<TokenRules<never>, 'during'>,
  ref: SessionRef,
): ReturnType<Core['store']['find']> {
  const failed = (error: unknown): never => {
    tellCheck(core, rules, { outcome: 'outage', source: 'store', age: 0 });
    throw error;
  };
  try {
    const answer = core.store.find(core.realmTag, [ref]);
    return isPromise(answer) ? answer.catch(failed) : answer;
  } catch (error) {
    return failed(error);
  }
}

const tellCheck = (
  { settings }: Core,
  { during }: Pick<TokenRules<never>, 'during'>,
  message: Omit<CheckMessage, 'realm' | 'during'>,
): void => channels.check.publish({ realm: settings.realm, during, ...message });

function judgeRead<Proof, Result>(
  core: Core,
  rules: CheckRules<Proof, Result>,
  token: CheckedToken<Proof>,
  found: FoundSession | null | undefined,
  reading: Reading | null,
): Result {
  const { ref, proof, client } = token;
  const now = core.now();
  const refusal = refusalOf(rules, ref.id, found, proof, now);
  if (refusal === null) {
    const { session } = found as FoundSession;
    // If this check counts as a use, the record of the session is about to change, so it is not remembered.
    if (!isUse(core, rules, session, now)) core.freshness?.rememberSession(reading, found as FoundSession);
    return accept(core, rules, token, session, now, false);
  }
  core.freshness?.noticeRefusal(ref, found ?? null, refusal.end);
  if (channels.check.hasSubscribers) tellCheck(core, rules, { outcome: refusal.reason, source: 'store', age: 0 });
  tellRefusal(core, rules, refusal, client);
  return rules.refuse(refusal);
}

const isUse = (
  { settings }: Core,
  { countsAsUse }: { readonly countsAsUse: boolean },
  { lastUsedAt }: SessionRecord,
  now: number,
): boolean => countsAsUse && now - lastUsedAt >= settings.touchEvery;

function accept<Proof, Result>(
  core: Core,
  rules: CheckRules<Proof, Result>,
  { proof, client }: CheckedToken<Proof>,
  session: SessionRecord,
  now: number,
  isRemembered: boolean,
): Result {
  const { freshness, touches, anomalies } = core;
  const { id, userTag } = session;
  if (channels.check.hasSubscribers) {
    const age = isRemembered ? (freshness?.ageOf(id, now) ?? 0) : 0;
    tellCheck(core, rules, { outcome: 'accepted', source: isRemembered ? 'memory' : 'store', age });
  }
  if (isUse(core, rules, session, now)) {
    touches.note(id, { id, user: userTag, at: now });
    freshness?.forgetSession(id);
  }
  if (client !== NO_CLIENT_INFO) anomalies.used(session, client);
  return rules.accept(new Session(session, isRemembered), session, proof);
}

export const isHeard = ({ events }: Core): boolean =>
  events.matters('session.refused') || events.matters('session.suspicious');

export function tellRefusal(
  core: Core,
  { during, supersededIsAnomaly }: Pick<TokenRules<never>, 'during' | 'supersededIsAnomaly'>,
  { reason, about, end }: TokenRefusal,
  client: ClientInfo,
): void {
  if (!isHeard(core)) return;
  const { events, anomalies } = core;
  const isId = typeof about === 'string';
  const refusal = {
    ...{ during, reason },
    user: isId ? null : (about?.user ?? null),
    account: isId ? null : (about?.account ?? null),
    session: isId ? about : (about?.id ?? null),
    revocation: end?.reason === 'revoked' ? end.revocation : null,
    device: anomalies.deviceOf(client),
  };
  events.emit('session.refused', refusal);
  if (reason !== 'superseded' || supersededIsAnomaly) anomalies.refused(refusal);
}
