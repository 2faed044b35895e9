import type { ScopeName, SessionRecord } from 'session-revocation/adapter';

/** Who is meant: an identity of a realm. */
export interface Who {
  readonly user: string;
  readonly account?: string;
}

/** A session as the explorer knows it: by what the steps wrote, not by what the library says of it. */
export interface Known {
  readonly id: string;
  readonly realm: string;
  readonly user: string;
  readonly kind: string;
  account: string | null;
  record: SessionRecord;
  /** At which step the sign-in began: its fence was read, or its credentials were verified if that came first. */
  readonly begunAt: number;
  /** The same, of the account that it is in: later than `begunAt` after a switch. */
  enteredAt: number;
  /** Which password was right when it was verified. */
  readonly password: number;
  live: boolean;
  /** It was found over and must never be live again. */
  dead: boolean;
  /** When it was found expired, the end of its lifetime. */
  expiredAt: number | null;
  /** The scope whose revocation it died of, and the step. */
  diedOf: ScopeName | null;
  diedAt: number;
}

/** A scope by its names. */
export interface ScopeTarget {
  readonly realm: string;
  readonly scope: ScopeName;
  readonly user: string | null;
  readonly account: string | null;
}

/** A revocation that was written, or the loss of a record: both end all they cover. */
export interface Revoked extends ScopeTarget {
  readonly isLoss?: true;
  readonly step: number;
  readonly kept: string | null;
  covers(kind: string): boolean;
}

/** A token that somebody holds. */
export interface Issued {
  readonly token: string;
  readonly id: string;
  readonly credential: string;
  /** Its secret was replaced since. */
  stale: boolean;
}

/** From when until when a scope was suspended, in steps. */
export interface Suspension extends ScopeTarget {
  readonly from: number;
  to: number;
}

/** What the last step did that liveness may depend on. */
export interface Effect {
  added: Known | null;
  switched: Known | null;
  revoked: Revoked | null;
  reauthenticated: string | null;
  readonly ended: Set<string>;
  /** The clock by which a use was noted. */
  usedAt: number;
}

/** What must not be. */
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

/** Something that must not be and was. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
}

/** What happened so far in one schedule. */
export class History {
  /** How many steps were taken. */
  step = 0;
  /** Which password is right, and since which one everybody was signed out. */
  password = 0;
  passwordReset = 0;
  readonly known = new Map<string, Known>();
  readonly revoked: Revoked[] = [];
  readonly issued: Issued[] = [];
  readonly suspensions: Suspension[] = [];
  /** Users who are being forgotten: entries no longer tell of which session they are. */
  readonly forgetting = new Set<string>();
  /** Who was forgotten, and at which step everything of theirs was revoked. */
  readonly forgotten: { readonly realm: string; readonly user: string; readonly step: number }[] = [];
  /** What was written that has an entry of its own, in numbers. */
  readonly written = { 'session.renewed': 0, 'sessions.revoked': 0, 'policy.changed': 0 };
  /** The last step at which a user had as many sessions as the limit allows. */
  readonly fullAt = new Map<string, number>();
  readonly violations: Violation[] = [];
  effect: Effect = noEffect();
  /** Whether the last step changed nothing, so that it might as well have come before or after another such one. */
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

  /** Secrets of this session that are out are no longer right. */
  rotate(id: string): void {
    for (const issued of this.issued) if (issued.id === id) issued.stale = true;
  }
}

export const noEffect = (): Effect => ({
  ...{ added: null, switched: null, revoked: null, reauthenticated: null },
  ended: new Set(),
  usedAt: Number.POSITIVE_INFINITY,
});

/** Whether these are one scope. */
export const isSameScope = (a: ScopeTarget, b: ScopeTarget): boolean =>
  a.realm === b.realm && a.scope === b.scope && a.user === b.user && a.account === b.account;

/** Whether a scope covers an identity. */
export function isWithin(
  { realm, scope, user, account }: ScopeTarget,
  who: { readonly realm: string; readonly user: string; readonly account: string | null },
): boolean {
  if (realm !== who.realm) return false;
  if (scope === 'realm') return true;
  if (scope === 'user') return user === who.user;
  return account === who.account && (scope === 'account' || user === who.user);
}

/** Up to which step a session's stamp of this scope knows of revocations. */
export const stampedAt = (session: Known, scope: ScopeName): number =>
  scope === 'realm' || scope === 'user' ? session.begunAt : session.enteredAt;

/** Whether a session should be over because of this. */
export const isCoveredBy = (session: Known, revoked: Revoked): boolean =>
  isWithin(revoked, session) &&
  revoked.covers(session.kind) &&
  revoked.kept !== session.id &&
  stampedAt(session, revoked.scope) < revoked.step;
