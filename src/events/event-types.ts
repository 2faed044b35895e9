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
  /** A user signed in, and a session began. */
  'session.started': {
    /** The new session. */
    readonly session: SessionView;
  };
  /** A session of another layer was adopted. The user did not sign in. */
  'session.adopted': {
    /** The adopted session. */
    readonly session: SessionView;
  };
  /**
   * A sign-in, a renewal, an account switch or a token was refused. For an account switch, `account` is the account
   * that was refused. For a token, `session` and `user` come from the store. If the store has no such session,
   * `session` is the id that the token claims, and `user` is `null`.
   */
  'session.refused': {
    /** The refused operation. `'renew'` is also a new authentication, `'refresh'` the use of a refresh token. */
    readonly during: 'start' | 'renew' | 'check' | 'refresh';
    /** Why it was refused, as in the result of the operation. */
    readonly reason: StartRefusal | AccessRefusal | RefreshRefusal;
    /** The app's id of the user; `null` if unknown. */
    readonly user: string | null;
    /** The account (tenant); `null` for none, and if unknown. */
    readonly account: string | null;
    /** The public id of the session; `null` for a sign-in, and if unknown. */
    readonly session: string | null;
    /** The revocation that refuses the session's tokens, if it is known; otherwise `null`. */
    readonly revocation: RevokedBy | null;
    /** The device that the request came from. */
    readonly device: SessionDevice | null;
  };
  /** A session got a new secret. */
  'session.renewed': {
    /** The session after the renewal. */
    readonly session: SessionView;
    /** True if the user authenticated again. */
    readonly reauthenticated: boolean;
  };
  /** One session was ended alone. A revocation emits `sessions.revoked` instead, and an expiry emits nothing. */
  'session.ended': Attribution & {
    /** The public id of the session. */
    readonly session: string;
    /** The app's id of its user. */
    readonly user: string;
    /** The account (tenant) that the session was in; `null` for none. */
    readonly account: string | null;
    /** The device of the ended session. */
    readonly device: SessionDevice;
  };
  /** A refresh token was used a second time, so a second party has it. The session was ended (RFC 9700, 4.14.2). */
  'session.reused': {
    /** The public id of the session. */
    readonly session: string;
    /** The app's id of its user. */
    readonly user: string;
    /** The account (tenant) that the session was in; `null` for none. */
    readonly account: string | null;
    /** The OAuth client that the refresh token was issued to. */
    readonly client: SessionClient | null;
    /** The device of the second use. */
    readonly device: SessionDevice | null;
  };
  /** A risk signal. The library takes no action. */
  'session.suspicious': {
    /** The sort of sign. */
    readonly sign: SuspiciousSign;
    /** The app's id of the user; `null` for `'many-refusals'`. */
    readonly user: string | null;
    /** The account (tenant); `null` for none, and for `'many-refusals'`. */
    readonly account: string | null;
    /** The public id of the session; `null` for `'many-refusals'`. */
    readonly session: string | null;
    /** The device that the request claims to come from. */
    readonly device: SessionDevice | null;
  };
  /** A scope was revoked, suspended or resumed. */
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
    /** `'jti'`: one token. `'sid'`: all tokens of one session of the issuer. */
    readonly claim: 'jti' | 'sid';
    /** The issuer (`iss`). */
    readonly issuer: string;
    /** The id of the token or of the session. */
    readonly value: string;
  };
  /** The policy of an account was changed. */
  'policy.changed': Attribution & {
    /** The account (tenant). */
    readonly account: string;
    /** The policy until now. */
    readonly before: Policy;
    /** The policy from now on. */
    readonly after: Policy;
  };
  /** A signed-in user, or a page of another site, asked for something that is not allowed. */
  'request.refused': {
    /** `'forbidden'`: the user may not do this. `'cross-origin'`: the request came from another site. */
    readonly reason: 'forbidden' | 'cross-origin';
    /** The requested action: one of the routes, or method and path of the request. */
    readonly action: string;
    /** The user who asked. `null` where unknown. */
    readonly by: string | null;
    /** The user that the request was about. */
    readonly user: string | null;
    /** The account that the request was about. */
    readonly account: string | null;
    /** The device that the request claims to come from. */
    readonly device: SessionDevice | null;
    /** For `'cross-origin'`: the header that was missing or differed, and the allowed origins. For developers. */
    readonly detail: string | null;
  };
  /** A user's personal data was erased. The event does not name the user. */
  'user.forgotten': Attribution & {
    /** Number of sessions that were removed. */
    readonly sessions: number;
    /** Number of entries of the audit log that were changed. */
    readonly entries: number;
  };
  /** A pruning has ended. */
  'sessions.pruned': {
    /** Number of sessions that were removed. */
    readonly sessions: number;
    /** Number of epoch records that were removed. */
    readonly epochs: number;
    /** Number of entries of the audit log that were removed. */
    readonly entries: number;
    /** Number of messages of the outbox that were removed undelivered. */
    readonly messages: number;
  };
  /** Background work failed: a write of a last use, a pruning, a listener of another event, or the log's `sink`. */
  'background.failed': {
    /** The name of the work, such as `'prune'` or `'notifier'`. */
    readonly operation: string;
    /** The value that was thrown. */
    readonly error: unknown;
  };
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
