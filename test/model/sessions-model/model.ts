import type { ScopeName } from 'session-revocation/adapter';

/** The settings that the model supports. */
export interface ModelSettings {
  readonly kinds: Readonly<Record<string, ModelKind>>;
  readonly touchEvery: number;
  readonly retention: number;
  readonly limit: { readonly perUser: number; readonly overflow: 'end-oldest' | 'refuse' } | null;
  readonly replace: 'same-browser' | 'same-device' | null;
}

interface ModelKind {
  readonly absolute: number | null;
  readonly idle: number | null;
  readonly survives: readonly ('user' | 'member')[];
}

/** A user in the model: a realm, a user and possibly an account. */
export interface Person {
  readonly realm: string;
  readonly user: string;
  readonly account: string | null;
}

/** The scope of a revocation. */
export interface ModelScope {
  readonly name: ScopeName;
  readonly realm: string;
  readonly user: string | null;
  readonly account: string | null;
}

/** The device of a sign-in. */
export interface ModelDevice {
  /** The browser and its operating system, if they are known. */
  readonly browser: string | null;
  readonly cookie: string | null;
}

/** A session: a plain object that the model marks when the session is over. */
export interface ModelSession extends Person {
  readonly id: string;
  account: string | null;
  readonly kind: string;
  readonly device: ModelDevice;
  readonly createdAt: number;
  lastUsedAt: number;
  expiresAt: number | null;
  /** How often the secret was replaced. */
  serial: number;
  ended: { readonly at: number; readonly reason: string | null } | null;
  /** The scopes whose revocation ended the session. */
  readonly overtaken: Set<ScopeName>;
  gone: boolean;
}

/** A token that a client holds. It is valid as long as the session's secret and account stay the same. */
export interface Held {
  readonly session: ModelSession;
  readonly serial: number;
  readonly account: string | null;
}

/** A sign-in that began. */
export interface ModelFence extends Person {
  readonly at: number;
  /** The kinds that were revoked since the fence was taken. */
  readonly superseded: Set<string>;
}

export type Word =
  | 'ok'
  | 'unknown'
  | 'superseded'
  | 'suspended'
  | 'limit'
  | 'not-live'
  | 'ended'
  | 'expired'
  | 'revoked';

const FENCE_LIVES = 3 * 3600e3;
const CLOCKS_APART = 3600e3;
const SCOPES: readonly ScopeName[] = ['realm', 'user', 'account', 'member'];

/**
 * The expected behaviour of the library, implemented the other way round: a revocation searches for the sessions that
 * it covers and marks them immediately. The model has no generations, no stamps and no records.
 */
export class SessionsModel {
  readonly sessions: ModelSession[] = [];
  readonly fences: ModelFence[] = [];
  /** How often each logged operation was done. The key is the realm and the type of the log entry. */
  readonly done = new Map<string, number>();
  readonly #settings: ModelSettings;
  readonly #suspended = new Set<string>();
  readonly #lastRevoked = new Map<string, number>();

  constructor(settings: ModelSettings) {
    this.#settings = settings;
  }

  fence(person: Person, at: number): ModelFence {
    const fence = { ...person, at, superseded: new Set<string>() };
    this.fences.push(fence);
    return fence;
  }

  /** Returns why no session may start with a fence, or `null`. */
  refusal(fence: ModelFence, kind: string, now: number): Word | null {
    if (scopesOf(fence).some((scope) => this.#suspended.has(keyOf(scope)))) return 'suspended';
    return now - fence.at > FENCE_LIVES || fence.superseded.has(kind) ? 'superseded' : null;
  }

  /** Makes room for a new session. Returns `false` if the limit refuses it. */
  admit(newcomer: Person & Pick<ModelSession, 'kind' | 'device'>, except: ModelSession | null, now: number): boolean {
    const { limit, replace } = this.#settings;
    const peers = this.sessions.filter(
      (peer) =>
        peer !== except && isSamePerson(peer, newcomer) && peer.kind === newcomer.kind && this.over(peer, now) === null,
    );
    const isReplaced = ({ device }: ModelSession): boolean =>
      replace === 'same-browser'
        ? device.browser !== null && device.browser === newcomer.device.browser
        : replace === 'same-device' && device.cookie !== null && device.cookie === newcomer.device.cookie;
    const replaced = peers.filter(isReplaced);
    // A touch that is under way could revive a session that has just expired, so that session is ended, too.
    const inItsWay = this.sessions.filter(
      (peer) =>
        peer !== except &&
        isSamePerson(peer, newcomer) &&
        peer.kind === newcomer.kind &&
        this.over(peer, now) === 'expired' &&
        this.isEndable(peer, now) &&
        (limit !== null || isReplaced(peer)),
    );
    const staying = peers.filter((peer) => !replaced.includes(peer)).sort(youngestFirst);
    const tooMany = limit === null ? 0 : Math.max(0, staying.length - limit.perUser + 1);
    if (tooMany > 0 && limit?.overflow === 'refuse') return false;
    for (const peer of inItsWay) peer.ended = { at: this.#expiry(peer) - 1, reason: 'idle' };
    for (const peer of replaced) peer.ended = { at: now, reason: 'replaced' };
    for (const peer of staying.slice(staying.length - tooMany)) peer.ended = { at: now, reason: 'limit' };
    return true;
  }

  start(person: Person, id: string, kind: string, device: ModelDevice, now: number): ModelSession {
    const { absolute } = this.#kind(kind);
    const session: ModelSession = {
      ...{ ...person, id, kind, device, createdAt: now, lastUsedAt: now, serial: 0, ended: null, gone: false },
      expiresAt: absolute === null ? null : now + absolute,
      overtaken: new Set(),
    };
    this.sessions.push(session);
    return session;
  }

  /** Returns why a session is over, or `null`. */
  over(session: ModelSession, now: number): 'unknown' | 'ended' | 'expired' | 'revoked' | null {
    if (session.gone) return 'unknown';
    if (session.ended !== null) return 'ended';
    if (now >= this.#expiry(session)) return 'expired';
    return session.overtaken.size > 0 ? 'revoked' : null;
  }

  /** Returns whether a session can be ended. Just expired sessions can, since another node's clock may be behind. */
  isEndable(session: ModelSession, now: number): boolean {
    const over = this.over(session, now);
    const justExpired = over === 'expired' && now - this.#expiry(session) < CLOCKS_APART;
    return over === null || (justExpired && session.overtaken.size === 0);
  }

  /** Returns the scope that the library names as revoked, and the time of its last revocation. */
  revocation({ overtaken, ...session }: ModelSession): { scope: ScopeName; at: number } | null {
    const scope = scopesOf(session).find(({ name }) => overtaken.has(name));
    return scope === undefined ? null : { scope: scope.name, at: this.#lastRevoked.get(keyOf(scope)) ?? 0 };
  }

  check({ session, serial, account }: Held, now: number): Word {
    if (session.gone || session.account !== account) return 'unknown';
    if (session.serial !== serial) return 'superseded';
    const over = this.over(session, now);
    if (over === null && now - session.lastUsedAt >= this.#settings.touchEvery) session.lastUsedAt = now;
    return over ?? 'ok';
  }

  isLive({ session, serial, account }: Held, now: number): boolean {
    return session.serial === serial && session.account === account && this.over(session, now) === null;
  }

  /** Replaces the secret. */
  renew({ session }: Held, now: number): Held {
    this.#count(session.realm, 'session.renewed');
    session.serial++;
    session.lastUsedAt = Math.max(session.lastUsedAt, now);
    return this.held(session);
  }

  reauthenticate(held: Held, now: number): Held {
    const { absolute } = this.#kind(held.session.kind);
    held.session.expiresAt = absolute === null ? null : now + absolute;
    return this.renew(held, now);
  }

  held(session: ModelSession): Held {
    return { session, serial: session.serial, account: session.account };
  }

  /** Marks all covered sessions, and the fences of sign-ins that are under way. */
  revoke(scope: ModelScope, kinds: readonly string[] | 'all' | null, kept: ModelSession | null, at: number): void {
    const covers = (kind: string): boolean => this.#covers(scope, kinds, kind);
    for (const session of this.sessions) {
      if (isWithin(scope, session) && covers(session.kind) && session !== kept) session.overtaken.add(scope.name);
    }
    for (const fence of this.fences) {
      if (!isWithin(scope, fence)) continue;
      for (const kind of Object.keys(this.#settings.kinds)) if (covers(kind)) fence.superseded.add(kind);
    }
    this.#lastRevoked.set(keyOf(scope), at);
    this.#count(scope.realm, 'sessions.revoked');
  }

  /** Returns the live sessions that a revocation would cover. */
  covered(scope: ModelScope, kinds: readonly string[] | 'all' | null, now: number): ModelSession[] {
    return this.sessions.filter(
      (session) =>
        isWithin(scope, session) && this.#covers(scope, kinds, session.kind) && this.over(session, now) === null,
    );
  }

  /** Ends the sessions that were not used for this long. Returns their number. */
  endIdle(scope: ModelScope, unusedFor: number, now: number): number {
    const idle = this.covered(scope, 'all', now).filter(({ lastUsedAt }) => now - lastUsedAt >= unusedFor);
    for (const session of idle) session.ended = { at: now, reason: 'idle' };
    return idle.length;
  }

  /** Ends and forgets all sessions of a user. Returns their number. */
  forgetUser(realm: string, user: string, now: number): number {
    this.revoke({ name: 'user', realm, user, account: null }, 'all', null, now);
    const theirs = this.sessions.filter((session) => session.realm === realm && session.user === user && !session.gone);
    for (const session of theirs) session.gone = true;
    return theirs.length;
  }

  isSuspended(scope: ModelScope): boolean {
    return this.#suspended.has(keyOf(scope));
  }

  suspend(scope: ModelScope, suspended: boolean): void {
    if (suspended) this.#suspended.add(keyOf(scope));
    else this.#suspended.delete(keyOf(scope));
  }

  /** Returns the rows of a list, the youngest first. */
  list(realm: string, user: string, account: string | null): ModelSession[] {
    return this.sessions
      .filter((session) => session.realm === realm && session.user === user && !session.gone)
      .filter((session) => account === null || session.account === account)
      .sort(youngestFirst);
  }

  /** Forgets the sessions that were over for longer than the retention. Returns their number. */
  prune(now: number): number {
    const before = now - this.#settings.retention;
    const due = this.sessions.filter((session) => {
      if (session.gone) return false;
      const at = session.ended?.at ?? this.#expiry(session);
      return at === Number.POSITIVE_INFINITY ? (this.revocation(session)?.at ?? at) <= before : at <= before;
    });
    for (const session of due) session.gone = true;
    return due.length;
  }

  #covers(scope: ModelScope, kinds: readonly string[] | 'all' | null, kind: string): boolean {
    if (kinds === null) return !this.#kind(kind).survives.some((name) => name === scope.name);
    return kinds === 'all' || kinds.includes(kind);
  }

  #count(realm: string, type: string): void {
    const key = `${realm} ${type}`;
    this.done.set(key, (this.done.get(key) ?? 0) + 1);
  }

  #expiry({ kind, expiresAt, lastUsedAt }: ModelSession): number {
    const { idle } = this.#kind(kind);
    return Math.min(
      expiresAt ?? Number.POSITIVE_INFINITY,
      idle === null ? Number.POSITIVE_INFINITY : lastUsedAt + idle,
    );
  }

  #kind(kind: string): ModelKind {
    const found = this.#settings.kinds[kind];
    if (found === undefined) throw new Error(`the model has no kind ${kind}`);
    return found;
  }
}

/** Returns the scopes that a user belongs to. */
function scopesOf({ realm, user, account }: Person): readonly ModelScope[] {
  return SCOPES.filter((name) => account !== null || name === 'realm' || name === 'user').map((name) => ({
    ...{ name, realm },
    user: name === 'user' || name === 'member' ? user : null,
    account: name === 'account' || name === 'member' ? account : null,
  }));
}

const keyOf = ({ name, realm, user, account }: ModelScope): string => JSON.stringify([name, realm, user, account]);

const isWithin = (scope: ModelScope, person: Person): boolean =>
  scopesOf(person).some((one) => keyOf(one) === keyOf(scope));

const isSamePerson = (a: Person, b: Person): boolean =>
  a.realm === b.realm && a.user === b.user && a.account === b.account;

const youngestFirst = (a: ModelSession, b: ModelSession): number =>
  b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
