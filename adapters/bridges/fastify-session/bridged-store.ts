import { AsyncLocalStorage } from 'node:async_hooks';
import type { Admission, Bridge } from '../shared/bridge.ts';
import { type Callback, type CallbackRecords, CallbackStore, tombstoneOf } from '../shared/callback-store.ts';
import type { InnerSession } from './inner-layer.ts';

/** The admission of data that @fastify/session has just read. */
interface Finding {
  readonly sid: string;
  readonly admission: Admission;
  isTaken: boolean;
}

/** A regeneration in progress. `former` is the session that gets another id; `null` if no client has its id. */
interface Rotation {
  readonly former: InnerSession | null;
}

/**
 * A bridged store of @fastify/session, which does not tell its store about the request. The admission travels in the async context of the
 * answer, to the hook that runs after that of @fastify/session.
 */
export class BridgedStore implements CallbackRecords<InnerSession> {
  readonly #inner: CallbackRecords<InnerSession>;
  readonly #store: CallbackStore<InnerSession>;
  readonly #bridge: Bridge<InnerSession>;
  readonly #findings = new AsyncLocalStorage<Finding>();
  #rotation: Rotation | null = null;

  constructor(inner: CallbackRecords<InnerSession>, bridge: Bridge<InnerSession>) {
    this.#inner = inner;
    this.#bridge = bridge;
    this.#store = new CallbackStore(inner, bridge);
  }

  readonly get = (sid: string, callback: Callback<InnerSession | null>): void =>
    this.#store.read(sid, (error, data, admission) => {
      if (admission === null) callback(error, data);
      else this.#findings.run({ sid, admission, isTaken: false }, callback, null, data);
    });

  readonly set = (sid: string, data: InnerSession, callback: Callback = () => {}): void => {
    if (this.#takeRotation() !== null) this.#inner.set(sid, data, callback);
    else this.#store.set(sid, data, callback);
  };

  readonly destroy = (sid: string, callback: Callback = () => {}): void => {
    const rotation = this.#takeRotation();
    if (rotation === null) {
      this.#store.destroy(sid, callback);
      return;
    }
    const { former } = rotation;
    const done: Callback = (error) => this.rotate(() => callback(error), former);
    if (former === null) this.#inner.destroy(sid, done);
    else this.#inner.set(sid, tombstoneOf(former), done);
  };

  isSuperseded(sid: string, session: InnerSession): Promise<boolean> {
    return this.#bridge.isSuperseded(session, this.#store.reads(sid));
  }

  /**
   * Calls the `regenerate` of @fastify/session, which destroys one session and may save another at once. This is no sign-out. A tombstone
   * stays under the former id: slower requests with it then get no new cookie.
   */
  rotate<Result>(regenerate: () => Result, former: InnerSession | null): Result {
    this.#rotation = { former };
    try {
      return regenerate();
    } finally {
      this.#rotation = null;
    }
  }

  #takeRotation(): Rotation | null {
    const rotation = this.#rotation;
    this.#rotation = null;
    return rotation;
  }

  /** The admission of the request's session; `null` if it is not known. */
  takeAdmission(session: InnerSession & { readonly sessionId: string }): Admission | null {
    const finding = this.#findings.getStore();
    // Taken once: a request that the app sends to itself is served in the async context of the first one.
    if (finding === undefined || finding.isTaken) return null;
    finding.isTaken = true;
    const { sid, admission } = finding;
    return sid === session.sessionId ? admission : null;
  }
}
