import { AsyncLocalStorage } from 'node:async_hooks';
import type { Adoption, AdoptRequest } from '../../../src/adapter.ts';
import { type AdapterHandle, adapterHandle } from '../../../src/adapter.ts';
import type { Sessions, Verdict } from '../../../src/index.ts';
import {
  Auth,
  AuthenticatedRequest,
  clientInfoOf,
  coarseReason,
  type HttpExchange,
  type HttpSettings,
  judgedState,
  NONE,
  type TokenTransport,
} from '../../frameworks/http/index.ts';
import type { BridgeOptions } from './options.ts';
import { bearsId, RecentIds } from './recent-ids.ts';
import { type InnerData, stampOf, UNSTAMPED, withStamp } from './stamp.ts';

/** The result of judging the data of the inner layer. */
export type Admission =
  | { readonly is: 'anonymous' }
  | {
      readonly is: 'session';
      readonly verdict: Verdict;
      /** The stamp that adopted data get; `null` for data that have a stamp. */
      readonly stamp: string | null;
    }
  /** The user in the data is refused. `isOver`: the session of the data's own stamp is over, so the data can be deleted. */
  | { readonly is: 'refused'; readonly verdict: Verdict | null; readonly hasEnded: boolean }
  /** A stamp without a user: the session of this id is over, or its client has another id by now. Other data are a visitor's. */
  | { readonly is: 'abandoned'; readonly verdict: Verdict | null };

const ANONYMOUS: Admission = { is: 'anonymous' };
const REFUSED: Admission = { is: 'refused', verdict: null, hasEnded: false };

/** The verdict on the session that the data are stamped with; `null` without one. */
export const verdictOf = (admission: Admission): Verdict | null =>
  admission.is === 'anonymous' ? null : admission.verdict;

/** The answer must not set a cookie with the request's id: it could replace the cookie of a newer id. */
export const isDead = ({ is }: Admission): boolean => is === 'refused' || is === 'abandoned';

export function authBy(
  settings: HttpSettings,
  exchange: HttpExchange,
  transport: TokenTransport,
  verdict: Verdict | null,
): Auth<string> {
  const state = verdict === null ? NONE : judgedState(settings, exchange, verdict);
  return new Auth(new AuthenticatedRequest(settings, exchange, state, transport));
}

/** Reads the data that the inner store has under an id; `null` for none. */
export type Read<Data> = () => Promise<Data | null>;

/**
 * Ties the sessions of an inner session layer, which keeps data for each of its sessions, to ours. A stamp in the data, the token of our
 * session, makes the connection.
 */
export class Bridge<Data extends InnerData> {
  readonly #sessions: Sessions;
  readonly #handle: AdapterHandle;
  readonly #options: BridgeOptions<Data>;
  readonly #adoption: Adoption | null;
  readonly #served = new AsyncLocalStorage<HttpExchange>();
  /**
   * Ids that this process has replaced by another one. The answer to a slower request with such an id must not set its cookie again: the
   * client would lose the new id, and with it a live session. Other processes recognise the id by its record in the inner store.
   */
  readonly abandonedIds: RecentIds = new RecentIds();
  #hasWarned = false;

  constructor(sessions: Sessions, options: BridgeOptions<Data>) {
    this.#sessions = sessions;
    this.#handle = adapterHandle(sessions);
    this.#options = options;
    const { adoptUntil: until } = options;
    this.#adoption = until === undefined ? null : this.#handle.adoption({ until });
  }

  /** Remembers the request while it is served: the inner layer asks its store without naming the request. */
  serve<Result>(exchange: HttpExchange, next: () => Result): Result {
    return this.#served.run(exchange, next);
  }

  /** The request being served, if it has this id. The app may read other sessions meanwhile. */
  servedWith(sid: string): HttpExchange | undefined {
    const served = this.#served.getStore();
    return served !== undefined && bearsId(served.header('cookie') ?? '', sid) ? served : undefined;
  }

  /** The user who is signed in by the data; `null` for none. */
  userOf(data: Data): string | null {
    return textOf(this.#options.user(data));
  }

  /**
   * Judges data that the inner store has under an id. Adopts data from before the bridge.
   * @throws `SESSION_STORE_UNAVAILABLE`: an outage is no sign-out.
   */
  async admit(sid: string, data: Data, served: HttpExchange | undefined): Promise<Admission> {
    const origin = stampOf(data) === undefined && !isExpired(data) ? this.#originOf(sid, data) : null;
    if (origin !== null)
      await this.#adoption?.begin(served === undefined ? origin : { ...origin, ...clientInfoOf(served) });
    return this.judge(sid, data);
  }

  /** Judges data that do not come from the inner store. Adopts nothing. */
  async judge(sid: string, data: Data): Promise<Admission> {
    const user = this.userOf(data);
    const known = stampOf(data);
    if (user === null)
      return known === undefined ? ANONYMOUS : { is: 'abandoned', verdict: await this.#refusalOf(known) };
    const stamp = known ?? this.#adopted(sid, data) ?? UNSTAMPED;
    if (stamp === UNSTAMPED) {
      this.#warn();
      return REFUSED;
    }
    const verdict = await this.#sessions.check(stamp);
    if (!verdict.ok) {
      return { is: 'refused', verdict, hasEnded: coarseReason(verdict.reason) !== null };
    }
    const isSameUser = verdict.session.user === user && this.#isIn(data, verdict.session.account);
    return isSameUser ? { is: 'session', verdict, stamp: known === undefined ? stamp : null } : REFUSED;
  }

  /** The token of the session that was adopted for data without a stamp. */
  #adopted(sid: string, data: Data): string | undefined {
    const origin = this.#originOf(sid, data);
    return origin === null ? undefined : this.#adoption?.tokenOf(origin);
  }

  /** The request to adopt these data; `null` if they cannot be adopted. */
  #originOf(sid: string, data: Data): AdoptRequest | null {
    if (this.#adoption === null || sid === '') return null;
    const user = this.userOf(data);
    return user === null ? null : { user, account: this.#accountOf(data), credential: sid };
  }

  /** Why a session is over; `null` in an outage, which visitors must not notice. */
  async #refusalOf(stamp: string): Promise<Verdict | null> {
    if (stamp === UNSTAMPED) return null;
    try {
      const verdict = await this.#sessions.check(stamp);
      return verdict.ok ? null : verdict;
    } catch {
      return null;
    }
  }

  /**
   * The data to save; `null` to save nothing, because the client has another id by now. Data without the user that they had are a
   * sign-out. `read` reads the record of the inner store.
   * @throws `TypeError` if the stamp belongs to another user than the data.
   */
  async saved(sid: string, data: Data, read: Read<Data>): Promise<Data | null> {
    const stamp = stampOf(data);
    const stored = (): Promise<Data | null> => read().catch(() => null);
    if (stamp === undefined) {
      if (!this.#hasMoved(await stored(), data)) return this.#savedUnstamped(sid, data);
      this.abandonedIds.add(sid);
      return null;
    }
    const user = this.userOf(data);
    if (user !== null) {
      const account = this.#options.account === undefined ? undefined : this.#accountOf(data);
      if (stamp !== UNSTAMPED && !this.#handle.isTokenOf(stamp, user, account))
        throw new TypeError(
          'this session was signed in for another user or account: use authOf(request).signIn, or renew({ account, fence })',
        );
      if (!this.abandonedIds.has(sid) && !this.#hasMoved(await stored(), data)) return data;
      this.abandonedIds.add(sid);
      return null;
    }
    const hasEnded = await this.#end(stamp);
    const record = await stored();
    if (this.#hasMoved(record, data)) return null;
    // The record keeps the stamp of a session that was over before: it tells why.
    const keepsStamp = !hasEnded && record !== null && stampOf(record) === stamp;
    return keepsStamp ? data : withStamp(data, null);
  }

  /**
   * The stored record has another stamp than the data that were read from it: the client was given another id meanwhile, perhaps by
   * another process. If both have a user, the client has kept the id, because setting a new id failed.
   */
  #hasMoved(stored: Data | null, data: Data): boolean {
    const stamp = stored === null ? undefined : stampOf(stored);
    if (stored === null || stamp === undefined || stamp === stampOf(data)) return false;
    return this.userOf(stored) === null || this.userOf(data) === null;
  }

  /**
   * The client has another id by now, or its session is over. Called right before the answer sets the inner layer's cookie again. `false`
   * in an outage.
   */
  async isSuperseded(data: Data, read: Read<Data>): Promise<boolean> {
    const [stored, isStale] = await Promise.all([read().catch(() => null), this.isStale(data)]);
    return isStale || this.#hasMoved(stored, data);
  }

  /** The session of the user's data is over, or has another secret. `false` in an outage. */
  async isStale(data: Data): Promise<boolean> {
    const stamp = stampOf(data) ?? UNSTAMPED;
    if (stamp === UNSTAMPED || this.userOf(data) === null) return false;
    try {
      return !(await this.#sessions.check(stamp)).ok;
    } catch {
      return false;
    }
  }

  /** A session from before the bridge was adopted when it was read. Other data without a stamp come from a sign-in past the bridge. */
  async #savedUnstamped(sid: string, data: Data): Promise<Data> {
    const token = this.#adopted(sid, data);
    if (token === undefined) return data;
    const { ok } = await this.#sessions.check(token);
    return withStamp(data, ok ? token : UNSTAMPED);
  }

  /** Signs our session out, as the account's policy says. Does nothing if it is over. */
  async end(sid: string, data: Data): Promise<void> {
    const stamp = stampOf(data);
    // Data from before the bridge that were not adopted yet must not be adopted later.
    const origin = stamp === undefined ? this.#originOf(sid, data) : null;
    if (origin !== null) await this.#adoption?.forgo(origin);
    await this.#end(stamp ?? this.#adopted(sid, data) ?? UNSTAMPED);
  }

  /** Returns `true` if the session was live. */
  async #end(stamp: string): Promise<boolean> {
    if (stamp === UNSTAMPED) return false;
    const verdict = await this.#sessions.check(stamp);
    if (verdict.ok) await this.#sessions.signOut(verdict.session);
    return verdict.ok;
  }

  /** The data name the account of the session. Otherwise a revocation of the data's account would not reach the session. */
  #isIn(data: Data, account: string | null): boolean {
    return this.#options.account === undefined || this.#accountOf(data) === account;
  }

  #accountOf(data: Data): string | null {
    return textOf(this.#options.account?.(data));
  }

  #warn(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const message =
      'the data of a session name a user without a sign-in of this library. The user is refused: sign in with authOf(request).signIn';
    process.emitWarning(message, 'SessionRevocationWarning');
  }
}

/** @throws `TypeError` for an object: all objects would become `'[object Object]'`, and all users the same one. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'string' || Number.isFinite(value)) return String(value);
  throw new TypeError('user and account of bridge must give an id (a text, a number) or nothing');
}

/** The inner layer is about to refuse the data as expired. `_expire` is koa-session's; the other layers keep a cookie. */
function isExpired(data: InnerData): boolean {
  const { _expire, cookie } = data as {
    readonly _expire?: unknown;
    readonly cookie?: { readonly expires?: unknown } | null;
  };
  const expires = _expire ?? cookie?.expires ?? null;
  return expires !== null && new Date(expires as string | number | Date).getTime() < Date.now();
}
