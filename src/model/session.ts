import type { SessionDevice } from '../device/device.ts';
import { markMade, otherCopy } from '../lib/copies.ts';
import { kindOf } from '../lib/input.ts';
import type { Attributes } from './attributes.ts';
import type { Mark } from './attribution.ts';
import type { Credential } from './credential.ts';
import { type Epochs, holds } from './epoch.ts';
import type { Federated } from './federated.ts';
import { clientOf, type Grant, type SessionClient } from './grant.ts';
import type { ScopeName } from './scope.ts';
import type { Stamps } from './stamp.ts';
import type { Tag } from './token.ts';

/** The end of a single session: when, by whom and why. */
export interface Ended extends Mark {
  /** A code of this library (see `ReasonCode`), or the app's own text. */
  readonly reason: string | null;
}

/** The stored record of a session. It is immutable and holds no secret. Times are Unix ms. */
export interface SessionRecord {
  /** The public id: 128 random bits, as 22 base64url characters. */
  readonly id: string;
  /** The name of the realm. */
  readonly realm: string;
  /** The app's id of the user. */
  readonly user: string;
  /** The account (tenant); `null` for none. */
  readonly account: string | null;
  /** The tag of the user's record. */
  readonly userTag: Tag;
  /** The tag of the account's record; `null` for a session without an account. */
  readonly accountTag: Tag | null;
  /** The kind, such as `'browser'`. It never changes. */
  readonly kind: string;
  /** The text by which the present token is checked. It holds no secret, and is opaque to stores. */
  readonly credential: Credential;
  /** How often the secret was rotated. */
  readonly serial: number;
  /** The generations that the session was born under. The epoch records judge it by them. */
  readonly stamps: Stamps;
  /** When the session began. */
  readonly createdAt: number;
  /** The last check of credentials; 0 for an adopted session, whose time is unknown. */
  readonly authenticatedAt: number;
  /** The last noted use. Later uses may not be noted yet. */
  readonly lastUsedAt: number;
  /** The absolute end; `null` means never. */
  readonly expiresAt: number | null;
  /** The idle lifetime in ms, fixed at the start; `null` means unlimited. */
  readonly idle: number | null;
  /** Methods of authentication (RFC 8176). Empty if none were named. */
  readonly amr: readonly string[];
  /** The browser or app and its address, as they were at the sign-in. */
  readonly device: SessionDevice;
  /** The tag of the device cookie, if the app uses one. */
  readonly deviceTag: Tag | null;
  /** The app's own data, a JSON object of at most 4,096 bytes. */
  readonly attributes: Attributes;
  /** The OAuth client that holds the session's refresh token, and its grant; `null` for a session without a refresh token. */
  readonly client: Grant | null;
  /** The session and the user at the identity provider from which it began; `null` for none. It never changes. */
  readonly federated: Federated | null;
  /** The tombstone. */
  readonly ended: Ended | null;
}

/** The revocation that ended a session, as far as it is still known. */
export interface RevokedBy extends Mark {
  /** The sort of scope that was revoked. */
  readonly scope: ScopeName;
}

/**
 * Tells why a session is over: a tombstone, a lifetime or a revocation. {@link Sessions.explain} turns it into a code
 * to show to users.
 */
export type EndState =
  | { readonly reason: 'ended'; readonly ended: Ended }
  | { readonly reason: 'expired'; readonly at: number }
  /** `revocation` is `null` if the record of the scope is lost. The session is then refused, because it may have been revoked. */
  | { readonly reason: 'revoked'; readonly revocation: RevokedBy | null };

/**
 * Tells whether a session is over and can never live again: it was ended, or the record of its user or of its membership revokes
 * it. A `null` record says nothing.
 *
 * The user's record must not be older than the session as it was read. The membership's record must be of the same moment as the
 * session, because a session may move to another account.
 * @param session the record.
 * @param epochs the records of its user and its membership.
 */
export function isOverForGood(session: SessionRecord, { user, member }: Pick<Epochs, 'user' | 'member'>): boolean {
  const { id, kind, accountTag, stamps, ended } = session;
  if (ended !== null || (user !== null && !holds(user, kind, id, stamps.user))) return true;
  return accountTag !== null && member !== null && !holds(member, kind, id, stamps.member);
}

/** Describes a session to lists, events and the app. {@link Sessions.list} returns it. */
export interface SessionView {
  /** Public: safe in lists and URLs. */
  readonly id: string;
  /** The app's id of the user. */
  readonly user: string;
  /** The account (tenant) that the session is in; `null` for none. */
  readonly account: string | null;
  /** The kind, such as `'browser'`, which decides lifetimes and what the session survives. */
  readonly kind: string;
  /** Unix ms. */
  readonly createdAt: number;
  /** The last check of credentials, Unix ms (`auth_time`). */
  readonly authenticatedAt: number;
  /** Unix ms, precise to `touchEvery`. */
  readonly lastUsedAt: number;
  /** The absolute end, Unix ms; `null` means never. */
  readonly expiresAt: number | null;
  /** Authentication method references (RFC 8176). */
  readonly amr: readonly string[];
  /** The browser or app and its address, as they were at the sign-in. */
  readonly device: SessionDevice;
  /** The app's own data. Not for other users: the routes of the wrappers leave it out. */
  readonly attributes: Attributes;
  /** The OAuth client that holds the session's refresh token; `null` for a browser session. */
  readonly client: SessionClient | null;
  /** The session and the user at the identity provider from which it began; `null` for none. The routes of the wrappers leave it out. */
  readonly federated: Federated | null;
}

/**
 * Describes a session in a list, with the reason if it is over. It proves nothing, so no operation accepts it as a
 * session. {@link Sessions.list} returns it.
 */
export interface ListedSession extends SessionView {
  /** How the session ended; `null` if it is live. */
  readonly end: EndState | null;
}

/**
 * Stands for a session that was judged live by {@link Sessions.start}, {@link Sessions.check} or
 * {@link Sessions.renew}. It privately holds the judged record, with which `keep`, `renew` and `reauthenticate` compare. A
 * copy, or a row of a list, does not work in its place.
 */
export class Session implements SessionView {
  // Without `declare`, each field would be written twice, and every check makes a session.
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
  declare readonly federated: Federated | null;
  readonly #record: SessionRecord;
  readonly #isRemembered: boolean;

  /** @internal */
  constructor(record: SessionRecord, isRemembered = false) {
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
    this.attributes = record.attributes;
    this.client = clientOf(record.client);
    this.federated = record.federated;
    this.#record = record;
    this.#isRemembered = isRemembered;
  }

  /**
   * Tells whether the session was judged from memory, and not by a read of the store.
   * @internal
   */
  static isRemembered(session: Session): boolean {
    return session.#isRemembered;
  }

  /** @internal */
  static recordOf(name: string, session: unknown): SessionRecord {
    if (typeof session === 'object' && session !== null && #record in session) return session.#record;
    throw new TypeError(
      `${name} must be the session that sessions.check(token), start or renew gave (.session of it), not ` +
        `${kindOf(session)}; a row of a list or a copy will not do${otherCopy(session)}`,
    );
  }
}

markMade(Session.prototype);

export function listed(record: SessionRecord, end: EndState | null): ListedSession {
  const { id, user, account, kind, createdAt, authenticatedAt, lastUsedAt, expiresAt } = record;
  const { amr, device, attributes, federated } = record;
  return {
    ...{ id, user, account, kind, createdAt, authenticatedAt, lastUsedAt, expiresAt, amr, device, attributes },
    ...{ client: clientOf(record.client), federated },
    end,
  };
}

export const refOf = ({ id, userTag, accountTag }: SessionRecord): SessionRef => ({
  id,
  user: userTag,
  account: accountTag,
});

/** Names a session, and the shard that holds it. */
export interface SessionRef {
  /** The public id of the session. */
  readonly id: string;
  /** The tag of its user. */
  readonly user: Tag;
  /** Left out if the caller does not know it. A sharded engine may then need a second round trip. */
  readonly account?: Tag | null | undefined;
}
