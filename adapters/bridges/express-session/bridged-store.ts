import { SessionError, type Verdict } from '../../../src/index.ts';
import { type Admission, type Bridge, isDead, verdictOf } from '../shared/bridge.ts';
import { type Callback, CallbackStore, tombstoneOf } from '../shared/callback-store.ts';
import { RecentIds } from '../shared/recent-ids.ts';
import { clearPending, isBlank, isPending, markPending, putStamp, stampOf } from '../shared/stamp.ts';
import type { InnerRequest, InnerSession, InnerStore } from './inner-layer.ts';

export interface OpenedSession {
  /** The id from the client's cookie; `null` for a new session. */
  readonly sid: string | null;
  /** The response must not set this id again: the client may have a newer one. */
  readonly isDead: boolean;
  readonly verdict: Verdict | null;
}

export type OnOpened = (request: InnerRequest, opened: OpenedSession) => void;

const NEW: OpenedSession = { sid: null, isDead: false, verdict: null };

/** Waits in ms between two reads of a pending record. They add up to one second, because the process that writes it may have ended. */
const WAITS: readonly number[] = Array.from({ length: 9 }, (_, at) => 2 ** (at + 1));

const NO_RECORD = async (): Promise<null> => null;

type Generate = (request: InnerRequest) => void;

interface NextSession {
  readonly data: Partial<InnerSession>;
  readonly isDead: boolean;
  readonly verdict: Verdict | null;
}

/** Judges the sessions that the inner store returns, and ends the sessions that the app destroys. */
export class BridgedStore {
  readonly #inner: InnerStore;
  readonly #store: CallbackStore<InnerSession>;
  readonly #onOpened: OnOpened;
  /**
   * Registers a listener on the inner store, unless the listener is express-session's own. After `disconnect`, express-session would serve
   * signed-in users as visitors. `get` fails instead.
   */
  readonly on: InnerStore['on'];
  /** Admission of the data that `get` has read, until `createSession` receives the same data. */
  readonly #admissions = new WeakMap<object, Admission>();
  readonly #bridge: Bridge<InnerSession>;
  /** The session that `generate` must make. Set only while `get` answers "no session": express-session then calls `generate` at once. */
  #next: NextSession | null = null;
  /** New ids. A client may send one before its session is saved, because express-session sends the cookie first. */
  readonly #newIds = new RecentIds();
  /** Sessions made from a tombstone or from no record. `set` skips them while they are blank. */
  readonly #unsaved = new WeakSet<object>();
  readonly #fresh = new WeakSet<object>();
  readonly #sentIds = new WeakMap<object, string>();
  #isDisconnected = false;
  /** Events whose next `on` call comes from express-session, right after it has set `generate`. `on` ignores these calls. */
  #ignoredEvents = new Set<string>();

  constructor(inner: InnerStore, bridge: Bridge<InnerSession>, onOpened: OnOpened) {
    this.#inner = inner;
    this.#bridge = bridge;
    this.#store = new CallbackStore(inner, bridge);
    this.#onOpened = onOpened;
    inner.on('disconnect', () => {
      this.#isDisconnected = true;
    });
    inner.on('connect', () => {
      this.#isDisconnected = false;
    });
    const isIgnored = (event: string): boolean => this.#ignoredEvents.delete(event);
    this.on = function on(this: unknown, event, listener): unknown {
      if (!isIgnored(event)) inner.on(event, listener);
      return this;
    };
  }

  readonly get = (sid: string, callback: Callback<InnerSession | null>): void => this.#get(sid, callback, 0);

  /** Reads and judges a record. `reads` counts the earlier reads: a pending record is read again after `WAITS[reads]` ms. */
  #get(sid: string, callback: Callback<InnerSession | null>, reads: number): void {
    if (this.#isDisconnected) {
      process.nextTick(
        callback,
        new SessionError('SESSION_STORE_UNAVAILABLE', 'the store of express-session is disconnected'),
      );
      return;
    }
    this.#store.read(sid, (error, data, admission) => {
      const wait = data && isPending(data) ? WAITS[reads] : undefined;
      if (wait !== undefined) {
        setTimeout(() => this.#get(sid, callback, reads + 1), wait);
        return;
      }
      if (data && isPending(data)) clearPending(data);
      if (admission !== null && isDead(admission) && isBlank(data)) {
        this.#answerNone({ data, isDead: true, verdict: verdictOf(admission) }, callback);
      } else if (!error && !data && this.#newIds.has(sid)) {
        // Not saved yet. Generating another id would replace the one in this client's cookie.
        this.#answerNone({ data: {}, isDead: false, verdict: null }, callback);
      } else {
        if (admission !== null) this.#admissions.set(data, admission);
        callback(error, data);
      }
    });
  }

  readonly set = (sid: string, data: InnerSession, callback: Callback = () => {}): void => {
    if (this.#unsaved.has(data) && isBlank(data)) process.nextTick(callback);
    else this.#store.set(sid, data, callback, this.#fresh.has(data) ? NO_RECORD : undefined);
  };

  readonly destroy = (sid: string, callback: Callback = () => {}): void => this.#store.destroy(sid, callback);

  isSuperseded(sid: string, session: InnerSession): Promise<boolean> {
    return this.#bridge.isSuperseded(session, this.#store.reader(sid));
  }

  /**
   * Answers "no session" to express-session, which calls `generate` before `callback` returns. `generate` then makes a session from `next`,
   * under the client's id.
   */
  #answerNone(next: NextSession, callback: Callback<null>): void {
    this.#next = next;
    try {
      callback(null, null);
    } finally {
      this.#next = null;
    }
  }

  isFromClient(request: InnerRequest): boolean {
    return this.#sentIds.get(request) === request.sessionID;
  }

  /**
   * Gives up the request's id. An id that the client has sent gets a tombstone, so that slower requests with it do not set its cookie
   * again. The record of any other id is deleted.
   */
  readonly abandon = (request: InnerRequest, callback: Callback): void => {
    const { sessionID: sid, session } = request;
    if (session === undefined || !this.isFromClient(request)) this.#inner.destroy(sid, callback);
    else this.#inner.set(sid, tombstoneOf(session), callback);
  };

  /** Changes the sid. The library's session continues, unless the data name no user at the next save. */
  readonly regenerate = (request: InnerRequest, callback: Callback): void => {
    const { sessionID: sid } = request;
    const stamp = request.session === undefined ? undefined : stampOf(request.session);
    this.abandon(request, (error?: unknown) => {
      if (!error) this.#bridge.abandonedIds.add(sid);
      this.generate(request);
      const { session, sessionID: renewed } = request;
      if (stamp === undefined || session === undefined) {
        callback(error);
        return;
      }
      putStamp(session, stamp);
      if (error) callback(error);
      else this.#inner.set(renewed, markPending(tombstoneOf(session)), callback);
    });
  };

  readonly load = (sid: string, callback: Callback): void => {
    this.get(sid, (error, data) => {
      if (error || !data) callback(error);
      else callback(null, this.createSession({ sessionID: sid, sessionStore: this } as never, data));
    });
  };

  readonly createSession = (request: InnerRequest, data: InnerSession): unknown => {
    const session = this.#inner.createSession(request, data);
    const admission = this.#admissions.get(data) ?? null;
    const stamp = admission?.is === 'session' ? admission.stamp : null;
    // Only in the session: express-session compares it with the hash of `data`, and so saves the stamp as a change.
    if (stamp !== null) putStamp(session, stamp);
    // `load` passes no real request.
    if (request.headers !== undefined) {
      const { sessionID: sid } = request;
      this.#open(request, admission === null ? NEW : { sid, isDead: isDead(admission), verdict: verdictOf(admission) });
    }
    return session;
  };

  #open(request: InnerRequest, opened: OpenedSession): void {
    if (opened.sid !== null) this.#sentIds.set(request, opened.sid);
    this.#onOpened(request, opened);
  }

  #generate: Generate = () => {
    throw new TypeError('no express-session uses this store yet: pass it to session({ store })');
  };

  get generate(): Generate {
    return (request) => {
      const next = this.#next;
      this.#next = null;
      const { sessionID: sid } = request;
      this.#generate(request);
      if (next === null) {
        this.#newIds.add(request.sessionID);
        if (request.session !== undefined) this.#fresh.add(request.session);
        this.#open(request, NEW);
        return;
      }
      const { data, isDead, verdict } = next;
      // Keeps the client's id, with the cookie options of express-session.
      const { cookie } = request.session ?? (data as InnerSession);
      request.sessionID = sid;
      this.#unsaved.add(this.#inner.createSession(request, { ...data, cookie } as InnerSession));
      this.#open(request, { sid, isDead, verdict });
    };
  }

  set generate(generate: Generate) {
    this.#generate = generate;
    this.#ignoredEvents = new Set(['disconnect', 'connect']);
  }
}
