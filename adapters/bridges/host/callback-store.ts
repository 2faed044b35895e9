import type { Admission, Bridge, HostData } from './index.ts';

/** What a store calls when an answer is there. */
export type Callback<Answer = unknown> = (error?: unknown, answer?: Answer) => void;

/** A store of express-session's making, as other hosts use it too. */
export interface CallbackRecords<Data> {
  /** Gives nothing where there is no such session; some stores say `ENOENT`. */
  get(sid: string, callback: Callback<Data | null>): void;
  /** Creates or replaces. */
  set(sid: string, data: Data, callback: Callback): void;
  /** Does nothing where there is no such session. */
  destroy(sid: string, callback: Callback): void;
}

/** Is told what was found out about the data of a session, and lets the host have its answer by `answer()`. */
export type Tell<Data> = (sid: string, data: Data, admission: Admission, answer: () => void) => void;

/**
 * What is different about such a store when it is bridged: whoever asks for a session gets one that is live, and whoever
 * leaves one ends it.
 */
export class CallbackStore<Data extends HostData> implements CallbackRecords<Data> {
  readonly #inner: CallbackRecords<Data>;
  readonly #bridge: Bridge<Data>;
  readonly #tell: Tell<Data>;

  constructor(inner: CallbackRecords<Data>, bridge: Bridge<Data>, tell: Tell<Data>) {
    this.#inner = inner;
    this.#bridge = bridge;
    this.#tell = tell;
  }

  readonly get = (sid: string, callback: Callback<Data | null>): void => {
    // Now: the inner store may answer in the middle of another request.
    const served = this.#bridge.servedWith(sid);
    this.#inner.get(sid, (error, data) => {
      if (error || !data) {
        callback(error, data);
        return;
      }
      this.#bridge.admit(sid, data, served).then(
        // Off the promise, which would swallow what the callback throws.
        (admission) => process.nextTick(() => this.#answer(sid, data, admission, callback)),
        (failure: unknown) => process.nextTick(callback, failure),
      );
    });
  };

  #answer(sid: string, data: Data, admission: Admission, callback: Callback<Data | null>): void {
    const isRefused = admission.is === 'refused';
    const tell = (): void => this.#tell(sid, data, admission, () => callback(null, isRefused ? null : data));
    if (!isRefused || !admission.isOver) {
      tell();
      return;
    }
    // What cannot be cleared away now is refused the next time, too.
    attempt(
      (done) => this.#inner.destroy(sid, done),
      () => process.nextTick(tell),
    );
  }

  readonly set = (sid: string, data: Data, callback: Callback = () => {}): void => {
    if (this.#bridge.left.has(sid)) {
      process.nextTick(callback);
      return;
    }
    this.#bridge.saved(sid, data).then(
      (saved) => process.nextTick(() => attempt((done) => this.#inner.set(sid, saved, done), callback)),
      (failure: unknown) => process.nextTick(callback, failure),
    );
  };

  readonly destroy = (sid: string, callback: Callback = () => {}): void => {
    this.#inner.get(sid, (error, data) => {
      if (error && !isAbsence(error)) {
        callback(error);
        return;
      }
      const ended = data ? this.#bridge.end(sid, data) : Promise.resolve();
      ended.then(
        () => process.nextTick(() => attempt((done) => this.#inner.destroy(sid, done), callback)),
        (failure: unknown) => process.nextTick(callback, failure),
      );
    });
  };
}

/** Asks the inner store. What it throws, instead of calling back with it, is told like that. */
function attempt(ask: (done: Callback) => void, callback: Callback): void {
  let isAnswered = false;
  try {
    ask((...answer) => {
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
