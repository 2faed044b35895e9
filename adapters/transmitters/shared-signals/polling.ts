import type { OutboxMessage, RealmOutbox } from '../../../src/adapter.ts';
import { parseMessage, Undeliverable } from '../delivery.ts';
import type { FailedDelivery } from '../failure.ts';
import { formatState } from '../message-state.ts';
import { Nap } from '../nap.ts';
import { deadQueue } from '../queue-worker.ts';
import { MAX_EVENTS, type PollRequest } from './poll-request.ts';
import type { SignalStream, StreamDelivery } from './stream.ts';

const METHOD = 'urn:ietf:rfc:8936';
/** More requests are answered at once. A receiver has one under way. */
const MAX_WAITING = 16;
/** Verification events that wait for the receiver. */
const MAX_PENDING = 16;
/** In ms. */
const PENDING_LIFETIME = 600e3;

interface PollingSettings {
  readonly outbox: RealmOutbox;
  readonly queue: string;
  /** In ms, like `every`. */
  readonly wait: number;
  readonly every: number;
  readonly failed: (failure: FailedDelivery) => void;
  readonly listen: (wake: () => void) => () => void;
}

interface PollAnswer {
  /** Tokens by their `jti`. */
  readonly sets: Readonly<Record<string, string>>;
  readonly moreAvailable?: true;
}

/** Hands out the messages of a queue, and takes their acknowledgements. */
export class Polling implements StreamDelivery {
  readonly method: string = METHOD;
  readonly #settings: PollingSettings;
  /** Verification events by their `jti`, and until when they wait (ms, monotonic). */
  readonly #pending = new Map<string, { readonly set: string; readonly until: number }>();
  readonly #naps = new Set<Nap>();
  #isClosed = false;

  constructor(settings: PollingSettings) {
    this.#settings = settings;
  }

  async transmit(set: string, jti: string): Promise<boolean> {
    if (this.#verifications().length >= MAX_PENDING) return false;
    this.#pending.set(jti, { set, until: performance.now() + PENDING_LIFETIME });
    this.#wake();
    return true;
  }

  async discard(): Promise<void> {
    const { outbox, queue } = this.#settings;
    let removed = false;
    do {
      removed = false;
      const { messages } = await outbox.read(queue, MAX_EVENTS);
      for (const message of messages) removed = (await this.#change(message, { state: null })) || removed;
    } while (removed);
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async answer(stream: SignalStream, asked: PollRequest, signal: AbortSignal): Promise<PollAnswer> {
    await this.#settle(asked);
    const { wait, every, listen } = this.#settings;
    const mayWait = !asked.returnImmediately && asked.maxEvents > 0 && this.#naps.size < MAX_WAITING;
    const endsAt = performance.now() + (mayWait ? wait : 0);
    const nap = new Nap();
    const stopListening = listen(nap.end);
    signal.addEventListener('abort', nap.end);
    this.#naps.add(nap);
    try {
      while (true) {
        nap.begin();
        const answer = await this.#next(stream, asked.maxEvents);
        const left = endsAt - performance.now();
        const isEnd = left <= 0 || this.#isClosed || signal.aborted;
        if (isEnd || Object.keys(answer.sets).length > 0) return answer;
        await nap.sleep(Math.min(left, every));
      }
    } finally {
      stopListening();
      signal.removeEventListener('abort', nap.end);
      this.#naps.delete(nap);
    }
  }

  #verifications(): [jti: string, set: string][] {
    const now = performance.now();
    for (const [jti, { until }] of this.#pending) if (until <= now) this.#pending.delete(jti);
    return [...this.#pending].map(([jti, { set }]) => [jti, set]);
  }

  #wake(): void {
    for (const nap of this.#naps) nap.end();
  }

  /** Removes or sets aside what the receiver has had. An id that is not in the queue any more changes nothing. */
  async #settle({ ack, setErrs }: PollRequest): Promise<void> {
    const acknowledged = new Set(ack);
    if (acknowledged.size + setErrs.size === 0) return;
    const { outbox, queue, failed } = this.#settings;
    for (const jti of acknowledged) this.#pending.delete(jti);
    for (const [id, text] of setErrs) {
      if (!this.#pending.delete(id)) continue;
      failed({ receiver: queue, id, attempts: 1, error: new Undeliverable(text), isDead: true });
    }
    // What was handed out comes from the front. If an event was committed before it meanwhile, it is handed out once more.
    const { messages } = await outbox.read(queue, MAX_EVENTS);
    for (const message of messages) {
      const error = setErrs.get(message.id);
      if (error !== undefined) await this.#setAside(message, new Undeliverable(error));
      else if (acknowledged.has(message.id)) await this.#change(message, { state: null });
    }
  }

  async #next(stream: SignalStream, maxEvents: number): Promise<PollAnswer> {
    if ((await stream.readStatus()).status !== 'enabled') return { sets: {} };
    const { outbox, queue } = this.#settings;
    const sets = this.#verifications();
    const free = Math.max(0, maxEvents - sets.length);
    const page = await outbox.read(queue, Math.max(1, free));
    for (const message of page.messages.slice(0, free)) {
      const set = await this.#tokenOf(stream, message);
      if (set !== null) sets.push([message.id, set]);
    }
    const isMore = page.after !== null || page.messages.length > free || sets.length > maxEvents;
    return { sets: Object.fromEntries(sets.slice(0, maxEvents)), ...(isMore && { moreAvailable: true }) };
  }

  /** Returns `null` for a message that is not for the receiver, and takes it out of the queue. */
  async #tokenOf(stream: SignalStream, message: OutboxMessage): Promise<string | null> {
    try {
      const set = await stream.tokenOf(parseMessage(message));
      if (set === null) await this.#change(message, { state: null });
      return set;
    } catch (error) {
      if (!(error instanceof Undeliverable)) throw error;
      await this.#setAside(message, error);
      return null;
    }
  }

  async #setAside(message: OutboxMessage, error: Undeliverable): Promise<void> {
    const { queue, failed } = this.#settings;
    const state = formatState({ attempts: 1, lease: null, pause: 0, error: error.message });
    if (!(await this.#change(message, { state, to: deadQueue(queue) }))) return;
    failed({ receiver: queue, id: message.id, attempts: 1, error, isDead: true });
  }

  #change({ id, state: ifState }: OutboxMessage, change: { readonly state: string | null; readonly to?: string }) {
    const { outbox, queue } = this.#settings;
    return outbox.change({ queue, id, ifState, ...change });
  }
}
