import {
  type EpochRecord,
  type FoundSession,
  LastFound,
  Lately,
  type SessionRef,
  type Tag,
} from '../../../src/index.ts';
import { epochOf } from './epoch-value.ts';
import type { Keys } from './keys.ts';
import { sessionOf } from './session-value.ts';

/** What is read from a key. */
export type Value = string | null | undefined;

/** Where a session is looked for, and what was last found there. */
export class Place {
  readonly user: Tag;
  /** The key of its user's record. */
  readonly record: string;
  /** Its own key. */
  readonly session: string;
  readonly last: LastFound = new LastFound();
  isRemembered = false;

  constructor(keys: Keys, { id, user }: SessionRef) {
    this.user = user;
    this.record = keys.record(user);
    this.session = keys.session(user, id);
  }
}

/** The places of sessions. Of those that were found of late, neither the keys nor what they hold are made up anew. */
export class Places {
  readonly keys: Keys;
  readonly #remembered = new Lately<Place>(8192);

  constructor(keys: Keys) {
    this.keys = keys;
  }

  of(ref: SessionRef): Place {
    const place = this.#remembered.get(ref.id);
    return place !== undefined && place.user === ref.user ? place : new Place(this.keys, ref);
  }

  /** What was read of a session that is asked for; `null` where there is none, or it lies in another account. */
  found(
    place: Place,
    ref: SessionRef,
    session: Value,
    user: Value,
    account: Value,
    realm: EpochRecord | null,
  ): FoundSession | null {
    if (session === null || session === undefined) return null;
    const [userText, accountText] = [user ?? null, account ?? null];
    const found =
      place.last.get(session, userText, accountText, realm) ??
      place.last.set(session, userText, accountText, foundOf(ref, session, userText, accountText, realm));
    // Only what is there: whoever asks for what is not shall push nothing out.
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
  user: string | null,
  account: string | null,
  realm: EpochRecord | null,
): FoundSession {
  const session = sessionOf(text, id, tag);
  return {
    session,
    epochs: { realm, user: epochOf(user, tag), account: epochOf(account, session.accountTag ?? undefined) },
  };
}
