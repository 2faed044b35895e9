import {
  type EpochRecord,
  type FoundSession,
  Lru,
  memberTag,
  type RecordCache,
  type RecordTexts,
  SessionCache,
  type SessionRef,
  type Tag,
} from '../../../../src/adapter.ts';
import type { Keys } from '../keys.ts';
import { epochTextOf } from '../rows/epoch.ts';
import { sessionOf } from '../rows/session.ts';

export type Value = string | null | undefined;

export class SessionLocation {
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

const MAX_LOCATIONS = 8192;

/** Remembers the key names and the last decoded value of recently found sessions. */
export class SessionLocations {
  readonly keys: Keys;
  readonly #records: RecordCache;
  readonly #locations = new Lru<SessionLocation>(MAX_LOCATIONS);

  constructor(keys: Keys, records: RecordCache) {
    this.keys = keys;
    this.#records = records;
  }

  of(ref: SessionRef): SessionLocation {
    const location = this.#locations.get(ref.id);
    return location !== undefined && location.user === ref.user ? location : new SessionLocation(this.keys, ref);
  }

  found(
    location: SessionLocation,
    ref: SessionRef,
    session: Value,
    texts: RecordTexts,
    realm: EpochRecord | null,
  ): FoundSession | null {
    if (session === null || session === undefined) return null;
    const found =
      location.last.get(session, texts, realm) ??
      location.last.set(session, texts, this.#decode(ref, session, texts, realm));
    // Caches only sessions that exist, so that requests for unknown ids cannot evict others.
    if (!location.isRemembered) {
      location.isRemembered = true;
      this.#locations.set(ref.id, location);
    }
    return ref.account === undefined || ref.account === found.session.accountTag ? found : null;
  }

  epoch(value: Value, tag?: Tag): EpochRecord | null {
    return value === null || value === undefined ? null : this.#records.epoch(epochTextOf(value), tag);
  }

  #decode(
    { id, user: tag }: SessionRef,
    text: string,
    { user, account, member }: RecordTexts,
    realm: EpochRecord | null,
  ): FoundSession {
    const session = sessionOf(text, id, tag);
    return {
      session,
      epochs: {
        realm,
        account: this.epoch(account, session.accountTag ?? undefined),
        user: this.epoch(user, tag),
        member: this.epoch(member),
      },
    };
  }
}
