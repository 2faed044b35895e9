import { AsyncLocalStorage } from 'node:async_hooks';
import { type Callback, type CallbackRecords, CallbackStore } from '../host/callback-store.ts';
import { type Admission, type Bridge, stampOf } from '../host/index.ts';
import type { HostSession } from './host.ts';

/** What was found out about a session. */
interface Finding {
  readonly sid: string;
  readonly admission: Admission;
  isTaken: boolean;
}

/** What becomes of the session that another one takes the place of. */
type Rotation = 'instead' | 'apart';

/**
 * A bridged store of @fastify/session, which asks it for data without a word of the request: what was found out about them goes
 * along with the answer, to the hook that runs after the host's.
 */
export class BridgedStore implements CallbackRecords<HostSession> {
  readonly #inner: CallbackRecords<HostSession>;
  readonly #store: CallbackStore<HostSession>;
  readonly #findings = new AsyncLocalStorage<Finding>();
  #rotation: Rotation | null = null;

  constructor(inner: CallbackRecords<HostSession>, bridge: Bridge<HostSession>) {
    this.#inner = inner;
    this.#store = new CallbackStore(inner, bridge, (sid, _, admission, answer) =>
      this.#findings.run({ sid, admission, isTaken: false }, answer),
    );
  }

  readonly get = (sid: string, callback: Callback<HostSession | null>): void => this.#store.get(sid, callback);

  readonly set = (sid: string, data: HostSession, callback: Callback = () => {}): void => {
    if (this.#takeRotation() !== null) this.#inner.set(sid, data, callback);
    else this.#store.set(sid, data, callback);
  };

  readonly destroy = (sid: string, callback: Callback = () => {}): void => {
    const rotation = this.#takeRotation();
    if (rotation === null) this.#store.destroy(sid, callback);
    else if (rotation === 'apart') this.rotate(() => callback(), rotation);
    else this.#inner.destroy(sid, (error) => this.rotate(() => callback(error), rotation));
  };

  /**
   * Calls the host's `regenerate`, which destroys one session and, when it is told so, saves another at once: nobody signs out
   * by that. `'apart'`: the old one stays, for whoever may still have a right to it.
   */
  rotate<Result>(regenerate: () => Result, rotation: Rotation = this.#rotation ?? 'instead'): Result {
    this.#rotation = rotation;
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

  /** What was found out about the session of the request that is being served; `null` where that is not known. */
  findingOf(session: HostSession & { readonly sessionId: string }): Admission | null {
    const finding = this.#findings.getStore();
    // A request that the app makes of itself is served in the context of another one.
    if (finding === undefined || finding.isTaken) return null;
    finding.isTaken = true;
    const { sid, admission } = finding;
    // Instead of one that is refused, the host has made a new one.
    const isOfIt = admission.is === 'refused' ? stampOf(session) === undefined : sid === session.sessionId;
    return isOfIt ? admission : null;
  }
}
