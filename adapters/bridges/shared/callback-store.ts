import type { Admission, Bridge, Read } from './bridge.ts';
import { type InnerData, stampOf, tombstone } from './stamp.ts';

export type Callback<Answer = unknown> = (error?: unknown, answer?: Answer) => void;

/** A store with the signatures of express-session, which @fastify/session uses too. */
export interface CallbackRecords<Data> {
  /** Calls back without data for an unknown id. Some stores call back with the error `ENOENT`. */
  get(sid: string, callback: Callback<Data | null>): void;
  /** Creates or replaces. */
  set(sid: string, data: Data, callback: Callback): void;
  /** Does nothing for an unknown id. */
  destroy(sid: string, callback: Callback): void;
}

export type Admitted<Data> = (
  ...answer:
    | [error: null, data: Data, admission: Admission]
    | [error: unknown, data: Data | null | undefined, admission: null]
) => void;

/** Makes a tombstone with the cookie of the data, because stores derive from the cookie how long they keep a record. */
export function tombstoneOf<Data extends InnerData>(data: Data, stamp?: string): Data {
  const { cookie } = data as { readonly cookie?: object };
  return Object.assign(tombstone(stamp), cookie === undefined ? {} : { cookie: withMaxAge(cookie) }) as Data;
}

/** Adds `maxAge` to a cookie that was saved without it. Some stores expire a record by it. It is not enumerable, so it is not saved. */
function withMaxAge(cookie: { readonly expires?: string | Date | null; readonly maxAge?: unknown }): object {
  const { expires } = cookie;
  if ('maxAge' in cookie || expires === null || expires === undefined) return cookie;
  return Object.defineProperty({ ...cookie }, 'maxAge', { value: new Date(expires).getTime() - Date.now() });
}

/** Wraps an inner store. Judges a session when its record is read, and ends the session when its record is destroyed. */
export class CallbackStore<Data extends InnerData> {
  readonly #inner: CallbackRecords<Data>;
  readonly #bridge: Bridge<Data>;

  constructor(inner: CallbackRecords<Data>, bridge: Bridge<Data>) {
    this.#inner = inner;
    this.#bridge = bridge;
  }

  read(sid: string, callback: Admitted<Data>): void {
    // Before `get`: the inner store may call back in the context of another request.
    const served = this.#bridge.servedWith(sid);
    this.#inner.get(sid, (error, data) => {
      if (error || !data) {
        callback(error, data, null);
        return;
      }
      this.#bridge.admit(sid, data, served).then(
        // In the next tick: a promise would swallow an error that the callback throws.
        (admission) => process.nextTick(() => this.#answer(sid, data, admission, callback)),
        (failure: unknown) => process.nextTick(callback, failure, undefined, null),
      );
    });
  }

  #answer(sid: string, data: Data, admission: Admission, callback: Admitted<Data>): void {
    if (admission.is !== 'refused') {
      callback(null, data, admission);
      return;
    }
    const refused = tombstoneOf(data, stampOf(data));
    if (!admission.hasEnded) {
      callback(null, refused, admission);
      return;
    }
    // If this write fails, the next read refuses the data again.
    attempt(
      (done) => this.#inner.set(sid, refused, done),
      () => process.nextTick(callback, null, refused, admission),
    );
  }

  set(sid: string, data: Data, callback: Callback, read: Read<Data> = this.reader(sid)): void {
    this.#bridge.saved(sid, data, read).then(
      (saved) =>
        process.nextTick(() => {
          if (saved === null) callback();
          else attempt((done) => this.#inner.set(sid, saved, done), callback);
        }),
      (failure: unknown) => process.nextTick(callback, failure),
    );
  }

  destroy(sid: string, callback: Callback): void {
    this.#inner.get(sid, (error, data) => {
      if (error && !isAbsence(error)) {
        callback(error);
        return;
      }
      const ended = data ? this.#bridge.end(sid, data) : Promise.resolve();
      ended.then(
        () => process.nextTick(() => attempt((done) => this.#remove(sid, data ?? null, done), callback)),
        (failure: unknown) => process.nextTick(callback, failure),
      );
    });
  }

  /**
   * Replaces the record of a user's session with a tombstone, because slower requests with the id must not get another cookie. Deletes any
   * other record.
   */
  #remove(sid: string, data: Data | null, done: Callback): void {
    const wasOfUser = data !== null && (stampOf(data) !== undefined || this.#bridge.userOf(data) !== null);
    if (wasOfUser) this.#inner.set(sid, tombstoneOf(data, stampOf(data)), done);
    else this.#inner.destroy(sid, done);
  }

  reader(sid: string): Read<Data> {
    return async () => (await promiseOf<Data | null>((done) => this.#inner.get(sid, done))) ?? null;
  }
}

export function promiseOf<Answer>(call: (done: Callback<Answer>) => void): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => call((error, answer) => (error ? reject(error) : resolve(answer))));
}

/** Calls the inner store. If the store throws an error, the callback receives it. */
function attempt(call: (done: Callback) => void, callback: Callback): void {
  let isAnswered = false;
  try {
    call((...answer) => {
      isAnswered = true;
      callback(...answer);
    });
  } catch (error) {
    if (isAnswered) throw error;
    callback(error);
  }
}

const isAbsence = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
