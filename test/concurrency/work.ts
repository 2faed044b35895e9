import { setTimeout as wait } from 'node:timers/promises';
import { createSessions, type SessionStore, type Sessions } from 'session-revocation';
import { around } from '../../src/testing/harness/wrappers.ts';
import { Actor, type Held, hold } from './actor.ts';
import type { Operation } from './operation.ts';
import { Chance, IDLE_OPTIONS, OPTIONS } from './population.ts';
import { type Counts, Recorder } from './recorder.ts';

/** Options of {@link Work}. */
export interface WorkOptions {
  /** The number of this process, and the number of all processes. */
  readonly process: number;
  readonly processes: number;
  /** The seed of the random generators. */
  readonly seed: number;
  /** How many actors work at the same time. Default 4. */
  readonly actors?: number;
  /** The time limit of each store call in ms. Default 60,000: a busy machine is no outage. */
  readonly timeout?: number;
  /**
   * After how many ms new users replace the present ones. A sign-in reads the user's list, which grows with revoked
   * sessions. Default 2,000.
   */
  readonly generation?: number;
  /** Whether sessions expire when they are idle. All processes then share one correct clock. */
  readonly idle?: boolean;
  /** The time that all processes share, in ms. Default: the machine's monotonic clock. */
  readonly time?: (() => number) | undefined;
}

/** The time that the clock of expiring sessions shows at time 0. */
const EPOCH = 1_700_000_000_000;

/** The clock of the first process is this many ms behind, and the clock of the last process this many ms ahead. */
const CLOCKS_APART = 3600e3;

/** A process stops after this many operations, because a longer history takes too long to judge. */
const MAX_OPERATIONS = 150_000;

/** Pause in ms after a failed call. A store that fails at once would otherwise fail a thousand times per second. */
const REST = 10;

/** Returns a store that records its touches. */
function noting(store: SessionStore, recorder: Recorder): SessionStore {
  return {
    ...around(store, (_, ask) => ask()),
    async touch(touches, now) {
      const call = recorder.time();
      let asked = call;
      let failed: string | null = 'touch failed';
      try {
        await store.touch(touches, () => {
          asked = recorder.time();
          return now();
        });
        failed = null;
      } finally {
        const uses = touches.map(({ id, at }) => ({ id, at: at - EPOCH }));
        recorder.add({ type: 'note', uses, asked }, { call, answer: recorder.time() }, failed);
      }
    },
  };
}

/** The work of one process: several actors with one `Sessions`. Its clock is wrong, except with `idle`. */
export class Work {
  readonly sessions: Sessions;
  readonly #recorder: Recorder;
  readonly #actors: readonly Actor[];
  readonly #chance: Chance;
  readonly #held: Held[] = [];
  #stopped = false;

  constructor(store: SessionStore, options: WorkOptions, issued: (held: Held) => void) {
    const { process, processes, seed, actors = 4, timeout = 60_000, generation = 2_000, idle = false } = options;
    const skew = processes === 1 ? 0 : CLOCKS_APART * ((2 * process) / (processes - 1) - 1);
    this.#recorder = new Recorder(process, options.time);
    const { time } = this.#recorder;
    this.sessions = idle
      ? createSessions({
          ...{ ...IDLE_OPTIONS, store: noting(store, this.#recorder), timeout },
          clock: { now: () => EPOCH + Math.floor(time()) },
        })
      : createSessions({ ...OPTIONS, store, clock: { now: () => Date.now() + Math.round(skew) }, timeout });
    this.#chance = new Chance(seed * 1_000 + process);
    this.#actors = Array.from({ length: actors }, (_, at) => {
      const chance = new Chance((seed * 1_000 + process) * 100 + at);
      return new Actor(this.sessions, this.#recorder, chance, this.#held, issued, generation, idle);
    });
  }

  get operations(): readonly Operation[] {
    return this.#recorder.operations;
  }

  /** Adds a token that another process issued. */
  hear(held: Held): void {
    hold(this.#held, held, this.#chance);
  }

  /** Works for `ms`, and longer until each of these operations was answered often enough. */
  run(ms: number, least: Counts = {}): Promise<void> {
    const until = performance.now() + ms;
    return this.#runWhile(
      () =>
        this.operations.length < MAX_OPERATIONS && (performance.now() < until || !this.#recorder.hasAnswered(least)),
    );
  }

  /** Works until this many more operations were done. */
  runOn(operations: number): Promise<void> {
    const until = this.operations.length + operations;
    return this.#runWhile(() => this.operations.length < until);
  }

  /** Works until it is stopped. */
  runUntilStopped(): Promise<void> {
    return this.#runWhile(() => true);
  }

  async #runWhile(isDue: () => boolean): Promise<void> {
    await Promise.all(
      this.#actors.map(async (actor) => {
        while (!this.#stopped && isDue()) {
          await actor.act();
          const isAnswered = (this.operations.at(-1)?.failed ?? null) === null;
          // A store that answers synchronously would otherwise starve the other actors.
          await (isAnswered ? new Promise((resolve) => setImmediate(resolve)) : wait(REST));
        }
      }),
    );
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Waits for pending touches, then closes the store. */
  close(): Promise<void> {
    return this.sessions.close();
  }

  /** Checks all held tokens and lists these users' sessions. Called when all workers have stopped. */
  async look(users: Iterable<string>): Promise<void> {
    const [actor] = this.#actors;
    if (actor === undefined) return;
    for (const held of [...this.#held]) await actor.check(held);
    for (const user of users) await actor.list(user);
  }
}
