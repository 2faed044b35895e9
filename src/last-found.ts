import type { EpochRecord } from './epoch.ts';
import { deepFreeze, Lately } from './recent.ts';
import type { FoundSession } from './store.ts';

/** Longer texts are not worth their memory, in UTF-16 code units. */
const LONGEST = 4096;

/**
 * A session with its records as it was last found, and the texts that say so. Mostly the next look-up reads the same texts,
 * and need not take them apart again. It says nothing of what a store holds now: the texts have to come from there.
 */
export class LastFound {
  #session = '';
  #user: string | null = null;
  #account: string | null = null;
  #found: FoundSession | null = null;

  /** What these texts say, where they are the ones that were found last; the realm's record is one that was read alike. */
  get(session: string, user: string | null, account: string | null, realm: EpochRecord | null): FoundSession | null {
    const found = this.#found;
    return found !== null &&
      session === this.#session &&
      user === this.#user &&
      account === this.#account &&
      realm === found.epochs.realm
      ? found
      : null;
  }

  /** Freezes what was found, since it is shared from now on, and gives it back. */
  set(session: string, user: string | null, account: string | null, found: FoundSession): FoundSession {
    deepFreeze(found);
    if (session.length + (user?.length ?? 0) + (account?.length ?? 0) > LONGEST) return found;
    this.#session = session;
    this.#user = user;
    this.#account = account;
    this.#found = found;
    return found;
  }
}

/** How many sessions are remembered as they were last found. */
const MOST = 8192;

/** What was found of late, by the ids of the sessions. */
export class LastFoundById {
  readonly #sessions = new Lately<LastFound>(MOST);

  /** What was last found of this session: ask only where there is one, so that whoever makes ids up pushes nothing out. */
  of(id: string): LastFound {
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    const last = new LastFound();
    this.#sessions.set(id, last);
    return last;
  }
}
