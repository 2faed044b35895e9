import {
  adapterHandle,
  type Duration,
  inCall,
  isPlainObject,
  kindOf,
  parseArguments,
  parseDuration,
} from '../../src/adapter.ts';
import type { Sessions } from '../../src/index.ts';
import type { Delivery } from './delivery.ts';
import { type FailedDelivery, quiet } from './failure.ts';
import { Nap, onQueued } from './nap.ts';
import { QueueWorker, requireQueue } from './queue-worker.ts';

/** Options of {@link transmit}. */
export interface TransmitOptions {
  /** How each receiver is told, by the name of its queue in `audit.outbox`. */
  readonly receivers: Readonly<Record<string, Delivery>>;
  /**
   * The pauses between the attempts to deliver one message. After the last attempt, the message is set aside. At most 100.
   * Default `['5s', '30s', '2m', '10m', '30m']` and then 72 times `'1h'`: three days. A queue keeps its order, so a receiver that
   * comes back after an outage waits for the rest of one pause.
   */
  readonly pauses?: readonly Duration[] | undefined;
  /** The time limit of an attempt, `'1s'` to `'5m'`. Default `'10s'`. */
  readonly timeout?: Duration | undefined;
  /** How often a quiet queue is read. The revocations of this process need no reading. `'50ms'` to `'1h'`. Default `'1s'`. */
  readonly every?: Duration | undefined;
  /** Gets each failed attempt. Its own errors are ignored. Default: none. */
  readonly failed?: ((failure: FailedDelivery) => unknown) | undefined;
}

/** What {@link Transmitter.flush} did. */
export interface Flushed {
  /** Number of messages that the receivers accepted. */
  readonly delivered: number;
  /** Number of messages that were set aside. */
  readonly dead: number;
}

const KEYS = ['receivers', 'pauses', 'timeout', 'every', 'failed'];
const PAUSES: readonly Duration[] = ['5s', '30s', '2m', '10m', '30m', ...Array<Duration>(72).fill('1h')];
const MAX_PAUSES = 100;
const MAX_PAUSE = 7 * 86400e3;

/** Delivers the messages of the outbox. {@link transmit} returns one. */
export class Transmitter {
  readonly #workers: readonly QueueWorker[];
  readonly #every: number;
  readonly #failed: (failure: FailedDelivery) => void;
  readonly #listen: (wake: () => void) => () => void;
  #stop: (() => void) | null = null;
  #isClosed = false;
  #running: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(
    workers: readonly QueueWorker[],
    every: number,
    failed: (failure: FailedDelivery) => void,
    listen: (wake: () => void) => () => void,
  ) {
    this.#workers = workers;
    this.#every = every;
    this.#failed = failed;
    this.#listen = listen;
  }

  /** Delivers from now on, in the background. Its timers do not keep the process alive. Calling it again does nothing. */
  start(): void {
    if (this.#stop !== null || this.#isClosed) return;
    const naps = this.#workers.map(() => new Nap());
    const wake = (): void => {
      for (const nap of naps) nap.end();
    };
    const stopListening = this.#listen(wake);
    this.#stop = () => {
      stopListening();
      wake();
    };
    this.#waitFor(Promise.all(this.#workers.map((worker, at) => this.#keepRunning(worker, naps[at] as Nap))));
  }

  /**
   * Delivers what can be delivered now, and resolves when nothing is left but messages that wait for their next attempt, and
   * those behind them. For tests, and for a job that a scheduler starts: it goes by the clock of the jobs before it, and takes
   * over an attempt of a job that died after an hour.
   * @throws `SESSION_STORE_UNAVAILABLE` if the outbox cannot be read.
   */
  async flush(): Promise<Flushed> {
    const before = this.#counts();
    const work = Promise.all(this.#workers.map((worker) => worker.run(() => this.#isClosed)));
    this.#waitFor(work);
    await work;
    const after = this.#counts();
    return { delivered: after.delivered - before.delivered, dead: after.dead - before.dead };
  }

  /** Begins no more attempts, and resolves when the attempts under way have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop?.();
    await this.#running;
  }

  /** Makes {@link close} wait for work. */
  #waitFor(work: Promise<unknown>): void {
    this.#running = Promise.allSettled([this.#running, work]);
  }

  #counts(): Flushed {
    const sum = (of: keyof Flushed): number => this.#workers.reduce((total, worker) => total + worker[of], 0);
    return { delivered: sum('delivered'), dead: sum('dead') };
  }

  async #keepRunning(worker: QueueWorker, nap: Nap): Promise<void> {
    while (!this.#isClosed) {
      nap.begin();
      let wait: number | null = null;
      try {
        wait = await worker.run(() => this.#isClosed);
      } catch (error) {
        this.#failed({ receiver: worker.queue, id: null, attempts: 0, error, isDead: false });
      }
      await nap.sleep(Math.min(wait ?? this.#every, this.#every));
    }
  }
}

/**
 * Delivers the messages of the outbox to other systems: each message at least once, and those of one receiver in their order.
 * Any number of processes may deliver at the same time.
 *
 * @param sessions the result of `createSessions`, with the option `audit.outbox`.
 * @param options the receivers, and how often an attempt is repeated.
 * @throws `TypeError` for invalid options, and for a receiver whose queue is not named in `audit.outbox`;
 * `SESSION_STORE_LACKS_POWER` if the store has no outbox.
 */
export function transmit<Trigger extends string, Transaction>(
  sessions: Sessions<Trigger, Transaction>,
  options: TransmitOptions,
): Transmitter {
  return inCall('transmit(sessions, { receivers })', () => {
    const { outbox } = adapterHandle(sessions);
    const input = parseArguments<TransmitOptions>('options', options, KEYS);
    const timeout = parseDuration('timeout', input.timeout ?? '10s', { min: 1_000, max: 300_000 });
    const every = parseDuration('every', input.every ?? '1s', { min: 50, max: 3_600_000 });
    const pauses = parsePauses(input.pauses ?? PAUSES);
    const failed = quiet(input.failed);
    const workers = parseReceivers(input.receivers, outbox.queues).map(
      ([queue, delivery]) => new QueueWorker({ outbox, queue, delivery, pauses, timeout, failed }),
    );
    return new Transmitter(workers, every, failed, (wake) => onQueued(sessions, wake));
  });
}

function parseReceivers(input: unknown, queues: readonly string[]): readonly (readonly [string, Delivery])[] {
  if (!isPlainObject(input)) throw new TypeError(`receivers must be an object of deliveries, not ${kindOf(input)}`);
  const receivers = Object.entries(input as Record<string, Delivery>);
  if (receivers.length === 0) throw new TypeError('receivers is empty: name at least one of audit.outbox');
  for (const [name, delivery] of receivers) {
    requireQueue(`receivers.${name}`, name, queues);
    if (typeof delivery?.deliver !== 'function') {
      throw new TypeError(`receivers.${name} must be a delivery such as webhook({ url, secret })`);
    }
  }
  return receivers;
}

function parsePauses(input: readonly Duration[]): readonly number[] {
  if (!Array.isArray(input) || input.length > MAX_PAUSES) {
    throw new TypeError(`pauses must be an array of at most ${MAX_PAUSES} durations such as ['5s', '5m']`);
  }
  return input.map((pause, at) => parseDuration(`pauses[${at}]`, pause, { min: 0, max: MAX_PAUSE }));
}
