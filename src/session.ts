import type { Device } from './device.ts';
import { type EpochRecord, holds, type Mark, type ScopeState, type Stamp, scopeState } from './epoch.ts';
import type { Attributes } from './input.ts';
import { attributesOf, clientOf, type SessionClient } from './session-client.ts';
import type { Tag } from './token.ts';

/** The generations a session was born under, one per scope; `null` where it has no account. */
export interface Stamps {
  readonly realm: Stamp;
  readonly user: Stamp;
  readonly account: Stamp | null;
  readonly member: Stamp | null;
}

/** How a session was finished one by one. */
export interface Ended extends Mark {
  /** A code of this library (see {@link ReasonCode}), or the app's own words. */
  readonly reason: string | null;
}

/** Where a session was signed in: for display and as a risk signal, never for authentication (DEV-5). */
export interface SessionDevice extends Device {
  /** The address, as the app or the framework's trusted proxy setting tells it. */
  readonly ip: string | null;
}

/** What a store keeps of a session: immutable, and no secret in it. Times are Unix ms. */
export interface SessionRecord {
  readonly id: string;
  readonly realm: string;
  readonly user: string;
  readonly account: string | null;
  readonly userTag: Tag;
  readonly accountTag: Tag | null;
  readonly kind: string;
  /**
   * SHA-256 of the present secret, base64url; of a session with a refresh token, several with dots between. To a store it is
   * text like any other, of at most 255 bytes.
   */
  readonly hash: string;
  /** How often the secret was rotated. */
  readonly serial: number;
  readonly stamps: Stamps;
  readonly createdAt: number;
  readonly authenticatedAt: number;
  readonly lastUsedAt: number;
  /** The absolute end; `null` is never. */
  readonly expiresAt: number | null;
  /** Length of the idle lifetime in ms, fixed at the start; `null` is unlimited. */
  readonly idle: number | null;
  readonly amr: readonly string[];
  readonly device: SessionDevice;
  /** The tag of the device cookie, where the app uses one. */
  readonly deviceTag: Tag | null;
  readonly attributes: Attributes;
  /** The tombstone. */
  readonly ended: Ended | null;
}

/** The records that a session is judged by; `null` where the store has none, and that refuses. */
export interface Epochs {
  readonly realm: EpochRecord | null;
  /** `null` also for a session without an account. */
  readonly account: EpochRecord | null;
  readonly user: EpochRecord | null;
}

/** What a revocation covers. */
export type ScopeName = 'realm' | 'account' | 'user' | 'member';

/** The revocation that a session died of, as far as it is still known. */
export interface Overtaken extends Mark {
  readonly scope: ScopeName;
}

/** Why a session is over. */
export type Over =
  | { readonly reason: 'ended'; readonly ended: Ended }
  | { readonly reason: 'expired'; readonly at: number }
  /** `revocation` is `null` where the record of the scope is lost: nobody knows, so the session is refused. */
  | { readonly reason: 'revoked'; readonly revocation: Overtaken | null };

/** When a session is over by itself, in Unix ms; `null` is never. */
export function expiryOf(session: Pick<SessionRecord, 'expiresAt' | 'idle' | 'lastUsedAt'>): number | null {
  const { expiresAt, idle, lastUsedAt } = session;
  if (idle === null) return expiresAt;
  return expiresAt === null ? lastUsedAt + idle : Math.min(expiresAt, lastUsedAt + idle);
}

/** When a session is over without any revocation: its tombstone's time, else {@link expiryOf}. */
export const overAt = (session: SessionRecord): number | null => session.ended?.at ?? expiryOf(session);

/**
 * Why this session is over, or `null` where it is live. This is the only place where liveness is decided:
 * not ended, not expired, and for every scope the record exists and holds the session. Each scope is judged alone.
 */
export function judge(session: SessionRecord, epochs: Epochs, now: number): Over | null {
  if (session.ended !== null) return { reason: 'ended', ended: session.ended };
  const expiry = expiryOf(session);
  if (expiry !== null && now >= expiry) return { reason: 'expired', at: expiry };

  const { id, kind, stamps, accountTag } = session;
  const { realm, user, account } = epochs;
  if (realm === null || !holds(realm, kind, id, stamps.realm)) return overtaken('realm', realm);
  if (user === null || !holds(user, kind, id, stamps.user)) return overtaken('user', user);
  if (accountTag !== null) {
    if (account === null || !holds(account, kind, id, stamps.account)) return overtaken('account', account);
    const member = scopeState(user, accountTag);
    if (!holds(member, kind, id, stamps.member)) return overtaken('member', member);
  }
  return null;
}

function overtaken(scope: ScopeName, state: ScopeState | null): Over {
  const last = state?.last ?? null;
  return { reason: 'revoked', revocation: last === null ? null : { scope, ...last } };
}

/** What anybody may see of a session. */
export interface SessionView {
  /** Public: safe in lists and URLs. */
  readonly id: string;
  readonly user: string;
  readonly account: string | null;
  readonly kind: string;
  /** Unix ms. */
  readonly createdAt: number;
  /** When credentials were last checked, Unix ms (`auth_time`). */
  readonly authenticatedAt: number;
  /** Unix ms, precise to `touchEvery`. */
  readonly lastUsedAt: number;
  /** The absolute end, Unix ms; `null` is never. */
  readonly expiresAt: number | null;
  /** Authentication method references (RFC 8176). */
  readonly amr: readonly string[];
  readonly device: SessionDevice;
  readonly attributes: Attributes;
  /** The app that it was handed to, with a refresh token; `null` for a session of a browser's. */
  readonly client: SessionClient | null;
}

/** A row of a list: the same, and why it is over where it is. It proves nothing, so nothing can be done in its name. */
export interface ListedSession extends SessionView {
  readonly over: Over | null;
}

/**
 * A session that was judged live, from `start`, `check` or `renew`. It privately carries the record that was judged:
 * that is what `keep`, `renew` and `reauthenticate` compare with, so a copy or a row of a list will not do.
 */
export class Session implements SessionView {
  // `declare`: otherwise each field is written twice, and a session is made at every check.
  declare readonly id: string;
  declare readonly user: string;
  declare readonly account: string | null;
  declare readonly kind: string;
  declare readonly createdAt: number;
  declare readonly authenticatedAt: number;
  declare readonly lastUsedAt: number;
  declare readonly expiresAt: number | null;
  declare readonly amr: readonly string[];
  declare readonly device: SessionDevice;
  declare readonly attributes: Attributes;
  declare readonly client: SessionClient | null;
  readonly #record: SessionRecord;

  /** @internal */
  constructor(record: SessionRecord) {
    this.id = record.id;
    this.user = record.user;
    this.account = record.account;
    this.kind = record.kind;
    this.createdAt = record.createdAt;
    this.authenticatedAt = record.authenticatedAt;
    this.lastUsedAt = record.lastUsedAt;
    this.expiresAt = record.expiresAt;
    this.amr = record.amr;
    this.device = record.device;
    this.attributes = attributesOf(record);
    this.client = clientOf(record);
    this.#record = record;
  }

  /**
   * The record that was judged.
   * @internal
   */
  static recordOf(name: string, session: unknown): SessionRecord {
    if (typeof session === 'object' && session !== null && #record in session) return session.#record;
    throw new TypeError(`${name} must be a session from start, check or renew; a row of a list or a copy will not do`);
  }
}

/** A row of a list. */
export function listed(record: SessionRecord, over: Over | null): ListedSession {
  const { id, user, account, kind, createdAt, authenticatedAt, lastUsedAt, expiresAt, amr, device } = record;
  return {
    ...{ id, user, account, kind, createdAt, authenticatedAt, lastUsedAt, expiresAt, amr, device },
    attributes: attributesOf(record),
    client: clientOf(record),
    over,
  };
}
