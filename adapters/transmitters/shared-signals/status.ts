import { type Awaitable, isPlainObject, isPlainText, kindOf, ofApp } from '../../../src/adapter.ts';

/** The status of a stream (SSF 1.0, 8.1.2). */
export interface StreamStatus {
  /**
   * `'enabled'`: events are transmitted. `'paused'`: they wait in the outbox. `'disabled'`: none are transmitted, and those of
   * this time are dropped.
   */
  readonly status: 'enabled' | 'paused' | 'disabled';
  /** Why the stream has this status, as the receiver told it. */
  readonly reason?: string | undefined;
}

/** Keeps the status of a stream. */
export interface StatusStore {
  /** Reads the status that was written last; `enabled` at first. */
  read(): Awaitable<StreamStatus>;
  /**
   * Keeps a status.
   * @param status what `read` gives from now on, in each process.
   */
  write(status: StreamStatus): Awaitable<unknown>;
}

const STATUSES: readonly unknown[] = ['enabled', 'paused', 'disabled'];

/** Returns the status in an object of unknown members, or `null` if it is malformed. */
export function statusIn(value: unknown): StreamStatus | null {
  if (!isPlainObject(value) || !STATUSES.includes(value.status)) return null;
  const { status, reason } = value as unknown as StreamStatus;
  if (reason === undefined) return { status };
  return isPlainText(reason) ? { status, reason } : null;
}

export function parseStatusStore(value: unknown): StatusStore {
  if (value === undefined) return inMemory();
  const { read, write } = Object(value) as Partial<StatusStore>;
  if (typeof read !== 'function' || typeof write !== 'function') {
    throw new TypeError(`status must be { read(), write(status) }, not ${kindOf(value)}`);
  }
  const given = value as StatusStore;
  return {
    async read() {
      const status = statusIn(await ofApp(() => given.read()));
      if (status !== null) return status;
      throw new TypeError("status.read() must give { status: 'enabled' | 'paused' | 'disabled' }");
    },
    write: (status) => ofApp(() => given.write(status)),
  };
}

function inMemory(): StatusStore {
  let kept: StreamStatus = { status: 'enabled' };
  return {
    read: () => kept,
    write(status) {
      kept = status;
    },
  };
}
