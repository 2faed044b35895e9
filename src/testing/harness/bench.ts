import type { SessionsOptions } from '../../core/options.ts';
import type { createSessions } from '../../create-sessions.ts';
import { isPromise } from '../../lib/awaitable.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Sessions } from '../../sessions.ts';
import type { SessionStore } from '../../store/store.ts';
import type { ContractStore, OpenTransaction, Power, StoreContractOptions } from './contract-store.ts';
import { noting } from './told.ts';
import { around } from './wrappers.ts';

export type CreateSessions = typeof createSessions;

/** Start time of every case, far from today, to expose a store with its own clock. */
export const NOW: number = Date.UTC(2040, 0, 1);
export const SECOND = 1000;
export const HOUR: number = 3600 * SECOND;
export const DAY: number = 24 * HOUR;

/** The time limit of store calls, in ms. It is long, because a busy machine is not an outage. Cases about outages use a shorter time. */
export const STORE_TIMEOUT: number = 60 * SECOND;

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

export class Bench {
  readonly store: SessionStore;
  /** The verbs that were called, in order. The message of a failure shows the last ones. */
  readonly asked: string[] = [];
  readonly interleavings: number;
  readonly powers: readonly Power[];
  readonly #made: ContractStore;
  readonly #createSessions: CreateSessions;
  readonly #writing = new Set<Promise<unknown>>();
  #open: SessionStore[];

  private constructor(made: ContractStore, options: BenchOptions, createSessions: CreateSessions) {
    this.store = noting(this.asked, made.store);
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

  /** A second handle on the same data, or the first one if the adapter has only one. */
  async second(): Promise<SessionStore> {
    const second = await this.#made.second?.();
    if (second === undefined) return this.store;
    await second.setup?.();
    this.#open.push(second);
    return noting(this.asked, second);
  }

  async begin(): Promise<OpenTransaction> {
    const open = await this.#made.begin?.();
    if (open === undefined) throw new TypeError('an adapter that claims the power transactions must give begin()');
    return open;
  }

  /** Creates a `Sessions` object over the store. Its clock stands at {@link NOW}, unless a clock is given. */
  sessions(options: Partial<SessionsOptions> = {}): Sessions {
    const store = options.store ?? this.store;
    return this.#createSessions({
      clock: new TestClock(),
      timeout: STORE_TIMEOUT,
      ...options,
      store: this.#watched(store),
    });
  }

  // Uses and entries are written in the background, and cases wait for them.
  #watched(store: SessionStore): SessionStore {
    return around(store, (verb, ask) => {
      this.asked.push(verb);
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

  async settled(): Promise<void> {
    // Notes that arrive during a write are written after it.
    for (await turns(); this.#writing.size > 0; await turns()) await Promise.allSettled(this.#writing);
  }

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

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

// Notes of one turn are written in the next.
const turns = async (): Promise<void> => {
  await turn();
  await turn();
};
