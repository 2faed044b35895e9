import { Lru } from '../lib/lru.ts';
import type { SessionRecord } from '../model/session.ts';
import type { Tag } from '../model/token.ts';
import type { ChangesPower } from '../store/powers.ts';
import type { SessionStore, VersionedEpoch } from '../store/store.ts';
import { Log } from './log.ts';
import { momentOf } from './moment.ts';
import { Notices } from './notices.ts';
import { PackedSessions } from './packed-sessions.ts';
import { PlainValues, type Reading, Recollection } from './recollection.ts';

/** The maximum number of names that {@link Memory.noticeOnce} recognises. */
const MAX_NOTICED = 10_000;

/** Holds the sessions and epoch records that this process remembers of one store, for all realms that share the store. */
export class Memory {
  readonly notices: Notices = new Notices();
  /** `null` if the store does not tell its changes. */
  readonly log: Log | null;
  /** Sessions by their ids. Their epoch records are not remembered: a change of a record is noticed, and that drops the session. */
  readonly sessions: Recollection<SessionRecord>;
  /** Epoch records that were read without a session, by their tags. */
  readonly epochs: Recollection<readonly (VersionedEpoch | null)[]>;
  /** The names of the changes that {@link noticeOnce} noticed. */
  readonly #noticed = new Lru<true>(MAX_NOTICED);

  constructor(changes: ChangesPower | undefined) {
    this.log = changes === undefined ? null : new Log(changes, this.notices);
    this.sessions = new Recollection(this.notices, new PackedSessions());
    this.epochs = new Recollection(this.notices, new PlainValues());
  }

  /** Raises the maximum number of remembered sessions, and the equal maximum of remembered lists of epoch records. */
  allow(max: number): void {
    this.sessions.allow(max);
    this.epochs.allow(max);
  }

  /** Notices a change of these tags. A later call with the same name does nothing. */
  noticeOnce(name: string, tags: readonly Tag[]): void {
    if (this.#noticed.get(name)) return;
    this.#noticed.set(name, true);
    this.notices.note(tags);
  }

  /** Returns the clocks and the count of notices for a read that is sent in the same synchronous step. `wall` is Unix ms. */
  reading(wall: number): Reading {
    return { ...momentOf(wall), notices: this.notices.count };
  }
}

const MEMORIES = new WeakMap<object, Memory>();

/**
 * Returns the memory of a store. All realms of the store share it, and the highest `max` of theirs applies. `changes` is the store's
 * power of that name, as `guardStore` wraps it.
 */
export function memoryOf(store: SessionStore, changes: ChangesPower | undefined, max: number): Memory {
  const memory = MEMORIES.get(store) ?? new Memory(changes);
  MEMORIES.set(store, memory);
  memory.allow(max);
  return memory;
}
