import { SessionError, type Verdict } from '../../../src/index.ts';
import { type Callback, CallbackStore } from '../host/callback-store.ts';
import { type Admission, type Bridge, putStamp, stampOf } from '../host/index.ts';
import type { HostRequest, HostSession, InnerStore } from './host.ts';

/** Is told that a request has a session: a new one, for nobody, or one of the inner store. */
export type Arrived = (request: HostRequest, verdict: Verdict | null) => void;

type Generate = (request: HostRequest) => void;

/**
 * What is different about a store that is bridged: whoever asks for a session gets one that is live, and whoever leaves one
 * ends it. All else is the inner store's.
 */
export class BridgedStore {
  readonly #inner: InnerStore;
  readonly #store: CallbackStore<HostSession>;
  readonly #arrived: Arrived;
  /**
   * express-session listens right after it has set `generate`, and would then serve requests without any session while the store
   * is away: whoever is signed in would be taken for a stranger. It is not told; `get` tells whoever has a session.
   */
  readonly on: InnerStore['on'];
  /** What was found out about data, until express-session makes a session of them. */
  readonly #admissions = new WeakMap<object, Admission>();
  /** Why there is no session, while express-session is told so. */
  #refused: Verdict | null = null;
  /** While the inner store says that it is disconnected. */
  #isDown = false;
  /** What express-session is about to listen to. */
  #awaited = new Set<string>();

  constructor(inner: InnerStore, bridge: Bridge<HostSession>, arrived: Arrived) {
    this.#inner = inner;
    this.#store = new CallbackStore(inner, bridge, (_, data, admission, answer) => this.#told(data, admission, answer));
    this.#arrived = arrived;
    inner.on('disconnect', () => {
      this.#isDown = true;
    });
    inner.on('connect', () => {
      this.#isDown = false;
    });
    const isAwaited = (event: string): boolean => this.#awaited.delete(event);
    this.on = function on(this: unknown, event, listener): unknown {
      if (!isAwaited(event)) inner.on(event, listener);
      return this;
    };
  }

  readonly get = (sid: string, callback: Callback<HostSession | null>): void => {
    if (!this.#isDown) this.#store.get(sid, callback);
    else
      process.nextTick(callback, new SessionError('SESSION_STORE_UNAVAILABLE', 'the store of express-session is away'));
  };

  readonly set = (sid: string, data: HostSession, callback?: Callback): void => this.#store.set(sid, data, callback);

  readonly destroy = (sid: string, callback?: Callback): void => this.#store.destroy(sid, callback);

  #told(data: HostSession, admission: Admission, answer: () => void): void {
    if (admission.is !== 'refused') {
      this.#admissions.set(data, admission);
      answer();
      return;
    }
    // express-session makes a new session before it returns: it is then known why.
    this.#refused = admission.verdict;
    try {
      answer();
    } finally {
      this.#refused = null;
    }
  }

  /** Another sid for the same browser: our session stays, unless nobody is signed in when the new one is saved. */
  readonly regenerate = (request: HostRequest, callback: Callback): void => {
    const stamp = request.session === undefined ? undefined : stampOf(request.session);
    this.#inner.destroy(request.sessionID, (error?: unknown) => {
      this.generate(request);
      if (stamp !== undefined && request.session !== undefined) putStamp(request.session, stamp);
      callback(error);
    });
  };

  readonly load = (sid: string, callback: Callback): void => {
    this.get(sid, (error, data) => {
      if (error || !data) callback(error);
      else callback(null, this.createSession({ sessionID: sid, sessionStore: this } as never, data));
    });
  };

  readonly createSession = (request: HostRequest, data: HostSession): unknown => {
    const session = this.#inner.createSession(request, data);
    const admission = this.#admissions.get(data) ?? null;
    const stamp = admission?.is === 'session' ? admission.stamp : null;
    // After the host has noted what the data were: it saves them with it.
    if (stamp !== null) putStamp(session, stamp);
    // `load` has no request to tell of.
    if (request.headers !== undefined) {
      this.#arrived(request, admission?.is === 'session' ? admission.verdict : null);
    }
    return session;
  };

  /** As express-session has set it. */
  #generate: Generate = () => {
    throw new TypeError('the store belongs to no express-session yet');
  };

  get generate(): Generate {
    return (request) => {
      const verdict = this.#refused;
      this.#refused = null;
      this.#generate(request);
      this.#arrived(request, verdict);
    };
  }

  set generate(generate: Generate) {
    this.#generate = generate;
    this.#awaited = new Set(['disconnect', 'connect']);
  }
}
