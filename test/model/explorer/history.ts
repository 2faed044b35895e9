import type { ScopeName, SessionRecord } from 'session-revocation/adapter';

/** A user of a realm, possibly in an account. */
export interface Who {
  readonly user: string;
  readonly account?: string;
}

/** A session as the explorer knows it. Its values come from the recorded steps, not from answers of the library. */
export interface Known {
  readonly id: string;
  readonly realm: string;
  readonly user: string;
  readonly kind: string;
  account: string | null;
  record: SessionRecord;
  /** The step at which the sign-in began: the fence was read or the credentials were verified, whichever came first. */
  readonly begunAt: number;
  /** The step at which the session entered its account. It is later than `begunAt` after a switch. */
  enteredAt: number;
  /** The number of the password that the sign-in presented. */
  readonly password: number;
  live: boolean;
  /** `true` once the session was found to be over for good. It must never be live again. */
  dead: boolean;
  /** The end of its lifetime if it was last found expired, else `null`. */
  expiredAt: number | null;
  /** The scope whose revocation ended the session, and the step. */
  diedOf: ScopeName | null;
  diedAt: number;
}

/** A scope, identified by its names. */
export interface ScopeTarget {
  readonly realm: string;
  readonly scope: ScopeName;
  readonly user: string | null;
  readonly account: string | null;
}

/** A revocation that was written, or the loss of a record. Both end all sessions that they cover. */
export interface Revoked extends ScopeTarget {
  readonly isLoss?: true;
  readonly step: number;
  readonly kept: string | null;
  covers(kind: string): boolean;
}

/** A token that was handed to a client. */
export interface Issued {
  readonly token: string;
  readonly id: string;
  readonly credential: string;
  /** `true` once the secret of the token was replaced. */
  stale: boolean;
}

/** The first and the last step of a scope's suspension. */
export interface Suspension extends ScopeTarget {
  readonly from: number;
  to: number;
}

/** The effects of the last step on the liveness of sessions. */
export interface Effect {
  added: Known | null;
  switched: Known | null;
  revoked: Revoked | null;
  reauthenticated: string | null;
  readonly ended: Set<string>;
  /** The time that the last step wrote as a session's last use. `Infinity` if it wrote none. */
  usedAt: number;
}

/** The kinds of wrong behaviour that the laws detect. */
export type ViolationKind =
  | 'resurrection'
  | 'survivor'
  | 'suspended'
  | 'old password'
  | 'old secret'
  | 'dead initiator'
  | 'born dead'
  | 'unexplained death'
  | 'needless refusal'
  | 'limit'
  | 'absolute moved'
  | 'wrong verdict'
  | 'log'
  | 'remembered'
  | 'failure';

/** A wrong behaviour that was observed. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
}

/** Everything that happened so far in one schedule. */
export class History {
  /** The number of steps taken. */
  step = 0;
  /** The number of the right password, and the number of the password at the last completed reset. */
  password = 0;
  passwordReset = 0;
  readonly known = new Map<string, Known>();
  readonly revoked: Revoked[] = [];
  readonly issued: Issued[] = [];
  readonly suspensions: Suspension[] = [];
  /** Users whose erasure began. Their log entries may no longer name a session. */
  readonly forgetting = new Set<string>();
  /** Users whose erasure completed, and the step that revoked their sessions. */
  readonly forgotten: { readonly realm: string; readonly user: string; readonly step: number }[] = [];
  /** How many writes of each type took effect. Each write must have its own log entry. */
  readonly written = { 'session.renewed': 0, 'sessions.revoked': 0, 'policy.changed': 0 };
  /** The last step at which a group of sessions had reached its limit. The key comes from `groupOf`. */
  readonly fullAt = new Map<string, number>();
  readonly violations: Violation[] = [];
  effect: Effect = noEffect();
  /** Whether the last step changed nothing. Its order relative to another harmless step is then irrelevant. */
  harmless = false;

  violate(kind: ViolationKind, text: string): void {
    this.violations.push({ kind, text });
  }

  revoke(revoked: Revoked): void {
    this.revoked.push(revoked);
    this.effect.revoked = revoked;
  }

  suspend(target: ScopeTarget, suspend: boolean): void {
    if (suspend) this.suspensions.push({ ...target, from: this.step, to: Number.POSITIVE_INFINITY });
    else for (const one of this.suspensions) if (isSameScope(one, target)) one.to = Math.min(one.to, this.step);
  }

  forgetSuspensions({ realm, scope, user, account }: ScopeTarget): void {
    for (const one of this.suspensions) {
      const lost = scope === 'user' ? one.user === user : one.scope === scope && one.account === account;
      if (one.realm === realm && lost) one.to = Math.min(one.to, this.step);
    }
  }

  /** Marks the tokens that were issued for this session as stale. */
  rotate(id: string): void {
    for (const issued of this.issued) if (issued.id === id) issued.stale = true;
  }
}

export const noEffect = (): Effect => ({
  ...{ added: null, switched: null, revoked: null, reauthenticated: null },
  ended: new Set(),
  usedAt: Number.POSITIVE_INFINITY,
});

/** Returns whether both targets are the same scope. */
export const isSameScope = (a: ScopeTarget, b: ScopeTarget): boolean =>
  a.realm === b.realm && a.scope === b.scope && a.user === b.user && a.account === b.account;

/** Returns whether a scope covers a user. */
export function isWithin(
  { realm, scope, user, account }: ScopeTarget,
  who: { readonly realm: string; readonly user: string; readonly account: string | null },
): boolean {
  if (realm !== who.realm) return false;
  if (scope === 'realm') return true;
  if (scope === 'user') return user === who.user;
  return account === who.account && (scope === 'account' || user === who.user);
}

/** Returns the step up to which a session's stamp of this scope includes revocations. */
export const stampedAt = (session: Known, scope: ScopeName): number =>
  scope === 'realm' || scope === 'user' ? session.begunAt : session.enteredAt;

/** Returns whether a revocation should have ended a session. */
export const isCoveredBy = (session: Known, revoked: Revoked): boolean =>
  isWithin(revoked, session) &&
  revoked.covers(session.kind) &&
  revoked.kept !== session.id &&
  stampedAt(session, revoked.scope) < revoked.step;
