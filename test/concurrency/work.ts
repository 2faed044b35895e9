import { setTimeout as wait } from 'node:timers/promises';
import { createSessions, type SessionStore, type Sessions } from 'session-revocation';
import { around } from '../../src/testing/harness/wrappers.ts';
import { Actor, type Held, hold } from './actor.ts';
import type { Operation } from './operation.ts';
import { Chance, IDLE_OPTIONS, OPTIONS } from './population.ts';
import { type Counts, Recorder } from './recorder.ts';

/** Options of {@link Work}. */
export interface WorkOptions {
  /** Which process this is, and of how many. */
  readonly process: number;
  readonly processes: number;
  /** What chance begins with. */
  readonly seed: number;
  /** How many do something at the same time. Default 4. */
  readonly actors?: number;
  /** How long each question to the store may take, in ms. Default 60,000: a busy machine is no outage. */
  readonly timeout?: number;
  /**
   * After how many ms others take the place of the users: what was revoked stays in the lists that a sign-in has to read.
   * Default 2,000.
   */
  readonly generation?: number;
  /** Whether sessions expire when they are idle: then all processes have the same clock, which is right. */
  readonly idle?: boolean;
  /** The time that all processes share, in ms. Default: the machine's. */
  readonly time?: (() => number) | undefined;
}

/** What the clock of sessions that expire shows at time 0. */
const EPOCH = 1_700_000_000_000;

/** How far the clocks of the first and of the last process are off, in ms. */
const CLOCKS_APART = 3600e3;

/** A history of more would not be checked in a moment: then a process has done enough. */
const MAX_OPERATIONS = 150_000;

/** Who had no answer asks again after so many ms: what fails at once would else fail a thousand times in a second. */
const REST = 10;

/** A store whose notes of uses are taken down. */
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

/** What one process does: several actors over one `Sessions`, whose clock is wrong. */
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

  /** Another process has issued a token. */
  hear(held: Held): void {
    hold(this.#held, held, this.#chance);
  }

  /** Works for so many ms, and on until each of these things was answered so often. */
  run(ms: number, least: Counts = {}): Promise<void> {
    const until = performance.now() + ms;
    return this.#runWhile(
      () =>
        this.operations.length < MAX_OPERATIONS && (performance.now() < until || !this.#recorder.hasAnswered(least)),
    );
  }

  /** Does so many things more. */
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
          // A store that answers at once would else let nobody else have a turn.
          await (isAnswered ? new Promise((resolve) => setImmediate(resolve)) : wait(REST));
        }
      }),
    );
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Waits for what is still noted, and closes the store. */
  close(): Promise<void> {
    return this.sessions.close();
  }

  /** When all is done: looks at all that is held, and at the lists of these users. */
  async look(users: Iterable<string>): Promise<void> {
    const [actor] = this.#actors;
    if (actor === undefined) return;
    for (const held of [...this.#held]) await actor.check(held);
    for (const user of users) await actor.list(user);
  }
}
