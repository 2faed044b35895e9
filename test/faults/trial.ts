import { setTimeout as wait } from 'node:timers/promises';
import type { SessionErrorCode } from 'session-revocation';
import { expect } from 'vitest';
import { violationsOf } from '../concurrency/laws.ts';
import type { Operation } from '../concurrency/operation.ts';
import { monotonic } from '../concurrency/recorder.ts';
import type { Violation, ViolationKind } from '../concurrency/violation.ts';
import { Work } from '../concurrency/work.ts';
import { type Opened, type OpenOptions, openStore, type Place } from '../services/stores.ts';
import { Bystander } from './bystander.ts';
import { Pulse } from './pulse.ts';

/** Timeout of a call to the store in these tests, in ms. */
export const TIMEOUT = 500;

/** How much later than its timeout a check may end, in ms of the {@link Pulse}. */
const SLACK = 1_500;

/** Time limit until a fault shows, or is over, in ms. It is generous, because a busy machine may stall. */
const WAIT_TIMEOUT = 300_000;

/**
 * Timeout of a test with a trial, in ms. It exceeds every wait of a trial, so that the trial itself reports a failed
 * wait.
 */
export const MAX_TRIAL = 900_000;

/** Time limit for the operations that still run at the end, in ms. An operation may call the store several times. */
const MAX_END = 5 * TIMEOUT + WAIT_TIMEOUT;

/** Seed of the random operations. It is fixed, because these tests vary the fault. */
const SEED = 7;

/**
 * Violations that are forbidden even if a failover loses acknowledged writes, as with asynchronous replication. Each
 * restores access after its removal was acknowledged.
 */
export const ACKNOWLEDGED: readonly ViolationKind[] = ['survivor', 'old secret', 'suspended', 'fence', 'forked secret'];

/** Options of {@link Trial.begin}. */
export interface TrialOptions extends OpenOptions {
  /** How many actors work at the same time. Default 4. */
  readonly actors?: number;
}

/** Operations on a store, during which a fault happens. The client stays the same throughout. */
export class Trial {
  readonly #work: Work;
  readonly #bystander: Bystander;
  readonly #opened: Opened;
  readonly #running: Promise<unknown>;
  readonly #pulse: Pulse = new Pulse();

  private constructor(opened: Opened, bystander: Bystander, actors: number) {
    this.#opened = opened;
    this.#bystander = bystander;
    const options = { process: 0, processes: 1, seed: SEED, actors, timeout: TIMEOUT };
    this.#work = new Work(opened.store, options, () => {});
    this.#running = Promise.all([this.#work.runUntilStopped(), bystander.run()]);
    // `end()` awaits it and reports its failure.
    this.#running.catch(() => {});
  }

  /** Starts a trial, and waits until operations succeed. */
  static async begin(place: Place, { actors = 4, ...options }: TrialOptions = {}): Promise<Trial> {
    const opened = openStore(place, options);
    const trial = new Trial(opened, await Bystander.begin(opened.store, TIMEOUT), actors);
    await trial.works();
    return trial;
  }

  /** All operations so far. */
  get #histories(): readonly (readonly Operation[])[] {
    return [this.#work.operations, this.#bystander.operations];
  }

  /** Waits until a start, an accepted check and a revocation have succeeded that began after this call. */
  async works(): Promise<void> {
    const isWell = (one: Operation): boolean =>
      one.failed === null &&
      ((one.type === 'check' && one.session !== null) ||
        (one.type === 'start' && one.session !== null) ||
        (one.type === 'revoke' && one.done && one.change !== 'suspended'));
    const types = await this.#until(['check', 'start', 'revoke'], isWell);
    expect(types, 'what goes well').toEqual([]);
  }

  /** Waits until each type has failed after this call. Returns the error codes. Default: checks. */
  async fails(...types: readonly Operation['type'][]): Promise<readonly string[]> {
    const wanted = types.length === 0 ? (['check'] as const) : types;
    const from = this.#histories.map(({ length }) => length);
    const missing = await this.#until(wanted, ({ failed }) => failed !== null);
    expect(missing, 'what fails').toEqual([]);
    const since = this.#histories.flatMap((history, at) => history.slice(from[at]));
    return [...new Set(since.flatMap(({ type, failed }) => (wanted.includes(type) && failed) || []))];
  }

  /**
   * Waits until each type has failed with this code after this call. Other failures may come before. Default: checks.
   */
  async meets(code: SessionErrorCode, ...types: readonly Operation['type'][]): Promise<void> {
    const missing = await this.#until(types.length === 0 ? ['check'] : types, ({ failed }) => failed === code);
    expect(missing, `what fails with ${code}`).toEqual([]);
  }

  /** Waits until a check has been accepted after this call. Other operations may fail. */
  async accepts(): Promise<void> {
    const missing = await this.#until(['check'], (one) => one.type === 'check' && one.session !== null);
    expect(missing, 'what goes well').toEqual([]);
  }

  /** Ends the trial. Returns the violations of all kinds, or of these kinds. */
  async end(kinds?: readonly ViolationKind[]): Promise<readonly Violation[]> {
    this.#work.stop();
    this.#bystander.stop();
    const hangs = wait(MAX_END, 'hangs', { ref: false });
    expect(await Promise.race([this.#running, hangs]), 'an operation that was begun').not.toBe('hangs');
    const { operations } = this.#work;
    const users = new Set(operations.flatMap((one) => (one.type === 'start' ? [one.user] : [])));
    await this.#work.look(users);
    await this.#work.close();
    await this.#opened.end();

    this.#pulse.stop();
    let slowest = 0;
    for (const { type, call, answer } of this.#histories.flat()) {
      if (type === 'check') slowest = Math.max(slowest, this.#pulse.between(call, answer));
    }
    expect(slowest, 'ms of the slowest check').toBeLessThan(TIMEOUT + SLACK);
    // With asynchronous replication, a failover may lose a new session.
    if (kinds !== ACKNOWLEDGED) expect(this.#bystander.refusals, 'whom nobody revoked').toEqual([]);
    const violations = violationsOf(operations);
    return kinds === undefined ? violations : violations.filter(({ kind }) => kinds.includes(kind));
  }

  /**
   * Waits until each type has an operation that began after this call and satisfies `isWanted`. Returns the types that
   * have none.
   */
  async #until(
    types: readonly Operation['type'][],
    isWanted: (one: Operation) => boolean,
  ): Promise<readonly Operation['type'][]> {
    const since = monotonic();
    const missing = new Set(types);
    const from = this.#histories.map(({ length }) => length);
    while (missing.size > 0 && monotonic() < since + WAIT_TIMEOUT) {
      await wait(10);
      for (const [at, history] of this.#histories.entries()) {
        for (const one of history.slice(from[at])) {
          if (one.call >= since && isWanted(one)) missing.delete(one.type);
        }
        from[at] = history.length;
      }
    }
    return [...missing];
  }
}
