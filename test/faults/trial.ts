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

/** How long a question to the store may take in these tests, in ms. */
export const TIMEOUT = 500;

/** How much later than its timeout an answer may be noticed, in ms of the {@link Pulse}. */
const SLACK = 1_500;

/** How long it may take until a fault is felt, or is over, in ms: much longer than a machine stands still in between. */
const WAIT_TIMEOUT = 300_000;

/** Longer than all that a trial waits for: it says itself what it has waited for in vain. */
export const MAX_TRIAL = 900_000;

/** An operation that asks the store in turns until it is not beaten any more, or its timeout is over, in ms. */
const MAX_END = 5 * TIMEOUT + WAIT_TIMEOUT;

/** What chance begins with: what is tried is the fault. */
const SEED = 7;

/** What a failover of an engine that replicates asynchronously must not break: what was acknowledged as taken away. */
export const ACKNOWLEDGED: readonly ViolationKind[] = ['survivor', 'old secret', 'suspended', 'fence', 'forked secret'];

/** Options of {@link Trial.begin}. */
export interface TrialOptions extends OpenOptions {
  /** How many do something at the same time. Default 4. */
  readonly actors?: number;
}

/** A process at work on a store, to which something happens. Its client stays the same all the time. */
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
    // It is awaited in the end.
    this.#running.catch(() => {});
  }

  /** Begins, and waits until all goes well. */
  static async begin(place: Place, { actors = 4, ...options }: TrialOptions = {}): Promise<Trial> {
    const opened = openStore(place, options);
    const trial = new Trial(opened, await Bystander.begin(opened.store, TIMEOUT), actors);
    await trial.works();
    return trial;
  }

  /** What was done so far, by all. */
  get #histories(): readonly (readonly Operation[])[] {
    return [this.#work.operations, this.#bystander.operations];
  }

  /** Waits until, from now on, sessions were started, accepted and revoked. */
  async works(): Promise<void> {
    const isWell = (one: Operation): boolean =>
      one.failed === null &&
      ((one.type === 'check' && one.session !== null) ||
        (one.type === 'start' && one.session !== null) ||
        (one.type === 'revoke' && one.done && one.change !== 'suspended'));
    const types = await this.#until(['check', 'start', 'revoke'], isWell);
    expect(types, 'what goes well').toEqual([]);
  }

  /** Waits until, from now on, these were asked in vain; gives the codes. Default: checks. */
  async fails(...types: readonly Operation['type'][]): Promise<readonly string[]> {
    const wanted = types.length === 0 ? (['check'] as const) : types;
    const from = this.#histories.map(({ length }) => length);
    const missing = await this.#until(wanted, ({ failed }) => failed !== null);
    expect(missing, 'what fails').toEqual([]);
    const since = this.#histories.flatMap((history, at) => history.slice(from[at]));
    return [...new Set(since.flatMap(({ type, failed }) => (wanted.includes(type) && failed) || []))];
  }

  /** Waits until, from now on, each of these failed with this code, in whatever other ways they may fail before. Default: checks. */
  async meets(code: SessionErrorCode, ...types: readonly Operation['type'][]): Promise<void> {
    const missing = await this.#until(types.length === 0 ? ['check'] : types, ({ failed }) => failed === code);
    expect(missing, `what fails with ${code}`).toEqual([]);
  }

  /** Waits until, from now on, checks accepted something, whatever else may fail. */
  async accepts(): Promise<void> {
    const missing = await this.#until(['check'], (one) => one.type === 'check' && one.session !== null);
    expect(missing, 'what goes well').toEqual([]);
  }

  /** Ends the work, looks at all that is left, and tells what is wrong; of all kinds, or of these. */
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
    // What was only added may be lost with a server that replicates asynchronously.
    if (kinds !== ACKNOWLEDGED) expect(this.#bystander.refusals, 'whom nobody revoked').toEqual([]);
    const violations = violationsOf(operations);
    return kinds === undefined ? violations : violations.filter(({ kind }) => kinds.includes(kind));
  }

  /** Waits until each of these was called from now on, and went as is wanted; gives those that did not. */
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
