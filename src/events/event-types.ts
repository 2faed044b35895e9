import type { SessionDevice } from '../device/device.ts';
import type { Attribution } from '../model/attribution.ts';
import type { SessionClient } from '../model/grant.ts';
import type { Policy } from '../model/policy.ts';
import type { AccessRefusal, RefreshRefusal, StartRefusal } from '../model/reason.ts';
import type { NamedScope } from '../model/scope.ts';
import type { RevokedBy, SessionView } from '../model/session.ts';

/**
 * Possible signs of an attack.
 *
 * - `'new-device'`: a first sign-in from a device that the user's other sessions do not know.
 * - `'device-changed'`: another browser or system during a session.
 * - `'superseded-token'`: a token whose secret was renewed since.
 * - `'many-refusals'`: many refused tokens from one address.
 */
export type SuspiciousSign = 'new-device' | 'device-changed' | 'superseded-token' | 'many-refusals';

/** Every event by name. Each also has `type`, `realm` and `at` (Unix ms). No event holds a token or a secret. */
export interface SessionEventDetails {
  'session.started': { readonly session: SessionView };
  /** A session of another layer was adopted. The user did not sign in. */
  'session.adopted': { readonly session: SessionView };
  /**
   * A sign-in, a renewal, an account switch or a token was refused. For an account switch, `account` is the account
   * that was refused. For a token, `session` and `user` come from the store. If the store has no such session,
   * `session` is the id that the token claims, and `user` is `null`.
   */
  'session.refused': {
    readonly during: 'start' | 'renew' | 'check' | 'refresh';
    readonly reason: StartRefusal | AccessRefusal | RefreshRefusal;
    readonly user: string | null;
    readonly account: string | null;
    readonly session: string | null;
    readonly revocation: RevokedBy | null;
    /** The device that the request came from. */
    readonly device: SessionDevice | null;
  };
  'session.renewed': { readonly session: SessionView; readonly reauthenticated: boolean };
  'session.ended': Attribution & {
    readonly session: string;
    readonly user: string;
    readonly account: string | null;
    readonly device: SessionDevice;
  };
  /** A refresh token was used a second time, so a second party has it. The session was ended (RFC 9700, 4.14.2). */
  'session.reused': {
    readonly session: string;
    readonly user: string;
    readonly account: string | null;
    readonly client: SessionClient | null;
    /** The device of the second use. */
    readonly device: SessionDevice | null;
  };
  /** A risk signal. The library takes no action. */
  'session.suspicious': {
    readonly sign: SuspiciousSign;
    readonly user: string | null;
    readonly account: string | null;
    readonly session: string | null;
    /** The device that the request claims to come from. */
    readonly device: SessionDevice | null;
  };
  'sessions.revoked': Attribution &
    NamedScope & {
      /** The kinds that the request named, `'all'`, or `null`: all kinds that do not survive this scope. */
      readonly kinds: readonly string[] | 'all' | null;
      /** Id of the session that was kept. */
      readonly kept: string | null;
      /** `'suspended'` or `'resumed'` for `sessions.suspend` and `sessions.resume`. Else `null`. */
      readonly change: 'suspended' | 'resumed' | null;
      /** Name of the trigger that asked for the revocation. Else `null`. */
      readonly trigger: string | null;
    };
  /** A token of another issuer, or all tokens of one session there, were denied. `value` is an id, not a proof. */
  'token.revoked': Attribution & {
    readonly claim: 'jti' | 'sid';
    readonly issuer: string;
    readonly value: string;
  };
  'policy.changed': Attribution & { readonly account: string; readonly before: Policy; readonly after: Policy };
  /** A signed-in user, or a page of another site, asked for something that is not allowed. */
  'request.refused': {
    readonly reason: 'forbidden' | 'cross-origin';
    readonly action: string;
    /** The user who asked. `null` where unknown. */
    readonly by: string | null;
    /** The user that the request was about. */
    readonly user: string | null;
    /** The account that the request was about. */
    readonly account: string | null;
    readonly device: SessionDevice | null;
    /** For `'cross-origin'`: the header that was missing or differed, and the allowed origins. For developers. */
    readonly detail: string | null;
  };
  /** A user's personal data was erased. The event does not name the user. */
  'user.forgotten': Attribution & { readonly sessions: number; readonly entries: number };
  'sessions.pruned': { readonly sessions: number; readonly epochs: number; readonly entries: number };
  /** Background work failed: a write of a last use, a pruning, a listener of another event, or the log's `sink`. */
  'background.failed': { readonly operation: string; readonly error: unknown };
}

export type ToldRefusal = SessionEventDetails['session.refused'];

/** Names an event. {@link Sessions.on} takes it. */
export type SessionEventType = keyof SessionEventDetails;

/** Describes an event, by its name. {@link Sessions.on} passes it to listeners. */
export type SessionEvent<Type extends SessionEventType = SessionEventType> = {
  [T in Type]: SessionEventDetails[T] & { readonly type: T; readonly realm: string; readonly at: number };
}[Type];

/** Receives events from {@link Sessions.on}. An error that it throws, or rejects with, fails no operation. */
export type SessionListener<Type extends SessionEventType> = (event: SessionEvent<Type>) => unknown;

const NAMES: Record<SessionEventType, true> = {
  'session.started': true,
  'session.adopted': true,
  'session.refused': true,
  'session.renewed': true,
  'session.ended': true,
  'session.reused': true,
  'session.suspicious': true,
  'sessions.revoked': true,
  'token.revoked': true,
  'policy.changed': true,
  'request.refused': true,
  'user.forgotten': true,
  'sessions.pruned': true,
  'background.failed': true,
};

export const EVENT_TYPES: readonly SessionEventType[] = Object.keys(NAMES) as SessionEventType[];
