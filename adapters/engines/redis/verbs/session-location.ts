import {
  type EpochRecord,
  type FoundSession,
  Lru,
  memberTag,
  type RecordTexts,
  SessionCache,
  type SessionRef,
  type Tag,
} from '../../../../src/adapter.ts';
import type { Keys } from '../keys.ts';
import { epochOf } from '../rows/epoch.ts';
import { sessionOf } from '../rows/session.ts';

export type Value = string | null | undefined;

/** The keys of a session, and a cache of its last value. */
export class Place {
  readonly user: Tag;
  readonly record: string;
  readonly session: string;
  #account: Tag | null = null;
  #member: string | null = null;
  readonly last: SessionCache = new SessionCache();
  isRemembered = false;

  constructor(keys: Keys, { id, user }: SessionRef) {
    this.user = user;
    this.record = keys.record(user);
    this.session = keys.session(user, id);
  }

  memberIn(keys: Keys, account: Tag): string {
    if (this.#member === null || this.#account !== account) {
      this.#account = account;
      this.#member = keys.record(memberTag(this.user, account));
    }
    return this.#member;
  }
}

/** Remembers the key names and the last decoded value of recently found sessions, so that neither is made again at the next check. */
export class Places {
  readonly keys: Keys;
  readonly #remembered = new Lru<Place>(8192);

  constructor(keys: Keys) {
    this.keys = keys;
  }

  of(ref: SessionRef): Place {
    const place = this.#remembered.get(ref.id);
    return place !== undefined && place.user === ref.user ? place : new Place(this.keys, ref);
  }

  /** Decodes a requested session; `null` if it is missing or in another account. */
  found(
    place: Place,
    ref: SessionRef,
    session: Value,
    texts: RecordTexts,
    realm: EpochRecord | null,
  ): FoundSession | null {
    if (session === null || session === undefined) return null;
    const found =
      place.last.get(session, texts, realm) ?? place.last.set(session, texts, foundOf(ref, session, texts, realm));
    // Caches only sessions that exist, so that requests for unknown ids cannot evict others.
    if (!place.isRemembered) {
      place.isRemembered = true;
      this.#remembered.set(ref.id, place);
    }
    return ref.account === undefined || ref.account === found.session.accountTag ? found : null;
  }
}

function foundOf(
  { id, user: tag }: SessionRef,
  text: string,
  { user, account, member }: RecordTexts,
  realm: EpochRecord | null,
): FoundSession {
  const session = sessionOf(text, id, tag);
  return {
    session,
    epochs: {
      ...{ realm, user: epochOf(user, tag) },
      ...{ account: epochOf(account, session.accountTag ?? undefined), member: epochOf(member) },
    },
  };
}
