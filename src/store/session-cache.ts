import { deepFreeze } from '../lib/json.ts';
import type { EpochRecord } from '../model/epoch.ts';
import type { FoundSession } from './store.ts';

/** In UTF-16 code units. Longer texts are not worth their memory. */
const MAX_LENGTH = 4096;

/** The texts of a session's records as the store holds them; `null` for a missing record. */
export interface RecordTexts {
  readonly user: string | null;
  readonly account: string | null;
  readonly member: string | null;
}

/**
 * Caches the last decoded session and its records, with their texts. The texts must come from the store: the cache says nothing
 * about its present state.
 */
export class SessionCache {
  #session = '';
  #user: string | null = null;
  #account: string | null = null;
  #member: string | null = null;
  #found: FoundSession | null = null;

  /** Returns the decoded session if these are the cached texts and `realm` is the same record. */
  get(session: string, { user, account, member }: RecordTexts, realm: EpochRecord | null): FoundSession | null {
    const found = this.#found;
    return found !== null &&
      session === this.#session &&
      user === this.#user &&
      account === this.#account &&
      member === this.#member &&
      realm === found.epochs.realm
      ? found
      : null;
  }

  /** Caches a session and returns it frozen, because callers share it from now on. */
  set(session: string, { user, account, member }: RecordTexts, found: FoundSession): FoundSession {
    deepFreeze(found);
    const records = (user?.length ?? 0) + (account?.length ?? 0) + (member?.length ?? 0);
    if (session.length + records > MAX_LENGTH) return found;
    this.#session = session;
    this.#user = user;
    this.#account = account;
    this.#member = member;
    this.#found = found;
    return found;
  }
}
