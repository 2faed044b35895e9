/**
 * What every bridge does, whatever the host: another session layer, which keeps data for each of its sessions. A stamp among
 * these data, a token of ours, ties them to one of our sessions.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Adoption, AdoptRequest, Sessions, Verdict } from '../../../src/index.ts';
import {
  Auth,
  type Carrier,
  clientOf,
  coarseReason,
  type HttpExchange,
  judgedState,
  NONE,
  type parseAuthenticationOptions,
} from '../../frameworks/http/index.ts';
import { bearsId, LeftIds } from './left-ids.ts';

/** What a host keeps for a session. */
export type HostData = object;

/** Options of `bridge`, for every host. */
export interface BridgeOptions<Data> {
  /**
   * Who is signed in, by the host's data: their id in the app, or nothing. With Passport: `(data) => data.passport?.user`. It must
   * not throw, whatever the data.
   */
  readonly user: (data: Data) => string | number | null | undefined;
  /** The account (tenant) they act in. Default: none. */
  readonly account?: ((data: Data) => string | number | null | undefined) | undefined;
  /**
   * Until when the host's sessions from before the bridge are taken over, each as soon as a request brings it; 30 days after the
   * first sign-in of the realm at the latest. Leave it as it is when the day is past. Default: none are, and everybody signs in anew.
   */
  readonly adoptUntil?: Date | undefined;
}

/** The one field that is added to the host's data. */
export const STAMP = 'sessionRevocation';
/** The stamp of a session that was signed in past the bridge: it is refused, and never adopted. */
const UNSTAMPED = '';

/** What the host's data are worth. */
export type Admission =
  /** Nobody is signed in. */
  | { readonly is: 'anonymous' }
  | {
      readonly is: 'session';
      readonly verdict: Verdict;
      /** What the data are to be stamped with, where they were adopted. */
      readonly stamp: string | null;
    }
  /** Whoever it says is not let in. `isOver`: by a verdict on its own stamp, so that it can be cleared away. */
  | { readonly is: 'refused'; readonly verdict: Verdict | null; readonly isOver: boolean };

const ANONYMOUS: Admission = { is: 'anonymous' };
const REFUSED: Admission = { is: 'refused', verdict: null, isOver: false };

/** What was found out about the session that data are stamped with; `null` where they have none. */
export const verdictOf = (admission: Admission): Verdict | null =>
  admission.is === 'anonymous' ? null : admission.verdict;

/** The `Auth` of a request, by what was found out about its host's data. */
export function authBy(
  settings: ReturnType<typeof parseAuthenticationOptions>,
  exchange: HttpExchange,
  carrier: Carrier,
  verdict: Verdict | null,
): Auth<string> {
  const state = verdict === null ? NONE : judgedState(settings, exchange, verdict);
  return new Auth(settings, exchange, carrier, state);
}

/** Our sessions beside those of a host. */
export class Bridge<Data extends HostData> {
  readonly #sessions: Sessions;
  readonly #options: BridgeOptions<Data>;
  readonly #adoption: Adoption | null;
  readonly #served = new AsyncLocalStorage<HttpExchange>();
  readonly left: LeftIds = new LeftIds();
  #warned = false;

  constructor(sessions: Sessions, options: BridgeOptions<Data>) {
    if (typeof options.user !== 'function')
      throw new TypeError('bridge needs user: (data) => the id of who is signed in');
    if (options.account !== undefined && typeof options.account !== 'function')
      throw new TypeError('account must be a function of the data');
    this.#sessions = sessions;
    this.#options = options;
    const { adoptUntil: until } = options;
    this.#adoption = until === undefined ? null : sessions.adoption({ until });
  }

  /** Serves a request: where its host asks a store without a word of it, the bridge knows. */
  serve<Result>(exchange: HttpExchange, next: () => Result): Result {
    return this.#served.run(exchange, next);
  }

  /** The request that is being served, where that is known and this session is its own: an app may look at others meanwhile. */
  servedWith(sid: string): HttpExchange | undefined {
    const served = this.#served.getStore();
    return served !== undefined && bearsId(served.header('cookie') ?? '', sid) ? served : undefined;
  }

  /** Who is signed in by the data; `null` for nobody. */
  userOf(data: Data): string | null {
    return textOf(this.#options.user(data));
  }

  /**
   * Judges the host's data when its store has them under its id of the session.
   * @throws `SESSION_STORE_UNAVAILABLE`: an outage is no sign-out.
   */
  async admit(sid: string, data: Data, served: HttpExchange | undefined): Promise<Admission> {
    const origin = stampOf(data) === undefined && !isOver(data) ? this.#originOf(sid, data) : null;
    if (origin !== null)
      await this.#adoption?.begin(served === undefined ? origin : { ...origin, ...clientOf(served) });
    return this.judge(sid, data);
  }

  /** Judges data that come from no store of the host's: nothing begins with them. */
  async judge(sid: string, data: Data): Promise<Admission> {
    const user = this.userOf(data);
    if (user === null) return ANONYMOUS;
    const known = stampOf(data);
    const stamp = known ?? this.#adopted(sid, data) ?? UNSTAMPED;
    if (stamp === UNSTAMPED) {
      this.#warn();
      return REFUSED;
    }
    const verdict = await this.#sessions.check(stamp);
    if (!verdict.ok) {
      return { is: 'refused', verdict, isOver: coarseReason(verdict.reason) !== null };
    }
    const isTheirs = verdict.session.user === user && this.#isIn(data, verdict.session.account);
    return isTheirs ? { is: 'session', verdict, stamp: known === undefined ? stamp : null } : REFUSED;
  }

  /** The token of whatever was adopted for data without a stamp. */
  #adopted(sid: string, data: Data): string | undefined {
    const origin = this.#originOf(sid, data);
    return origin === null ? undefined : this.#adoption?.tokenOf(origin);
  }

  /** What data may be from before the bridge; `null` where they cannot. */
  #originOf(sid: string, data: Data): AdoptRequest | null {
    if (this.#adoption === null || sid === '') return null;
    const user = this.userOf(data);
    return user === null ? null : { user, account: this.#accountOf(data), credential: sid };
  }

  /**
   * What is to be saved of the data. Where nobody is signed in any more, somebody has signed out.
   * @throws `TypeError` where the data are somebody else's than the stamp.
   */
  async saved(sid: string, data: Data): Promise<Data> {
    const stamp = stampOf(data);
    if (stamp === UNSTAMPED) return data;
    if (stamp === undefined) return this.#savedUnstamped(sid, data);
    const user = this.userOf(data);
    if (user === null) {
      await this.#end(stamp);
      return withStamp(data, null);
    }
    const account = this.#options.account === undefined ? undefined : this.#accountOf(data);
    if (this.#sessions.isTokenOf(stamp, user, account)) return data;
    throw new TypeError(
      'this session was signed in for another user or account: use authOf(request).signIn, or renew({ account, fence })',
    );
  }

  /** Whoever was there before the bridge was adopted when the store was asked: anybody else was signed in past it. */
  async #savedUnstamped(sid: string, data: Data): Promise<Data> {
    const token = this.#adopted(sid, data);
    if (token === undefined) return data;
    const { ok } = await this.#sessions.check(token);
    return withStamp(data, ok ? token : UNSTAMPED);
  }

  /** Ends our session, as the account's policy says of a sign-out. What is over already stays as it is. */
  async end(sid: string, data: Data): Promise<void> {
    const stamp = stampOf(data);
    // Of what is left from before the bridge, nobody may come back either: what was not begun by then never is.
    const origin = stamp === undefined ? this.#originOf(sid, data) : null;
    if (origin !== null) await this.#adoption?.forgo(origin);
    await this.#end(stamp ?? this.#adopted(sid, data) ?? UNSTAMPED);
  }

  async #end(stamp: string): Promise<void> {
    if (stamp === UNSTAMPED) return;
    const verdict = await this.#sessions.check(stamp);
    if (verdict.ok) await this.#sessions.signOut(verdict.session);
  }

  /** Whether the data act in the account that a session is in: revocations of another one do not reach it. */
  #isIn(data: Data, account: string | null): boolean {
    return this.#options.account === undefined || this.#accountOf(data) === account;
  }

  #accountOf(data: Data): string | null {
    return textOf(this.#options.account?.(data));
  }

  #warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    const told = 'somebody is signed in whom no sign-in has stamped, and is refused: sign in by authOf(request).signIn';
    process.emitWarning(told, 'SessionRevocationWarning');
  }
}

/** @throws `TypeError` for what is no id: every object would be `'[object Object]'`, and everybody the same person. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'string' || Number.isFinite(value)) return String(value);
  throw new TypeError('user and account of bridge must give an id (a text, a number) or nothing');
}

/** Whether the host itself is about to refuse these data as expired: koa-session's, or those that keep a cookie. */
function isOver(data: HostData): boolean {
  const { _expire, cookie } = data as {
    readonly _expire?: unknown;
    readonly cookie?: { readonly expires?: unknown } | null;
  };
  const expires = _expire ?? cookie?.expires ?? null;
  return expires !== null && new Date(expires as string | number | Date).getTime() < Date.now();
}

/** The stamp among the data. What is no text is worth nothing. */
export function stampOf(data: HostData): string | undefined {
  const stamp: unknown = Reflect.get(data, STAMP);
  return stamp === undefined || stamp === null ? undefined : String(stamp);
}

/** Stamps the data. */
export function putStamp(data: HostData, stamp: string): void {
  Reflect.set(data, STAMP, stamp);
}

/** The same data with another stamp, or without one. */
export function withStamp<Data extends HostData>(data: Data, stamp: string | null): Data {
  const copy: Data = Object.assign(Object.create(Object.getPrototypeOf(data)), data);
  if (stamp === null) Reflect.deleteProperty(copy, STAMP);
  else putStamp(copy, stamp);
  return copy;
}
