import type { Core } from '../core/context.ts';
import { refusalOf, type TokenRefusal, type TokenRules } from '../core/verdict.ts';
import { ageOf, type Moment, momentOf } from '../freshness/moment.ts';
import { SessionError } from '../lib/errors.ts';
import { isSameSecret, secretOf } from '../model/credential.ts';
import { expiryOf } from '../model/judge.ts';
import type { CheckRefusal } from '../model/reason.ts';
import { refOf, Session, type SessionRecord, type SessionRef } from '../model/session.ts';
import { memberTag, type Tag } from '../model/token.ts';

/** A socket, a stream or another emitter that tells when it closes. */
export interface Closing {
  /**
   * Listens to the event `close` once, as an `EventEmitter` does.
   * @param event only `'close'`.
   * @param listener takes no arguments.
   */
  once(event: 'close', listener: () => void): unknown;
  /**
   * Stops listening.
   * @param event only `'close'`.
   * @param listener the function that was passed to `once`.
   */
  removeListener?(event: 'close', listener: () => void): unknown;
}

/** What a signal belongs to: a WebSocket, a request, a response, or the signal of a job. */
export type SignalOwner = AbortSignal | Closing;

/** A credential with the signals that fire when it is no longer accepted. */
interface Watched {
  /** Replaced when a renewal keeps the signals. */
  record: SessionRecord;
  readonly ref: SessionRef;
  readonly tags: readonly Tag[];
  /** Each with a function that stops listening to its owner. */
  readonly signals: Map<AbortController, () => void>;
  /** Unix ms. */
  expiry: number;
}

/** The most sessions in one read. */
const BATCH = 100;
/** The most signals that fire in one turn of the event loop. */
const IN_ONE_TURN = 200;
/** Without a change, a session is read again after this time, in ms. */
const READ_AGAIN = 300e3;
/** If the change log has not replied for this many intervals, it is not relied on, and the sessions are read. */
const MISSED = 3;

/**
 * Fires signals when their sessions are over. A notice never fires a signal by itself: it causes a read, and the session is judged as in a
 * check. The timer runs only while there are signals, and does not keep the process alive.
 */
export class Signals {
  readonly #core: Core;
  readonly #rules: TokenRules<SessionRecord>;
  readonly #watched = new Map<string, Watched>();
  readonly #byTag = new Map<Tag, Set<Watched>>();
  readonly #due = new Set<Watched>();
  /** Keys of the credentials that this process is renewing, to keep their signals. */
  readonly #renewals = new Set<{ readonly key: string }>();
  #isReading = false;
  #timer: NodeJS.Timeout | null = null;
  /** When the last answered question to the store was sent. */
  #reached: Moment = momentOf(0);
  #readAll: Moment = momentOf(0);
  #firing: (readonly [AbortController, SessionError])[] = [];
  #unlisten: (() => void) | null = null;

  constructor(core: Core) {
    this.#core = core;
    const { realm } = core.settings;
    this.#rules = {
      during: 'check',
      supersededIsAnomaly: false,
      mismatchOf(session, { credential }) {
        if (session.realm !== realm) return 'unknown';
        return isSameSecret(session.credential, credential) ? null : 'superseded';
      },
    };
  }

  /** The number of signals that have not fired. */
  get size(): number {
    let size = 0;
    for (const { signals } of this.#watched.values()) size += signals.size;
    return size;
  }

  signal(session: Session, owner: SignalOwner): AbortSignal {
    const record = Session.recordOf('session', session);
    requireOwner(owner);
    this.#core.activity.requireOpen();
    const controller = new AbortController();
    if (isClosed(owner)) return controller.signal;
    // The owner's method may throw, so it is called before the session is watched.
    const unlisten = onClose(owner, () => this.#release(watched, controller));
    const watched = this.#watch(record);
    watched.signals.set(controller, unlisten);
    // The session may have ended since it was judged.
    this.#due.add(watched);
    void this.#readDue();
    return controller.signal;
  }

  /**
   * Moves the signals of a session to its new credential if the renewal succeeds. Meanwhile a read may find a new secret and cannot know
   * whether this process set it, so it fires nothing. The session is read again afterwards.
   */
  async keep<Renewed extends { readonly session: Session | null }>(
    record: SessionRecord,
    renew: () => Promise<Renewed>,
  ): Promise<Renewed> {
    const renewal = { key: keyOf(record) };
    this.#renewals.add(renewal);
    try {
      const renewed = await renew();
      if (renewed.session !== null) this.#move(renewal.key, Session.recordOf('session', renewed.session));
      return renewed;
    } finally {
      this.#renewals.delete(renewal);
      this.#notice([record.userTag]);
    }
  }

  close(): void {
    for (const { signals } of this.#watched.values()) {
      for (const unlisten of signals.values()) unlisten();
      // A read may be under way. It fires nothing where it finds no signals.
      signals.clear();
    }
    this.#watched.clear();
    this.#byTag.clear();
    this.#due.clear();
    this.#stop();
  }

  #watch(record: SessionRecord): Watched {
    const key = keyOf(record);
    const known = this.#watched.get(key);
    if (known !== undefined) return known;
    const { userTag, accountTag } = record;
    const tags = accountTag === null ? [userTag] : [userTag, accountTag, memberTag(userTag, accountTag)];
    const watched: Watched = {
      record,
      ref: refOf(record),
      tags,
      signals: new Map(),
      expiry: expiryOf(record) ?? Infinity,
    };
    if (this.#watched.size === 0) this.#start();
    this.#watched.set(key, watched);
    for (const tag of tags) {
      const others = this.#byTag.get(tag);
      if (others === undefined) this.#byTag.set(tag, new Set([watched]));
      else others.add(watched);
    }
    return watched;
  }

  #move(key: string, record: SessionRecord): void {
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    this.#watched.delete(key);
    watched.record = record;
    this.#watched.set(keyOf(record), watched);
  }

  #release(watched: Watched, controller: AbortController): void {
    watched.signals.delete(controller);
    if (watched.signals.size === 0) this.#forget(watched);
  }

  #forget(watched: Watched): void {
    this.#watched.delete(keyOf(watched.record));
    this.#due.delete(watched);
    for (const tag of watched.tags) {
      const others = this.#byTag.get(tag);
      others?.delete(watched);
      if (others?.size === 0) this.#byTag.delete(tag);
    }
    if (this.#watched.size === 0) this.#stop();
  }

  #start(): void {
    const { notices, settings, now } = this.#core;
    this.#reached = this.#readAll = momentOf(now());
    this.#unlisten = notices.listen((tags) => this.#notice(tags));
    this.#timer = setInterval(() => this.#look(), settings.signal.every);
    this.#timer.unref();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#unlisten?.();
    this.#unlisten = null;
  }

  /** Reads the sessions of these tags again. `null` stands for every tag. */
  #notice(tags: Iterable<Tag> | null): void {
    if (tags === null) this.#addAll();
    else {
      for (const tag of tags) {
        if (tag === this.#core.realmTag) this.#addAll();
        else for (const watched of this.#byTag.get(tag) ?? []) this.#due.add(watched);
      }
    }
    void this.#readDue();
  }

  #addAll(): void {
    for (const watched of this.#watched.values()) this.#due.add(watched);
  }

  #look(): void {
    const now = momentOf(this.#core.now());
    if (!this.#isTold(now) || ageOf(this.#readAll, now) >= READ_AGAIN) {
      this.#readAll = now;
      this.#addAll();
    }
    for (const watched of this.#watched.values()) if (watched.expiry <= now.wall) this.#due.add(watched);
    void this.#readDue();
  }

  /** Asks the change log. Returns `false` if the store has none, or it does not reply. The sessions must then be read. */
  #isTold(now: Moment): boolean {
    const { changes, settings } = this.#core;
    if (changes === null) return false;
    if (changes.isSynchronous) {
      if (!changes.askNow()) return false;
      this.#reached = now;
      return true;
    }
    changes.askSoon(0, now);
    return changes.age(now) < MISSED * settings.signal.every;
  }

  async #readDue(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#due.size > 0) {
        const batch = [...take(this.#due, BATCH)];
        if (!(await this.#read(batch))) {
          // The next run of the timer tries again.
          for (const watched of batch) if (watched.signals.size > 0) this.#due.add(watched);
          return;
        }
      }
    } finally {
      this.#isReading = false;
    }
  }

  /** Reads some sessions, and fires the signals of those that are over. Returns `false` if the store did not answer. */
  async #read(batch: readonly Watched[]): Promise<boolean> {
    const { store, realmTag, freshness, now, changes, settings } = this.#core;
    const sent = momentOf(now());
    const judged = batch.map(({ record }) => record);
    const silence = Math.min(ageOf(this.#reached, sent), changes?.age(sent) ?? Infinity);
    let found: Awaited<ReturnType<typeof store.find>>;
    try {
      found = await store.find(
        realmTag,
        batch.map(({ ref }) => ref),
      );
    } catch (cause) {
      // `silence` was measured before this attempt. So signals fire only if an attempt fails after it, even if the machine has slept.
      if (silence >= settings.signal.giveUpAfter) this.#giveUp(cause);
      return false;
    }
    this.#reached = sent;
    const judgedAt = now();
    for (const [at, watched] of batch.entries()) {
      // All these signals were released meanwhile. New signals of the same credential may be watched by now, and must not be forgotten.
      if (watched.signals.size === 0) continue;
      if (watched.record !== judged[at]) {
        // A renewal has moved the signals meanwhile, and the read may be older than the renewal.
        this.#due.add(watched);
        continue;
      }
      const one = found[at] ?? null;
      const refusal = refusalOf(this.#rules, watched.ref.id, one, watched.record, judgedAt);
      if (refusal === null) {
        watched.expiry = (one && expiryOf(one.session)) ?? Infinity;
        continue;
      }
      if (refusal.reason === 'superseded' && this.#isRenewing(watched)) continue;
      freshness?.noticeRefusal(watched.ref, one, refusal.end);
      this.#fire(watched, overError(refusal));
    }
    return true;
  }

  #isRenewing({ record }: Watched): boolean {
    if (this.#renewals.size === 0) return false;
    const key = keyOf(record);
    return [...this.#renewals].some((renewal) => renewal.key === key);
  }

  #giveUp(cause: unknown): void {
    const error = new SessionError(
      'SESSION_STORE_UNAVAILABLE',
      'the store has not answered for so long that nothing is known of this session',
      { cause },
    );
    for (const watched of [...this.#watched.values()]) this.#fire(watched, error);
  }

  /** Fires in slices, so that many signals do not block the event loop. */
  #fire(watched: Watched, error: SessionError): void {
    if (this.#firing.length === 0) setImmediate(() => this.#fireSome());
    for (const [controller, unlisten] of watched.signals) {
      unlisten();
      this.#firing.push([controller, error]);
    }
    watched.signals.clear();
    this.#forget(watched);
  }

  #fireSome(): void {
    for (const [controller, error] of this.#firing.splice(0, IN_ONE_TURN)) controller.abort(error);
    if (this.#firing.length > 0) setImmediate(() => this.#fireSome());
  }
}

const keyOf = ({ id, credential }: SessionRecord): string => `${id} ${secretOf(credential)}`;

function* take<T>(from: Set<T>, limit: number): Iterable<T> {
  let left = limit;
  for (const one of from) {
    if (left-- === 0) return;
    from.delete(one);
    yield one;
  }
}

const overError = ({ reason, end }: TokenRefusal<CheckRefusal>): SessionError =>
  new SessionError('SESSION_OVER', `the session is over: ${reason}`, { cause: { reason, end } });

function requireOwner(owner: unknown): void {
  const { once, addEventListener } = (owner ?? {}) as Record<string, unknown>;
  if (owner instanceof AbortSignal || typeof once === 'function') return;
  throw new TypeError(
    'the second argument must be what the signal belongs to: a WebSocket, a request, a response or another object with once(event, ' +
      `listener), or an AbortSignal${typeof addEventListener === 'function' ? '; of an EventTarget, give the signal that its close aborts' : ''}`,
  );
}

/** Sockets, streams and WebSockets tell in one of these ways that they are closed. */
function isClosed(owner: SignalOwner): boolean {
  if (owner instanceof AbortSignal) return owner.aborted;
  const { destroyed, closed, readyState } = owner as { destroyed?: unknown; closed?: unknown; readyState?: unknown };
  return destroyed === true || closed === true || readyState === 3;
}

function onClose(owner: SignalOwner, close: () => void): () => void {
  if (owner instanceof AbortSignal) {
    owner.addEventListener('abort', close, { once: true });
    return () => owner.removeEventListener('abort', close);
  }
  owner.once('close', close);
  return () => owner.removeListener?.('close', close);
}
