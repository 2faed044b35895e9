import type { Clock } from '../clock.ts';
import type { SessionsOptions } from '../options.ts';
import type { createSessions, Sessions } from '../sessions.ts';
import type { SessionStore } from '../store.ts';
import { isPromise } from '../store-guard.ts';
import type { ContractStore, OpenTransaction, Power, StoreContractOptions } from './contract.ts';
import { around } from './wrappers.ts';

/** The core that cases are played through. */
export type CreateSessions = typeof createSessions;

/** The time at which every case begins: far from today, so that a store with a clock of its own is found out. */
export const NOW: number = Date.UTC(2040, 0, 1);
export const SECOND = 1000;
export const HOUR: number = 3600 * SECOND;
export const DAY: number = 24 * HOUR;

/** How long a store may take over a question, ms, where its silence is not what a case is about: a busy machine is no outage. */
export const PATIENCE: number = 60 * SECOND;

/** A clock that stands still until it is moved. */
export class TestClock implements Clock {
  time: number;

  constructor(time: number = NOW) {
    this.time = time;
  }

  now(): number {
    return this.time;
  }
}

type BenchOptions = Pick<StoreContractOptions, 'interleavings' | 'powers'>;

/** What a case works with: a fresh store, and the core over it. */
export class Bench {
  readonly store: SessionStore;
  /** How many interleavings a great race tries. */
  readonly interleavings: number;
  /** The powers that the adapter claims. */
  readonly powers: readonly Power[];
  readonly #made: ContractStore;
  readonly #createSessions: CreateSessions;
  readonly #writing = new Set<Promise<unknown>>();
  #open: SessionStore[];

  private constructor(made: ContractStore, options: BenchOptions, createSessions: CreateSessions) {
    this.store = made.store;
    this.interleavings = options.interleavings ?? 1000;
    this.powers = options.powers ?? [];
    this.#made = made;
    this.#createSessions = createSessions;
    this.#open = [made.store];
  }

  static async open(made: ContractStore, options: BenchOptions, createSessions: CreateSessions): Promise<Bench> {
    await made.store.setup?.();
    return new Bench(made, options, createSessions);
  }

  /** Another handle on the same data; the same one again where the adapter has only one. */
  async second(): Promise<SessionStore> {
    const second = await this.#made.second?.();
    if (second === undefined) return this.store;
    await second.setup?.();
    this.#open.push(second);
    return second;
  }

  /** Begins a transaction. */
  async begin(): Promise<OpenTransaction> {
    const open = await this.#made.begin?.();
    if (open === undefined) throw new TypeError('an adapter that claims the power transactions must give begin()');
    return open;
  }

  /** The core over the store (or over a wrapped one), at {@link NOW} where no clock is given. */
  sessions(options: Partial<SessionsOptions> = {}): Sessions {
    const store = options.store ?? this.store;
    return this.#createSessions({
      clock: new TestClock(),
      deadline: PATIENCE,
      ...options,
      store: this.#watched(store),
    });
  }

  // Uses and entries are noted behind the caller's back: whoever wants to see them has to know when they were written.
  #watched(store: SessionStore): SessionStore {
    return around(store, (verb, ask) => {
      const answer = ask();
      if ((verb === 'touch' || verb === 'audit.append') && isPromise(answer)) {
        this.#writing.add(answer);
        answer.then(
          () => this.#writing.delete(answer),
          () => this.#writing.delete(answer),
        );
      }
      return answer;
    });
  }

  /** Resolves when the uses and entries noted so far are written. */
  async settled(): Promise<void> {
    // What was noted while others were written goes out after them.
    for (await turns(); this.#writing.size > 0; await turns()) await Promise.allSettled(this.#writing);
  }

  /** Closes the stores, as far as they can be closed; for cases about that. */
  async closeStores(): Promise<void> {
    const open = this.#open;
    this.#open = [];
    for (const store of open) await store.close?.();
  }

  async close(): Promise<void> {
    try {
      await this.settled();
      await this.closeStores();
    } finally {
      await this.#made.dispose?.();
    }
  }
}

/** Resolves when everything that is ready to run has run. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

// What is noted in a turn goes out in the next one.
const turns = async (): Promise<void> => {
  await turn();
  await turn();
};
