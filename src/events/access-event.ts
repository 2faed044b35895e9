import type { ScopeName } from '../model/scope.ts';
import type { SessionEvent } from './event-types.ts';

/** An event that ended access, as other systems are told of it. It is the body of a message of the outbox, as JSON. */
export interface AccessEvent {
  /** The name of the event. */
  readonly type: 'session.ended' | 'sessions.revoked' | 'token.revoked';
  /** The name of the realm. */
  readonly realm: string;
  /** The app's id of the user; `null` for an account or a realm, and for a token of another issuer. */
  readonly user: string | null;
  /** The account (tenant); `null` for none. */
  readonly account: string | null;
  /** The public id of the session that ended alone; `null` for a revocation. */
  readonly session: string | null;
  /** What was revoked; `null` for one session, and for a token of another issuer. */
  readonly scope: ScopeName | null;
  /** The kinds of session that were revoked, `'all'`, or `null`: all kinds that do not survive this scope. */
  readonly kinds: readonly string[] | 'all' | null;
  /** The public id of the session that was kept; `null` for none. */
  readonly kept: string | null;
  /** The token of another issuer that was denied; else `null`. */
  readonly token: {
    /** `'jti'`: one token. `'sid'`: all tokens of one session of the issuer. */
    readonly claim: 'jti' | 'sid';
    /** The issuer (`iss`). */
    readonly issuer: string;
    /** The id of the token or of the session. */
    readonly value: string;
  } | null;
  /** The reason that was given; `null` for none. */
  readonly reason: string | null;
  /** Who caused it: the user, another actor, or no actor that is known. */
  readonly initiator: 'user' | 'admin' | 'system';
}

const NOTHING = {
  user: null,
  account: null,
  session: null,
  scope: null,
  kinds: null,
  kept: null,
  token: null,
} as const;

/** Returns what other systems are told of an event; `null` for events that end no access. */
export function accessEventOf(event: SessionEvent): AccessEvent | null {
  switch (event.type) {
    case 'session.ended': {
      const { type, realm, user, account, session, reason, by } = event;
      return { ...NOTHING, type, realm, user, account, session, reason, initiator: initiatorOf(by, user) };
    }
    case 'sessions.revoked': {
      const { type, realm, user, account, scope, kinds, kept, reason, by, change } = event;
      // A scope that is resumed has no living session to end.
      if (change === 'resumed') return null;
      return { ...NOTHING, type, realm, user, account, scope, kinds, kept, reason, initiator: initiatorOf(by, user) };
    }
    case 'token.revoked': {
      const { type, realm, claim, issuer, value, reason, by } = event;
      return { ...NOTHING, type, realm, token: { claim, issuer, value }, reason, initiator: initiatorOf(by, null) };
    }
    default:
      return null;
  }
}

const initiatorOf = (by: string | null, user: string | null): AccessEvent['initiator'] =>
  by === null ? 'system' : by === user ? 'user' : 'admin';
