import { createSessions, type SessionStore, type Sessions } from 'session-revocation';
import { type AdapterHandle, adapterHandle } from 'session-revocation/adapter';
import type { World } from './world.ts';

/** What may happen to a call of the store. Times are in ms. */
const USUAL: readonly [number, number] = [0.1, 2];
const SLOW: readonly [number, number] = [50, 1_800];
const IS_SLOW = 0.01;
const IS_LOST = 0.003;

/** A process: its clocks, its connection to the store, and its sessions. */
export class Node {
  readonly sessions: Sessions;
  readonly handle: AdapterHandle;
  readonly #world: World;
  readonly #store: SessionStore;
  readonly #enter: (node: Node) => void;
  /** What the monotonic clock did not count. */
  #slept = 0;
  #wallOffset: number;
  #stoppedUntil = 0;

  constructor(world: World, store: SessionStore, maxStaleness: number, enter: (node: Node) => void) {
    this.#world = world;
    this.#store = store;
    this.#enter = enter;
    this.#wallOffset = Math.round(world.dice.between(-3600e3, 3600e3));
    this.sessions = createSessions({
      store: this.#connection(),
      clock: { now: () => this.wall() },
      lifetime: { absolute: '30d', idle: null },
      touchEvery: '1d',
      timeout: '10m',
      ...(maxStaleness > 0 && { freshness: { maxStaleness } }),
    });
    this.handle = adapterHandle(this.sessions);
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

  /** The machine sleeps: the monotonic clock stands. */
  sleep(ms: number): void {
    this.stop(ms);
    this.#world.in(ms, () => {
      this.#slept += ms;
    });
  }

  /** Sets the wall clock. */
  setClock(ms: number): void {
    this.#wallOffset += ms;
  }

  #connection(): SessionStore {
    return new Proxy(this.#store, {
      get: (store, name) => {
        const verb: unknown = Reflect.get(store, name);
        if (typeof verb !== 'function') return verb;
        return (...args: unknown[]) => this.#call(() => Reflect.apply(verb, store, args) as unknown);
      },
    });
  }

  #call(run: () => unknown): Promise<unknown> {
    const { dice } = this.#world;
    return new Promise((resolve, reject) => {
      this.#world.in(this.#travel(), () => {
        const answer = run();
        const isLost = dice.falls(IS_LOST);
        this.#world.in(isLost ? 300 : this.#travel(), () =>
          this.#receive(() => (isLost ? reject(new Error('lost')) : resolve(answer))),
        );
      });
    });
  }

  #travel(): number {
    const { dice } = this.#world;
    return dice.between(...(dice.falls(IS_SLOW) ? SLOW : USUAL));
  }

  /** A process that is stopped receives an answer once it goes on. */
  async #receive(answer: () => void): Promise<void> {
    const left = this.#stoppedUntil - this.#world.now;
    if (left > 0) {
      this.#world.in(left, () => this.#receive(answer));
      return;
    }
    this.#enter(this);
    answer();
    await drained();
  }
}

/** Lets all reactions to an answer run. */
export const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
