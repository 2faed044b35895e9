import { SessionError, type Verdict } from '../../../src/index.ts';
import { type Admission, type Bridge, isDead, verdictOf } from '../shared/bridge.ts';
import { type Callback, CallbackStore, tombstoneOf } from '../shared/callback-store.ts';
import { RecentIds } from '../shared/recent-ids.ts';
import { awaited, endWait, isAwaited, isBlank, putStamp, stampOf } from '../shared/stamp.ts';
import type { InnerRequest, InnerSession, InnerStore } from './inner-layer.ts';

/** A session that express-session has made for a request. */
export interface OpenedSession {
  /** The id that the client has sent; `null` for a new session. */
  readonly sid: string | null;
  /** The id must not be set again: its client may have a newer one. */
  readonly isDead: boolean;
  readonly verdict: Verdict | null;
}

export type OnOpened = (request: InnerRequest, opened: OpenedSession) => void;

const NEW: OpenedSession = { sid: null, isDead: false, verdict: null };
/**
 * Waits in ms between the reads of a record that another request is about to replace: a second in all. A process that ended in between
 * never replaces it.
 */
const WAITS: readonly number[] = Array.from({ length: 9 }, (_, at) => 2 ** (at + 1));

const NO_RECORD = async (): Promise<null> => null;

type Generate = (request: InnerRequest) => void;

/** The next session that express-session generates, under the id that the client has sent. */
interface NextSession {
  readonly data: Partial<InnerSession>;
  readonly isDead: boolean;
  readonly verdict: Verdict | null;
}

/** The members of a store that the bridge replaces: reading a session judges it, and removing a session ends it. */
export class BridgedStore {
  readonly #inner: InnerStore;
  readonly #store: CallbackStore<InnerSession>;
  readonly #onOpened: OnOpened;
  /**
   * express-session listens to `disconnect` right after it has set `generate`, and then serves requests without any session while the
   * store is away: signed-in users would look like strangers. Its listeners are ignored, and `get` answers an error instead.
   */
  readonly on: InnerStore['on'];
  /** Admissions of data, until express-session makes a session of them. */
  readonly #admissions = new WeakMap<object, Admission>();
  readonly #bridge: Bridge<InnerSession>;
  /** Set while `get` answers "no session": express-session calls `generate` before that call returns. */
  #next: NextSession | null = null;
  /** Ids that clients got recently. express-session sends its cookie before it saves the session. */
  readonly #newIds = new RecentIds();
  /** Sessions made from a tombstone or from nothing. They are saved only once the app has added data. */
  readonly #unsaved = new WeakSet<object>();
  /** Sessions under ids that no client has yet. */
  readonly #fresh = new WeakSet<object>();
  /** The ids that clients have sent, by request. */
  readonly #sentIds = new WeakMap<object, string>();
  #isDisconnected = false;
  /** Events to which express-session is about to listen. */
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

  /** @param reads How often the record was read before. */
  #get(sid: string, callback: Callback<InnerSession | null>, reads: number): void {
    if (this.#isDisconnected) {
      process.nextTick(callback, new SessionError('SESSION_STORE_UNAVAILABLE', 'the store of express-session is away'));
      return;
    }
    this.#store.read(sid, (error, data, admission) => {
      const wait = data && isAwaited(data) ? WAITS[reads] : undefined;
      if (wait !== undefined) {
        setTimeout(() => this.#get(sid, callback, reads + 1), wait);
        return;
      }
      if (data && isAwaited(data)) endWait(data);
      if (admission !== null && isDead(admission) && isBlank(data)) {
        this.#answerNone({ data, isDead: true, verdict: verdictOf(admission) }, callback);
      } else if (!error && !data && this.#newIds.has(sid)) {
        // Not saved yet. A newly generated id would replace the one that this client has just received.
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
    return this.#bridge.isSuperseded(session, this.#store.reads(sid));
  }

  /** Answers that there is no session. express-session then generates one: an empty session under the client's id. */
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
   * Ends the use of the request's id. A tombstone stays under an id that the client has sent: its slower requests then get no cookie with
   * that id, which would replace the next one.
   */
  readonly abandon = (request: InnerRequest, callback: Callback): void => {
    const { sessionID: sid, session } = request;
    if (session === undefined || !this.isFromClient(request)) this.#inner.destroy(sid, callback);
    else this.#inner.set(sid, tombstoneOf(session), callback);
  };

  /** Gives the request another sid. Our session stays, unless no user is signed in when the new one is saved. */
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
      else this.#inner.set(renewed, awaited(tombstoneOf(session)), callback);
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
    // Put after express-session has hashed the data, so that it saves the change.
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
    throw new TypeError('the store belongs to no express-session yet');
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
      // The client's id stays. The new cookie has the options of express-session.
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
