import type { ClientInfo } from '../device/client-info.ts';
import { judge } from '../model/judge.ts';
import type { AccessRefusal, CheckRefusal, RefreshRefusal } from '../model/reason.ts';
import type { EndState, Session, SessionRecord } from '../model/session.ts';
import type { FoundSession } from '../store/store.ts';
import type { Core } from './context.ts';

/** The result of a check. */
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

/**
 * The rules that differ between opaque tokens, access tokens and refresh tokens. The rest of a check is shared:
 * {@link refusalOf}, {@link noteUse}, {@link tellRefusal}.
 */
export interface TokenRules<Proof> {
  readonly during: 'check' | 'refresh';
  /**
   * True if an older secret of a living session is a sign of an attack. For an access token it is not: an app may still hold one
   * from before a renewal.
   */
  readonly supersededIsAnomaly: boolean;
  /** Compares the token with the session. Returns `null` if they match. */
  mismatchOf(session: SessionRecord, proof: Proof): 'unknown' | 'superseded' | null;
}

export interface TokenRefusal<Reason extends AccessRefusal | RefreshRefusal = AccessRefusal | RefreshRefusal> {
  readonly reason: Reason;
  /** The session, or only the id that the token claims, or `null`. */
  readonly about: SessionRecord | string | null;
  readonly end: EndState | null;
}

/**
 * Judges a token by the session that the store found. The session must exist, match the token, and be live, in this order.
 * Returns `null` for a token that passes.
 */
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

/** Notes a use of a session for its idle timeout, at most once per `touchEvery`. `at` is the time of its judgement. */
export function noteUse({ settings, touches }: Core, { id, userTag, lastUsedAt }: SessionRecord, at: number): void {
  if (at - lastUsedAt >= settings.touchEvery) touches.note(id, { id, user: userTag, at });
}

/** Tells whether a listener or the log receives refusals. */
export const isHeard = ({ events }: Core): boolean =>
  events.matters('session.refused') || events.matters('session.suspicious');

/** Emits `session.refused`, and counts the refusal as a possible attack. */
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
