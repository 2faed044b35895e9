import { Lru } from '../lib/lru.ts';
import type { Tag } from '../model/token.ts';
import type { FoundSession, SessionStore, VersionedEpoch } from '../store/store.ts';
import { Notices } from './notices.ts';

/** A read of the store, as of the moment at which it was **sent**: what it answers was true then, or later. */
export interface Reading {
  /** Of the monotonic clock, ms. */
  readonly steady: number;
  /** Unix ms. */
  readonly wall: number;
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
  readonly #answers: Lru<Remembered<Value> | null>;

  constructor(notices: Notices, max: number) {
    this.#notices = notices;
    this.#answers = new Lru(max);
  }

  allow(max: number): void {
    this.#answers.allow(max);
  }

  /**
   * Returns an answer that is at most `maxAge` ms old, and of which nothing was noticed since. Judge by it in the same synchronous
   * step: a process that is stopped in between would judge by an older one. `wall` is the present time, Unix ms.
   *
   * The age is the greater one by both clocks. The monotonic clock may stand while the machine sleeps, and the other one may be set.
   */
  recall(key: string, maxAge: number, wall: number): Value | undefined {
    const found = this.#answers.get(key);
    if (found === undefined || found === null) return undefined;
    const age = Math.max(performance.now() - found.steady, wall - found.wall);
    if (!(age <= maxAge && age <= found.maxAge)) return undefined;
    return this.#notices.areQuiet(found.tags, found.notices) ? found.value : undefined;
  }

  /** Remembers an answer to a read, unless one of its tags was noticed since the read was sent. */
  remember(key: string, value: Value, { steady, wall, notices }: Reading, tags: readonly Tag[], maxAge: number): void {
    if (maxAge <= 0 || !this.#notices.areQuiet(tags, notices)) return;
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
  /** By the id of the session. */
  readonly sessions: Recollection<FoundSession>;
  /** Epoch records that were read without a session, by their tags. */
  readonly epochs: Recollection<readonly (VersionedEpoch | null)[]>;
  /** The time of the last change, Unix ms, that {@link noticeOnce} noticed for each name. */
  readonly #noticed = new Lru<number>(MAX_NOTICED);

  constructor(max: number) {
    this.sessions = new Recollection(this.notices, max);
    this.epochs = new Recollection(this.notices, max);
  }

  /** Raises the maximum number of answers. */
  allow(max: number): void {
    this.sessions.allow(max);
    this.epochs.allow(max);
  }

  /** Notices a change of these tags, unless the change of this name and time was noticed before. */
  noticeOnce(name: string, at: number, tags: readonly Tag[]): void {
    if (this.#noticed.get(name) === at) return;
    this.#noticed.set(name, at);
    this.notices.note(tags);
  }

  /** Begins a read, which is sent in the same synchronous step. */
  reading(wall: number): Reading {
    return { steady: performance.now(), wall, notices: this.notices.count };
  }
}

const MEMORIES = new WeakMap<object, Memory>();

/** Returns the memory of a store. All realms of the store share it. */
export function memoryOf(store: SessionStore, max: number): Memory {
  const known = MEMORIES.get(store);
  known?.allow(max);
  const memory = known ?? new Memory(max);
  MEMORIES.set(store, memory);
  return memory;
}
