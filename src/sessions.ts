import { type Clock, timeOf } from './clock.ts';
import { type Core, identify, kindSettings } from './core.ts';
import { type CheckRefusal, Events, type SessionEventType, type SessionListener } from './events.ts';
import { isPlainObject, parseArguments, parseOptionalText, parseText } from './input.ts';
import { type Duration, parseDuration } from './lifetime.ts';
import { LIST_KEYS, type ListRequest, type ListResult, list } from './list.ts';
import { CLOCKS_APART, parseOptions, type SessionsOptions } from './options.ts';
import { type PruneResult, prune, startPruning } from './pruner.ts';
import {
  REAUTHENTICATE_KEYS,
  RENEW_KEYS,
  type ReauthenticateRequest,
  type RenewRequest,
  type RenewResult,
  reauthenticate,
  renew,
} from './renew.ts';
import { type Order, parseScope, type RevokeResult, revoke, type Scope } from './revocation.ts';
import { type Ended, judge, type Over, type Overtaken, Session } from './session.ts';
import {
  FENCE_KEYS,
  type FenceRequest,
  fence,
  START_KEYS,
  type StartRequest,
  type StartResult,
  start,
} from './start.ts';
import type { Awaitable, FoundSession } from './store.ts';
import { guardStore, isPromise } from './store-guard.ts';
import { hashSecret, isSessionId, parseToken, realmTag, sameHash, type TokenRef, userTag } from './token.ts';
import { Touches } from './touches.ts';

/** What a token is worth at this moment. */
export type Verdict =
  | { readonly ok: true; readonly session: Session }
  | {
      readonly ok: false;
      readonly session: null;
      /**
       * `'malformed'`: not a token of ours; the store was not asked. `'unknown'`: no such session here. `'superseded'`:
       * there is such a session, but its secret was renewed. The others: the secret was right, and the session is over.
       */
      readonly reason: CheckRefusal;
      /** How it was ended, where that is the reason. */
      readonly ended: Ended | null;
      /** The revocation that ended it, where that is the reason and it is still known. */
      readonly revocation: Overtaken | null;
    };

/** Who does something, and why: for events and lists. At most 256 characters each. */
export interface By {
  /** The actor's id, or what acts (`'cron'`). */
  readonly by?: string | null | undefined;
  readonly reason?: string | null | undefined;
}

/** Options of {@link Sessions.end}. */
export interface EndRequest extends By {
  /** Whose session it is. Somebody else's id is the same as no id. */
  readonly user: string;
}

/** What {@link Sessions.end} did. */
export interface EndResult {
  /** Whether there was such a session of this user, live until now. */
  readonly ended: boolean;
  /** After how many ms no process accepts it. */
  readonly effectiveWithin: number;
}

/** Options of {@link Sessions.revoke}. */
export interface RevokeRequest extends By {
  /** A remark for the record. */
  readonly note?: string | null | undefined;
  /** Only these kinds, or `'all'`. Default: all kinds but those that survive this scope. */
  readonly kinds?: readonly string[] | 'all' | undefined;
  /** The session that stays, alone of its kind, under a new secret: "sign out everywhere else". */
  readonly keep?: Session | undefined;
  /** Only if this session is live; it goes with the others, if its kind is covered. For a request in its own name. */
  readonly ifLive?: Session | undefined;
}

const BY_KEYS = ['by', 'reason'];
const REVOKE_KEYS = [...BY_KEYS, 'note', 'kinds', 'keep', 'ifLive'];

/**
 * The sessions of one realm. Made by {@link createSessions}. Every method may throw `SESSION_STORE_UNAVAILABLE` where
 * the store could not find out: that is an outage and never means "signed out"; and `TypeError` for misuse.
 */
export class Sessions {
  readonly #core: Core;
  readonly #pruners = new Set<() => void>();

  /** @internal */
  constructor(core: Core) {
    this.#core = core;
  }

  /** The realm that this object serves. */
  get realm(): string {
    return this.#core.settings.realm;
  }

  /**
   * Makes or upgrades the store's tables, and so finds out at the start whether the store answers. Embedded stores do it
   * by themselves at the first question.
   */
  async setup(): Promise<void> {
    await this.#core.store.setup?.();
  }

  /** What this realm goes by to tell the time. */
  get clock(): Clock {
    return this.#core.settings.clock;
  }

  /** Whether `start` wants a `deviceId`: with `replace: 'same-device'`. */
  get usesDeviceId(): boolean {
    return this.#core.settings.replace === 'same-device';
  }

  /**
   * Begins a sign-in: call it *before* the credentials are checked (where the user is known only afterwards, as in
   * OpenID Connect, as soon as it is known and before the user's row is read), and hand the text to {@link start}. It
   * lives for 3 hours, stays on the server, and refuses nobody.
   */
  async fence(request: FenceRequest): Promise<string> {
    return fence(this.#core, parseArguments('fence', request, FENCE_KEYS) as unknown as FenceRequest);
  }

  /**
   * Starts a session for a user whose credentials were checked behind the fence. Refuses as `'superseded'` what was
   * revoked since the fence was taken (sign in again), as `'suspended'` a suspended scope, as `'limit'` one too many.
   */
  async start(request: StartRequest): Promise<StartResult> {
    return start(this.#core, parseArguments('start', request, START_KEYS) as unknown as StartRequest);
  }

  /** Judges a token. Never throws for what a client sent. One question to the store; the use is noted afterwards. */
  async check(token: string | null | undefined): Promise<Verdict> {
    return this.#check(token);
  }

  // Not `async` itself: V8 optimises what is not a good deal better.
  #check(token: string | null | undefined): Awaitable<Verdict> {
    const parsed = parseToken(token);
    if (parsed === null) return this.#refused('malformed', null);
    const { ref, secret } = parsed;
    const hash = hashSecret(secret);
    const answer = this.#core.store.find(this.#core.realmTag, [ref]);
    return isPromise(answer)
      ? answer.then(([found]) => this.#verdict(ref, hash, found ?? null))
      : this.#verdict(ref, hash, answer[0] ?? null);
  }

  #verdict(ref: TokenRef, hash: string, found: FoundSession | null): Verdict {
    const core = this.#core;
    if (found === null) return this.#refused('unknown', ref.id);
    const { session: record, epochs } = found;
    // The tags came with the token: on a shared store they may be those of another realm.
    if (record.realm !== core.settings.realm) return this.#refused('unknown', ref.id);
    if (!sameHash(record.hash, hash)) return this.#refused('superseded', ref.id);

    const now = core.now();
    const over = judge(record, epochs, now);
    if (over !== null) return this.#refused(over.reason, ref.id, record.user, over);
    if (now - record.lastUsedAt >= core.settings.touchEvery) core.touches.note(record, now);
    return { ok: true, session: new Session(record) };
  }

  #refused(reason: CheckRefusal, session: string | null, user: string | null = null, over?: Over): Verdict {
    const ended = over?.reason === 'ended' ? over.ended : null;
    const revocation = over?.reason === 'revoked' ? over.revocation : null;
    this.#core.events.emit('session.refused', { during: 'check', reason, user, session, revocation });
    return { ok: false, session: null, reason, ended, revocation };
  }

  /**
   * A page of a user's (or a member's) living sessions, the youngest first; with `ended: true` also those that are
   * over, each with the reason, until they are pruned. A page may be short: go on while `cursor` is not `null`.
   */
  async list(
    scope: { readonly user: string; readonly account?: string | undefined },
    request: ListRequest = {},
  ): Promise<ListResult> {
    const { user, account } = parseArguments('list', scope, ['user', 'account']);
    return list(
      this.#core,
      identify(this.#core, user, account),
      parseArguments('list', request, LIST_KEYS) as ListRequest,
    );
  }

  /** Ends one session of a user. */
  async end(id: string, request: EndRequest): Promise<EndResult> {
    const core = this.#core;
    const { user, ...cause } = parseArguments('end', request, ['user', ...BY_KEYS]);
    const name = parseText('user', user);
    const { by, reason } = parseCause(cause);
    if (typeof id !== 'string') throw new TypeError('the id of a session must be a string');
    if (!isSessionId(id)) return { ended: false, effectiveWithin: 0 };

    const ref = { id, user: userTag(core.settings.realm, name) };
    const at = core.now();
    const [found] = await core.store.find(core.realmTag, [ref]);
    const endable = found !== undefined && found !== null && isEndable(found, at);
    const ended = endable && (await core.store.end(ref, { at, by, reason }));
    if (ended) core.events.emit('session.ended', { session: id, user: name, by, reason });
    return { ended, effectiveWithin: 0 };
  }

  /**
   * Ends every session that the scope covers, in one write: `{ user }`, `{ user, account }` (a member), `{ account }`
   * or `{ realm: true }`. With `keep`, that session stays; with `ifLive`, it goes too. Where that session is over,
   * nothing is done and the answer says so: a request of somebody who is signed out must not sign others out.
   */
  async revoke(scope: Scope, request: RevokeRequest = {}): Promise<RevokeResult> {
    const { keep, ifLive, kinds, note, ...cause } = parseArguments('revoke', request, REVOKE_KEYS) as RevokeRequest;
    return revoke(this.#core, parseScope(this.#core, scope), {
      ...parseCause(cause),
      note: parseOptionalText('note', note),
      kinds: this.#parseKinds(kinds),
      keep,
      ifLive,
    });
  }

  #parseKinds(kinds: unknown): Order['kinds'] {
    if (kinds === undefined) return null;
    if (kinds === 'all') return kinds;
    if (!Array.isArray(kinds) || kinds.length === 0)
      throw new TypeError("kinds must be 'all' or a non-empty array of kinds");
    for (const kind of kinds) kindSettings(this.#core, kind);
    return [...kinds];
  }

  /** Revokes all kinds of the scope, and refuses its sign-ins until {@link resume}. */
  async suspend(scope: Scope, request: By = {}): Promise<RevokeResult> {
    return this.#setSuspended('suspend', scope, request, true);
  }

  /**
   * Lets the scope sign in again. Sign-ins begun while it was suspended stay refused. Where it is not suspended, nothing is
   * done and the answer says so.
   */
  async resume(scope: Scope, request: By = {}): Promise<RevokeResult> {
    return this.#setSuspended('resume', scope, request, false);
  }

  async #setSuspended(name: string, scope: Scope, request: By, suspend: boolean): Promise<RevokeResult> {
    const cause = parseCause(parseArguments(name, request, BY_KEYS));
    return revoke(this.#core, parseScope(this.#core, scope), { ...cause, note: null, kinds: 'all', suspend });
  }

  /**
   * Gives a session a new secret (and new attributes; or, with a fence, another account): the old token is refused from
   * now on, and the expiry stays. Do it when privileges change.
   */
  async renew(session: Session, request: RenewRequest = {}): Promise<RenewResult> {
    return renew(this.#core, session, parseArguments('renew', request, RENEW_KEYS) as RenewRequest);
  }

  /** After a new authentication of the same user: a new secret, time of authentication and absolute lifetime (ASVS 7.2.4). */
  async reauthenticate(session: Session, request: ReauthenticateRequest): Promise<RenewResult> {
    return reauthenticate(
      this.#core,
      session,
      parseArguments('reauthenticate', request, REAUTHENTICATE_KEYS) as unknown as ReauthenticateRequest,
    );
  }

  /**
   * Calls a listener for every event of this name, in this process. What it throws fails nothing.
   * @returns a function that stops it.
   */
  on<Type extends SessionEventType>(type: Type, listener: SessionListener<Type>): () => void {
    return this.#core.events.on(type, listener);
  }

  /** Removes, in bounded batches, what was over for longer than the retention. Any number of processes may prune at once. */
  async prune(): Promise<PruneResult> {
    return prune(this.#core);
  }

  /**
   * Prunes every so often in the background, with jitter; does not keep the process alive.
   * @returns a function that stops it.
   */
  startPruning(request: { readonly every?: Duration | undefined } = {}): () => void {
    const { every } = parseArguments('startPruning', request, ['every']);
    const stop = startPruning(this.#core, parseDuration('every', every === undefined ? '1h' : every));
    this.#pruners.add(stop);
    return () => {
      stop();
      this.#pruners.delete(stop);
    };
  }

  /** Stops pruning, writes what is noted, and closes the store (another realm's too, if they share it). */
  async close(): Promise<void> {
    for (const stop of this.#pruners) stop();
    this.#pruners.clear();
    await this.#core.touches.settled();
    await this.#core.store.close?.();
  }
}

/**
 * Whether a session is live, or was until it expired a moment ago: a process whose clock is behind may accept it still,
 * so it is ended all the same.
 */
function isEndable({ session, epochs }: FoundSession, now: number): boolean {
  const over = judge(session, epochs, now);
  if (over?.reason !== 'expired') return over === null;
  return now - over.at < CLOCKS_APART && judge(session, epochs, over.at - 1) === null;
}

function parseCause(input: unknown): { by: string | null; reason: string | null } {
  const { by, reason } = isPlainObject(input) ? input : {};
  return { by: parseOptionalText('by', by), reason: parseOptionalText('reason', reason) };
}

/**
 * Makes the sessions of one realm.
 * @throws `TypeError` for options that are unknown, contradictory, or out of range.
 */
export function createSessions(options: SessionsOptions): Sessions {
  const settings = parseOptions(options);
  const now = (): number => timeOf(settings.clock);
  const store = guardStore(settings.store, settings.deadline);
  const events = new Events(settings.realm, now);
  const touches = new Touches(store, events);
  return new Sessions({ settings, store, events, touches, realmTag: realmTag(settings.realm), now });
}
