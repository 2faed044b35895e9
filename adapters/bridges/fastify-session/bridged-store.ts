import { AsyncLocalStorage } from 'node:async_hooks';
import type { Admission, Bridge } from '../shared/bridge.ts';
import { type Callback, type CallbackRecords, CallbackStore, tombstoneOf } from '../shared/callback-store.ts';
import type { InnerSession } from './inner-layer.ts';

interface Finding {
  readonly store: BridgedStore;
  readonly sid: string;
  readonly admission: Admission;
  isTaken: boolean;
}

/** A change of the session id. `former` is the session with the old id; `null` if the client did not send that id. */
interface Rotation {
  readonly former: InnerSession | null;
}

/** The result of the current read, shared by all stores. Before Node 24, every `AsyncLocalStorage` in use makes each promise slower. */
const findings = new AsyncLocalStorage<Finding>();

/**
 * Judges the sessions that the inner store returns. @fastify/session passes no request to its store, so the admission reaches the bridge's
 * hook through the async context of the callback.
 */
export class BridgedStore implements CallbackRecords<InnerSession> {
  readonly #inner: CallbackRecords<InnerSession>;
  readonly #store: CallbackStore<InnerSession>;
  readonly #bridge: Bridge<InnerSession>;
  #rotation: Rotation | null = null;

  constructor(inner: CallbackRecords<InnerSession>, bridge: Bridge<InnerSession>) {
    this.#inner = inner;
    this.#bridge = bridge;
    this.#store = new CallbackStore(inner, bridge);
  }

  readonly get = (sid: string, callback: Callback<InnerSession | null>): void =>
    this.#store.read(sid, (error, data, admission) => {
      if (admission === null) callback(error, data);
      else findings.run({ store: this, sid, admission, isTaken: false }, callback, null, data);
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
    return this.#bridge.isSuperseded(session, this.#store.reader(sid));
  }

  /**
   * Runs `regenerate`, which destroys the former session and may save the new one at once. The store treats this as a new id, not as a
   * sign-out. A tombstone stays under the former id.
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

  takeAdmission(session: InnerSession & { readonly sessionId: string }): Admission | null {
    const finding = findings.getStore();
    // Taken once: a request that the app sends to itself inherits this async context.
    if (finding === undefined || finding.store !== this || finding.isTaken) return null;
    finding.isTaken = true;
    const { sid, admission } = finding;
    return sid === session.sessionId ? admission : null;
  }
}
