import { Lru } from '../lib/lru.ts';
import type { Tag } from '../model/token.ts';
import type { ChangesPower } from '../store/powers.ts';
import type { FoundSession, SessionStore, VersionedEpoch } from '../store/store.ts';
import { Log } from './log.ts';
import { ageOf, type Moment, momentOf } from './moment.ts';
import { Notices } from './notices.ts';
import { MAX_STALENESS } from './options.ts';

/** A read of the store, as of the moment at which it was **sent**: what it answers was true then, or later. */
export interface Reading extends Moment {
  /** The count of notices. */
  readonly notices: number;
}

interface Remembered<Value> extends Reading {
  readonly value: Value;
  readonly tags: readonly Tag[];
  /** In ms: the maximum age that the realm allowed when this was read. */
  readonly maxAge: number;
}

/** The answers of a store to one sort of question, with the age of each. */
export class Recollection<Value extends object> {
  readonly #notices: Notices;
  /** `null` if the store does not tell its changes. */
  readonly #log: Log | null;
  readonly #answers: Lru<Remembered<Value> | null> = new Lru(0);

  constructor(notices: Notices, log: Log | null) {
    this.#notices = notices;
    this.#log = log;
  }

  allow(max: number): void {
    this.#answers.allow(max);
  }

  /**
   * Returns an answer that was still true at most `maxAge` ms ago, and of which nothing was noticed since. Judge by it in the same
   * synchronous step: a process that is stopped in between would judge by an older one. `wall` is the present time, Unix ms.
   */
  recall(key: string, maxAge: number, wall: number): Value | undefined {
    const found = this.#answers.get(key);
    if (found === undefined || found === null) return undefined;
    const age = this.#ageOf(found, wall);
    if (!(age <= maxAge && age <= found.maxAge)) return undefined;
    if (this.#notices.areQuiet(found.tags, found.notices)) return found.value;
    this.forget(key);
    return undefined;
  }

  /** In ms: the age of what is remembered under a key. */
  age(key: string, wall: number): number {
    const found = this.#answers.get(key);
    return found ? this.#ageOf(found, wall) : Infinity;
  }

  /** In ms. An answer that the log did not name is as young as the log's own answer. */
  #ageOf(found: Moment, wall: number): number {
    const age = ageOf(found, wall);
    if (this.#log === null) return age;
    if (!(age <= MAX_STALENESS)) return Infinity;
    return this.#log.isStrict ? 0 : Math.min(age, this.#log.age(wall));
  }

  /** Remembers an answer to a read, unless one of its tags was noticed since the read was sent. */
  remember(key: string, value: Value, { steady, wall, notices }: Reading, tags: readonly Tag[], maxAge: number): void {
    if (maxAge <= 0 || !this.#notices.areQuiet(tags, notices)) return;
    // Another read, which was sent later, may have answered first.
    if ((this.#answers.get(key)?.steady ?? -Infinity) > steady) return;
    this.#answers.set(key, { steady, wall, notices, value, tags, maxAge });
  }

  /** Returns an answer of any age. Nothing is accepted by it. */
  peek(key: string): Value | undefined {
    return this.#answers.get(key)?.value;
  }

  forget(key: string): void {
    if (this.#answers.get(key)) this.#answers.set(key, null);
  }
}

/** The maximum number of changes that are known to have been noticed. */
const MAX_NOTICED = 10_000;

/** What a process remembers of a store, for all realms that share it. */
export class Memory {
  readonly notices: Notices = new Notices();
  /** `null` if the store does not tell its changes. */
  readonly log: Log | null;
  /** By the id of the session. */
  readonly sessions: Recollection<FoundSession>;
  /** Epoch records that were read without a session, by their tags. */
  readonly epochs: Recollection<readonly (VersionedEpoch | null)[]>;
  /** The names of the changes that {@link noticeOnce} noticed. */
  readonly #noticed = new Lru<true>(MAX_NOTICED);

  constructor(changes: ChangesPower | undefined) {
    this.log = changes === undefined ? null : new Log(changes, this.notices);
    this.sessions = new Recollection(this.notices, this.log);
    this.epochs = new Recollection(this.notices, this.log);
  }

  /** Raises the maximum number of answers of each sort. */
  allow(max: number): void {
    this.sessions.allow(max);
    this.epochs.allow(max);
  }

  /** Notices a change of these tags, unless the change of this name was noticed before. */
  noticeOnce(name: string, tags: readonly Tag[]): void {
    if (this.#noticed.get(name)) return;
    this.#noticed.set(name, true);
    this.notices.note(tags);
  }

  /** Begins a read, which is sent in the same synchronous step. */
  reading(wall: number): Reading {
    return { ...momentOf(wall), notices: this.notices.count };
  }
}

const MEMORIES = new WeakMap<object, Memory>();

/**
 * Returns the memory of a store. All realms of the store share it, and the highest of their numbers counts. `changes` is the store's
 * power, guarded.
 */
export function memoryOf(store: SessionStore, changes: ChangesPower | undefined, max: number): Memory {
  const memory = MEMORIES.get(store) ?? new Memory(changes);
  MEMORIES.set(store, memory);
  memory.allow(max);
  return memory;
}
