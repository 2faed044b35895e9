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

/** `former` is the session that gets another id; `null` if no client has its id. */
interface Rotation {
  readonly former: InnerSession | null;
}

/** Of all stores together, as {@link Bridge} does it with requests. */
const findings = new AsyncLocalStorage<Finding>();

/** @fastify/session does not tell its store about the request. The admission reaches our hook through the callback's async context. */
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

  /** `regenerate` destroys one session and may save another at once. This is no sign-out. Keeps a tombstone under the former id. */
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
