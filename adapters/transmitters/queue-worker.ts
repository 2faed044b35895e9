import { randomUUID } from 'node:crypto';
import { type OutboxMessage, type RealmOutbox, shown } from '../../src/adapter.ts';
import { type Delivery, NotDelivered, parseMessage, Undeliverable } from './delivery.ts';
import type { FailedDelivery } from './failure.ts';
import { formatState, type MessageState, parseState } from './message-state.ts';

export interface WorkerSettings {
  readonly outbox: RealmOutbox;
  readonly queue: string;
  readonly delivery: Delivery;
  /** The pauses after failed attempts, in ms. After the last one comes one more attempt. */
  readonly pauses: readonly number[];
  /** The time limit of an attempt, in ms. */
  readonly timeout: number;
  readonly failed: (failure: FailedDelivery) => void;
}

const AT_ONCE = 20;
/** In ms: the longest pause that a receiver can ask for. */
const MAX_PAUSE = 86400e3;
/** In ms: how far the clocks of two workers may differ before one takes over the attempt of the other. */
const CLOCKS_APART = 3600e3;
/** A lease that stays as it is for this many time limits belongs to a worker that has died. */
const LEASE_TIMEOUTS = 3;

/** The queue of messages that were set aside. */
export const deadQueue = (queue: string): string => `${queue}.dead`;

/** Requires that `createSessions` writes to a queue. `option` names the option for the message. */
export function requireQueue(option: string, queue: string, queues: readonly string[]): void {
  if (queues.includes(queue)) return;
  const names = [...queues, queue].map(shown).join(', ');
  throw new TypeError(`${option} has no queue: name it in createSessions({ audit: { outbox: [${names}] } })`);
}

/**
 * Delivers the messages of one queue, in their order. Any number of workers may share a queue: before each attempt, a worker
 * leases the message by a compare-and-set. No other message of the queue is delivered meanwhile.
 */
export class QueueWorker {
  readonly #settings: WorkerSettings;
  /** The front message that cannot be delivered yet, and when this worker first saw its state (ms, monotonic). */
  #blocked: { readonly id: string; readonly state: string; readonly since: number } | null = null;
  delivered = 0;
  dead = 0;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  get queue(): string {
    return this.#settings.queue;
  }

  /**
   * Delivers what can be delivered now. Returns ms until the front message may be tried; `null` if the queue is empty, or the
   * delivery is paused.
   */
  async run(isStopped: () => boolean): Promise<number | null> {
    const { outbox, queue, delivery } = this.#settings;
    while (!isStopped()) {
      const { messages } = await outbox.read(queue, AT_ONCE);
      if (messages.length === 0) return null;
      for (const message of messages) {
        if (isStopped()) return 0;
        if ((await delivery.isPaused?.()) === true) return null;
        const wait = this.#waitFor(message);
        if (wait > 0) return wait;
        // Another worker was faster, or the message waits for its next attempt: the queue must be read again.
        if (!(await this.#attempt(message))) break;
      }
    }
    return 0;
  }

  /**
   * Returns ms until a message may be tried. A pause and a lease count from when this worker first saw them: so no clock must
   * be right. A worker that has just started also goes by the clock of the one that wrote the state.
   */
  #waitFor({ id, state }: OutboxMessage): number {
    const { lease, pause, at = Number.POSITIVE_INFINITY } = parseState(state);
    const wait = lease === null ? pause : this.#settings.timeout * LEASE_TIMEOUTS;
    if (wait === 0) return 0;
    const now = performance.now();
    if (this.#blocked?.id !== id || this.#blocked.state !== state) this.#blocked = { id, state, since: now };
    const byClock = at + wait + (lease === null ? 0 : CLOCKS_APART) - Date.now();
    return Math.max(0, Math.min(this.#blocked.since + wait - now, byClock));
  }

  /** Tries to deliver a message. Returns `true` if it is not in the queue any more, and this worker removed it. */
  async #attempt(message: OutboxMessage): Promise<boolean> {
    const { outbox, queue, delivery, timeout } = this.#settings;
    const { id } = message;
    const before = parseState(message.state);
    const taken: MessageState = {
      ...before,
      attempts: before.attempts + 1,
      lease: randomUUID(),
      pause: 0,
      at: Date.now(),
    };
    const ifState = formatState(taken);
    if (!(await outbox.change({ queue, id, ifState: message.state, state: ifState }))) return false;
    try {
      await inTime(timeout, async (signal) => delivery.deliver(parseMessage(message), signal));
    } catch (error) {
      return this.#noteFailure(id, taken, error);
    }
    this.delivered++;
    return outbox.change({ queue, id, ifState, state: null });
  }

  async #noteFailure(id: string, taken: MessageState, error: unknown): Promise<boolean> {
    const { outbox, queue, pauses, failed } = this.#settings;
    const { attempts } = taken;
    const next = error instanceof Undeliverable ? undefined : pauses[attempts - 1];
    const isDead = next === undefined;
    const asked = error instanceof NotDelivered ? Math.ceil(Math.min(error.pause, MAX_PAUSE)) : 0;
    const text = error instanceof Error ? error.message : String(error);
    const pause = isDead ? 0 : Math.max(next, asked || 0);
    const state = formatState({ attempts, lease: null, pause, error: text, at: Date.now() });
    const to = isDead ? { to: deadQueue(queue) } : {};
    const isOurs = await outbox.change({ queue, id, ifState: formatState(taken), state, ...to });
    if (isOurs && isDead) this.dead++;
    failed({ receiver: queue, id, attempts, error, isDead });
    return isOurs && isDead;
  }
}

/** Rejects when the time limit has passed, also if the work does not heed its signal. */
async function inTime(ms: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`no answer within ${ms} ms`);
      controller.abort(error);
      reject(error);
    }, ms);
  });
  try {
    await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
