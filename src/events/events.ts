import { channels } from '../lib/channels.ts';
import { shown } from '../lib/input.ts';
import { among } from '../lib/nearest-name.ts';
import type { AuditEntry, AuditRecord } from '../store/powers.ts';
import type { AuditLog } from './audit-log.ts';
import {
  EVENT_TYPES,
  type SessionEvent,
  type SessionEventDetails,
  type SessionEventType,
  type SessionListener,
} from './event-types.ts';

/** An event whose change is not written yet. The log records go into that write. Listeners are called afterwards. */
export interface PendingEvent {
  readonly event: SessionEvent;
  readonly entry: AuditEntry | null;
  /** Records for the store's write. Empty where the store keeps no log. */
  readonly audit: readonly AuditRecord[];
}

type Listeners = Map<string, Set<(event: never) => unknown>>;

/**
 * Calls the listeners of events. If a listener fails, emits `background.failed`. If that event has no listener, the failure becomes a
 * process warning.
 */
export class Events {
  readonly #realm: string;
  readonly #now: () => number;
  readonly #log: AuditLog | null;
  readonly #listeners: Listeners;

  constructor(
    realm: string,
    now: () => number,
    log: AuditLog | null = null,
    listeners: Listeners = new Map<string, never>(),
  ) {
    this.#realm = realm;
    this.#now = now;
    this.#log = log;
    this.#listeners = listeners;
  }

  hold(): HeldEvents {
    return new HeldEvents(this.#realm, this.#now, this.#log, this.#listeners);
  }

  on<Type extends SessionEventType>(type: Type, listener: SessionListener<Type>): () => void {
    if (typeof listener !== 'function') throw new TypeError('a listener must be a function');
    if (!EVENT_TYPES.includes(type)) {
      throw new TypeError(`there is no event ${shown(type)}; ${among(String(type), EVENT_TYPES)}`);
    }
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    // The same function may listen twice, and each stop removes one of them.
    const entry = (event: never): unknown => listener(event);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  /** Returns `true` where a listener, the log or the channel would receive such an event. */
  matters(type: SessionEventType): boolean {
    return this.#log !== null || this.#isHeard(type) || channels.event.hasSubscribers;
  }

  about<Type extends SessionEventType>(type: Type, details: SessionEventDetails[Type]): PendingEvent {
    const event = Object.freeze({ ...details, type, realm: this.#realm, at: this.#now() }) as unknown as SessionEvent;
    const record = this.#log?.record(event) ?? null;
    return { event, entry: record?.entry ?? null, audit: record === null || !this.#log?.isStored ? [] : [record] };
  }

  tell({ event, entry }: PendingEvent): void {
    if (entry !== null) this.#guarded('audit.sink', () => this.#log?.sink?.(entry));
    if (channels.event.hasSubscribers) channels.event.publish(event);
    const listeners = this.#listeners.get(event.type) ?? [];
    for (const listener of [...listeners]) this.#guarded(`listener of ${event.type}`, () => listener(event as never));
    if (event.type === 'background.failed' && !this.#isHeard(event.type)) warn(event);
  }

  /** Tells an event that has no write of its own. Its log entry is written in the background. */
  emit<Type extends SessionEventType>(type: Type, details: SessionEventDetails[Type]): void {
    if (!this.matters(type) && type !== 'background.failed') return;
    const pending = this.about(type, details);
    this.tell(pending);
    this.#log?.note(pending.audit);
  }

  #isHeard(type: SessionEventType): boolean {
    return (this.#listeners.get(type)?.size ?? 0) > 0;
  }

  #guarded(operation: string, call: () => unknown): void {
    const failed = (error: unknown): void => {
      // A failing listener of `background.failed` must not be called again for its own failure.
      if (operation === 'listener of background.failed') warn({ operation, error });
      else this.emit('background.failed', { operation, error });
    };
    try {
      const answer = call();
      // The promise may come from another JavaScript realm or library.
      if (isThenable(answer)) answer.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** The events of a transaction. They wait until the commit. */
export class HeldEvents extends Events {
  #waiting: (() => void)[] = [];
  #releasing = false;

  override tell(pending: PendingEvent): void {
    if (this.#releasing) super.tell(pending);
    else this.#waiting.push(() => super.tell(pending));
  }

  override emit<Type extends SessionEventType>(type: Type, details: SessionEventDetails[Type]): void {
    if (this.#releasing) super.emit(type, details);
    else this.#waiting.push(() => super.emit(type, details));
  }

  release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#releasing = true;
    try {
      for (const tell of waiting) tell();
    } finally {
      this.#releasing = false;
    }
  }
}

const isThenable = (answer: unknown): answer is PromiseLike<unknown> =>
  typeof (answer as { then?: unknown } | null | undefined)?.then === 'function';

function warn({ operation, error }: SessionEventDetails['background.failed']): void {
  const text = error instanceof Error ? error.message : String(error);
  process.emitWarning(`${operation} failed: ${text}`, 'SessionRevocationWarning');
}
