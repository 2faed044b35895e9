import { Columns } from '../lib/columns.ts';
import { ownText } from '../lib/own-text.ts';
import type { Tag } from '../model/token.ts';
import type { Moment } from './moment.ts';
import type { Notices } from './notices.ts';
import { MAX_STALENESS } from './options.ts';

/** A read of the store, with the moment at which it was **sent**. The result shows the store as it was then, or later. */
export interface Reading extends Moment {
  /** The count of notices at that moment. */
  readonly notices: number;
}

/** Holds the values of a {@link Recollection} by slot, a small whole number. */
export interface Values<Value> {
  put(slot: number, value: Value, tags: readonly Tag[]): void;
  get(slot: number, key: string): Value;
  tagsOf(slot: number): readonly Tag[];
  drop(slot: number): void;
}

// The columns of numbers that each slot has beside its value. As properties of an object, V8 would box each number.
const STEADY = 0;
const WALL = 1;
/** A count of notices: between the read and this count, no notice named a tag of the value. */
const QUIET_UNTIL = 2;
/** In ms: the maximum age that the realm allowed when the value was read. */
const MAX_AGE = 3;
/** 1 if the value was recalled since an eviction last visited its slot, otherwise 0. */
const USED = 4;

/** An eviction visits at most this many slots, so that it takes microseconds. */
const MAX_STEPS = 1_000;

/**
 * When all slots are taken, only one in this many new values is remembered. If more sessions take turns than there are slots, each would
 * otherwise be evicted before its next check, and would be remembered for nothing.
 */
const ADMITTED = 8;

/**
 * Remembers values of one type that were read from the store, each with the age of its read. When all slots are taken, it evicts by the
 * clock algorithm: it goes round the slots, and drops the first value that was not recalled since the last visit.
 */
export class Recollection<Value> {
  readonly #notices: Notices;
  readonly #values: Values<Value>;
  readonly #slots = new Map<string, number>();
  readonly #keys: string[] = [];
  readonly #numbers = new Columns(5);
  readonly #free: number[] = [];
  #max = 0;
  #hand = 0;
  #newcomers = 0;

  constructor(notices: Notices, values: Values<Value>) {
    this.#notices = notices;
    this.#values = values;
  }

  /** Raises the maximum number of remembered values. */
  allow(max: number): void {
    this.#max = Math.max(this.#max, max);
  }

  /** The number of remembered values. */
  get size(): number {
    return this.#slots.size;
  }

  /**
   * Returns the value of a key if it was still true at most `maxAge` ms ago, and if no notice named one of its tags since. Judge by the
   * value in the same synchronous step: if the process is stopped in between, the value is older than `maxAge`. `logAge` is the age in
   * ms of the change log's last reply: 0 if it replied in this step, `null` for a store without a change log.
   */
  recall(key: string, maxAge: number, now: Moment, logAge: number | null): Value | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    const numbers = this.#numbers;
    const age = this.#ageOf(slot, now, logAge);
    if (!(age <= maxAge && age <= numbers.get(slot, MAX_AGE))) return undefined;
    const noticed = this.#notices.count;
    const quietUntil = numbers.get(slot, QUIET_UNTIL);
    if (quietUntil !== noticed) {
      if (!this.#notices.areQuiet(this.#values.tagsOf(slot), quietUntil)) {
        this.forget(key);
        return undefined;
      }
      numbers.set(slot, QUIET_UNTIL, noticed);
    }
    numbers.set(slot, USED, 1);
    return this.#values.get(slot, key);
  }

  /** Returns the age in ms of the value of a key. `Infinity` if no value is remembered. */
  age(key: string, now: Moment, logAge: number | null): number {
    const slot = this.#slots.get(key);
    return slot === undefined ? Infinity : this.#ageOf(slot, now, logAge);
  }

  /**
   * Returns the age in ms of the value in a slot. With a change log, the value is as fresh as the log's last reply, until its read is
   * older than `MAX_STALENESS`. Notices, and so the changes that the log names, are not considered here.
   */
  #ageOf(slot: number, { steady, wall }: Moment, logAge: number | null): number {
    const age = Math.max(steady - this.#numbers.get(slot, STEADY), wall - this.#numbers.get(slot, WALL));
    if (logAge === null) return age;
    return age <= MAX_STALENESS ? Math.min(age, logAge) : Infinity;
  }

  /** Remembers a value that was read, unless one of its tags was noticed since the read was sent. `maxAge` is in ms. */
  remember(key: string, value: Value, { steady, wall, notices }: Reading, tags: readonly Tag[], maxAge: number): void {
    if (maxAge <= 0 || !this.#notices.areQuiet(tags, notices)) return;
    const known = this.#slots.get(key);
    // The remembered value may come from a read that was sent later but was answered first.
    if (known !== undefined && this.#numbers.get(known, STEADY) > steady) return;
    if (known === undefined && this.#slots.size >= this.#max) {
      this.#newcomers++;
      if (this.#newcomers % ADMITTED !== 0) return;
      this.forget(this.#leastUsed());
    }
    const slot = known ?? this.#free.at(-1) ?? this.#keys.length;
    this.#values.put(slot, value, tags);
    if (known === undefined) this.#take(slot, ownText(key));
    const numbers = this.#numbers;
    numbers.set(slot, STEADY, steady);
    numbers.set(slot, WALL, wall);
    numbers.set(slot, QUIET_UNTIL, notices);
    numbers.set(slot, MAX_AGE, maxAge);
    numbers.set(slot, USED, 0);
  }

  /** Returns the value of a key, of any age. Never accept a request by it. */
  peek(key: string): Value | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined ? undefined : this.#values.get(slot, key);
  }

  forget(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#slots.delete(key);
    this.#values.drop(slot);
    this.#free.push(slot);
  }

  #take(slot: number, key: string): void {
    this.#free.pop();
    this.#keys[slot] = key;
    this.#slots.set(key, slot);
  }

  /** Returns the key of the value to evict. Only called when every slot has a value. */
  #leastUsed(): string {
    for (let steps = 0; ; steps++) {
      const slot = this.#hand;
      this.#hand = (slot + 1) % this.#keys.length;
      if (this.#numbers.get(slot, USED) === 0 || steps === MAX_STEPS) return this.#keys[slot] as string;
      this.#numbers.set(slot, USED, 0);
    }
  }
}

/** Holds values as they are, without packing them. */
export class PlainValues<Value> implements Values<Value> {
  readonly #values: ({ readonly value: Value; readonly tags: readonly Tag[] } | undefined)[] = [];

  put(slot: number, value: Value, tags: readonly Tag[]): void {
    this.#values[slot] = { value, tags };
  }

  get(slot: number): Value {
    return this.#values[slot]?.value as Value;
  }

  tagsOf(slot: number): readonly Tag[] {
    return this.#values[slot]?.tags ?? [];
  }

  drop(slot: number): void {
    this.#values[slot] = undefined;
  }
}
