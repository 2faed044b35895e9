import { createSessions, type SessionStore, type Sessions, type Verdict } from 'session-revocation';
import { type AdapterHandle, type Awaitable, adapterHandle } from 'session-revocation/adapter';
import type { Broker } from './broker.ts';
import type { SharedStore } from './shared-store.ts';
import type { World } from './world.ts';

/** Travel times of messages to and from the store, in ms, and the probability of a slow one. */
const USUAL: readonly [number, number] = [0.1, 2];
const SLOW: readonly [number, number] = [50, 1_800];
const IS_SLOW = 0.01;
/** Probability that an answer is lost. */
const [READ_IS_LOST, WRITE_IS_LOST] = [0.01, 0.1];
const READS: ReadonlySet<string> = new Set(['find', 'readEpochs', 'list']);

/** Returns the travel time of a message in ms. */
export const travel = ({ dice }: World): number => dice.between(...(dice.falls(IS_SLOW) ? SLOW : USUAL));

/** A process: its clocks, its connection to the store, and its sessions. */
export class Node {
  /** The process whose code runs now. */
  static current: Node | null = null;
  readonly sessions: Sessions;
  readonly handle: AdapterHandle;
  readonly #world: World;
  /** Monotonic time at which it last received an answer about changes. */
  toldAt = Number.NaN;
  /** Monotonic time at which it last received a notification. */
  heardAt = -Infinity;
  /** `true` while it handles an error. */
  isFailing = false;
  /** Time in ms that the monotonic clock did not count, because the machine slept. */
  #slept = 0;
  #wallOffset: number;
  #stoppedUntil = 0;

  /** `broker` is `null` for a process without a notifier. */
  constructor(world: World, shared: SharedStore, maxStaleness: number, broker: Broker | null) {
    this.#world = world;
    this.#wallOffset = Math.round(world.dice.between(-3600e3, 3600e3));
    this.sessions = createSessions({
      store: this.#connection(shared),
      clock: { now: () => this.wall() },
      lifetime: { absolute: '30d', idle: null },
      touchEvery: '1d',
      timeout: '10m',
      ...(maxStaleness > 0 && { freshness: { maxStaleness, notifier: broker?.notifierOf(this) } }),
    });
    this.sessions.on('background.failed', () => {});
    this.handle = adapterHandle(this.sessions);
  }

  /** Checks a token in this process. With `isStrict`, the check reads the store. */
  check(token: string, isStrict: boolean): Awaitable<Verdict> {
    Node.current = this;
    return isStrict ? this.sessions.check(token, { maxStaleness: 0 }) : this.handle.judge(token, {});
  }

  steady(): number {
    return this.#world.now - this.#slept;
  }

  wall(): number {
    return Math.floor(1_800_000_000_000 + this.#world.now + this.#wallOffset);
  }

  get isStopped(): boolean {
    return this.#world.now < this.#stoppedUntil;
  }

  /** Stops the process, as SIGSTOP does. */
  stop(ms: number): void {
    this.#stoppedUntil = this.#world.now + ms;
  }

  /** Lets the machine sleep. The monotonic clock does not count this time. */
  sleep(ms: number): void {
    this.stop(ms);
    this.#world.in(ms, () => {
      this.#slept += ms;
    });
  }

  /** Moves the wall clock. */
  setClock(ms: number): void {
    this.#wallOffset += ms;
  }

  /** Delivers a notification. */
  hear(message: string, listener: (message: unknown) => void): Promise<void> {
    return this.#receive(() => {
      this.heardAt = this.steady();
      listener(message);
    });
  }

  #connection({ store, since }: SharedStore): SessionStore {
    const call =
      (name: string, verb: (...given: unknown[]) => unknown) =>
      (...given: unknown[]): Promise<unknown> =>
        this.#call(() => verb(...given), READS.has(name) ? READ_IS_LOST : WRITE_IS_LOST);
    const changes = since && {
      since: async (position: string | null) => {
        const answer = await this.#call(() => since(position), READ_IS_LOST);
        this.toldAt = this.steady();
        return answer;
      },
    };
    const verbs = Object.entries(store).flatMap(([name, verb]) =>
      typeof verb === 'function' ? [[name, call(name, verb as (...given: unknown[]) => unknown)]] : [],
    );
    return { ...Object.fromEntries(verbs), powers: { ...(changes && { changes }) } } as unknown as SessionStore;
  }

  #call(run: () => unknown, lost: number): Promise<unknown> {
    const { dice } = this.#world;
    return new Promise((resolve, reject) => {
      this.#world.in(travel(this.#world), () => {
        const answer = run();
        const isLost = dice.falls(lost);
        this.#world.in(isLost ? 300 : travel(this.#world), () =>
          this.#receive(() => {
            this.isFailing = isLost;
            if (isLost) reject(new Error('lost'));
            else resolve(answer);
          }),
        );
      });
    });
  }

  /** Delivers an answer. A stopped process receives it when it continues. */
  async #receive(answer: () => void): Promise<void> {
    const left = this.#stoppedUntil - this.#world.now;
    if (left > 0) {
      this.#world.in(left, () => this.#receive(answer));
      return;
    }
    Node.current = this;
    answer();
    await drained();
    this.isFailing = false;
  }
}

/** Lets all reactions to an answer run. */
export const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
