import { AsyncLocalStorage } from 'node:async_hooks';
import { type AdapterHandle, type Adoption, type AdoptRequest, adapterHandle } from '../../../src/adapter.ts';
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
import { containsId, RecentIds } from './recent-ids.ts';
import { type InnerData, stampOf, UNSTAMPED, withStamp } from './stamp.ts';

export type Admission =
  | { readonly is: 'anonymous' }
  | {
      readonly is: 'session';
      readonly verdict: Verdict;
      /** The new stamp of adopted data; `null` for data with a stamp. */
      readonly stamp: string | null;
    }
  /** Data that name a user are refused. `hasEnded`: the session of their own stamp has ended, so the data can be deleted. */
  | { readonly is: 'refused'; readonly verdict: Verdict | null; readonly hasEnded: boolean }
  /** A stamp without a user: the session has ended, or the client has another id by now. Other data are a visitor's. */
  | { readonly is: 'abandoned'; readonly verdict: Verdict | null };
/** Reads the store, where memory might be older than the client's next cookie. */
const STRICT = { maxStaleness: 0 } as const;
export const ANONYMOUS: Admission = { is: 'anonymous' };
const REFUSED: Admission = { is: 'refused', verdict: null, hasEnded: false };

export const verdictOf = (admission: Admission): Verdict | null =>
  admission.is === 'anonymous' ? null : admission.verdict;

/** The response must not set a cookie with the request's id: it could replace the cookie of a newer id. */
export const isDead = ({ is }: Admission): boolean => is === 'refused' || is === 'abandoned';

/** Without a transport, the request only reads: it opens a WebSocket. */
export function authBy(
  settings: HttpSettings,
  exchange: HttpExchange,
  transport: TokenTransport | null,
  verdict: Verdict | null,
): Auth<string> {
  const state = verdict === null ? NONE : judgedState(settings, exchange, verdict);
  return new Auth(new AuthenticatedRequest(settings, exchange, state, transport));
}

export type Read<Data> = () => Promise<Data | null>;

/** The current request, of all bridges together: before Node 24, each promise costs more with each storage that is in use. */
const served = new AsyncLocalStorage<HttpExchange>();

/** Ties each session of the inner layer to a session of `sessions`. The stamp in the data, a session token, is the link. */
export class Bridge<Data extends InnerData> {
  readonly #sessions: Sessions;
  readonly #handle: AdapterHandle;
  readonly #options: BridgeOptions<Data>;
  readonly #adoption: Adoption | null;
  /** Ids that this process has replaced. A slower response that sets such an id again would take the new session from the client. */
  readonly abandonedIds: RecentIds = new RecentIds();
  #hasWarned = false;

  constructor(sessions: Sessions, options: BridgeOptions<Data>) {
    this.#sessions = sessions;
    this.#handle = adapterHandle(sessions);
    this.#options = options;
    const { adoptUntil: until } = options;
    this.#adoption = until === undefined ? null : this.#handle.adoption({ until });
  }

  /** Remembers the request: the inner layer calls its store without it. */
  serve<Result>(exchange: HttpExchange, next: () => Result): Result {
    return served.run(exchange, next);
  }

  /** The current request, if it sent this id. The app may read other sessions meanwhile. */
  servedWith(sid: string): HttpExchange | undefined {
    const exchange = served.getStore();
    return exchange !== undefined && containsId(exchange.header('cookie') ?? '', sid) ? exchange : undefined;
  }

  userOf(data: Data): string | null {
    return textOf(this.#options.user(data));
  }

  /** Also adopts data from before the bridge. Throws `SESSION_STORE_UNAVAILABLE` in an outage, which is no sign-out. */
  async admit(sid: string, data: Data, exchange: HttpExchange | undefined): Promise<Admission> {
    const origin = stampOf(data) === undefined && !isExpired(data) ? this.#originOf(sid, data) : null;
    if (origin !== null)
      await this.#adoption?.begin(exchange === undefined ? origin : { ...origin, ...clientInfoOf(exchange) });
    return this.judge(sid, data);
  }

  /** Judges data that are not from the inner store. Adopts nothing. */
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

  #adopted(sid: string, data: Data): string | undefined {
    const origin = this.#originOf(sid, data);
    return origin === null ? undefined : this.#adoption?.tokenOf(origin);
  }

  #originOf(sid: string, data: Data): AdoptRequest | null {
    if (this.#adoption === null || sid === '') return null;
    const user = this.userOf(data);
    return user === null ? null : { user, account: this.#accountOf(data), credential: sid };
  }

  /** Why the session has ended; `null` in an outage, which must not disturb visitors. */
  async #refusalOf(stamp: string): Promise<Verdict | null> {
    if (stamp === UNSTAMPED) return null;
    try {
      const verdict = await this.#sessions.check(stamp, STRICT);
      return verdict.ok ? null : verdict;
    } catch {
      return null;
    }
  }

  /**
   * Returns the data to save, or `null` if the client has another id by now. Data that have lost their user are a sign-out.
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
    // The stamp of a session that had ended before stays in the record, because it tells why.
    const keepsStamp = !hasEnded && record !== null && stampOf(record) === stamp;
    return keepsStamp ? data : withStamp(data, undefined);
  }

  /** The stored stamp has changed: the client has another id. If both name a user, setting the new id failed and the old one stays. */
  #hasMoved(stored: Data | null, data: Data): boolean {
    const stamp = stored === null ? undefined : stampOf(stored);
    if (stored === null || stamp === undefined || stamp === stampOf(data)) return false;
    return this.userOf(stored) === null || this.userOf(data) === null;
  }

  /** Asked right before the response sets the cookie again. `false` in an outage. */
  async isSuperseded(data: Data, read: Read<Data>): Promise<boolean> {
    const [stored, isStale] = await Promise.all([read().catch(() => null), this.isStale(data)]);
    return isStale || this.#hasMoved(stored, data);
  }

  /** `false` in an outage. */
  async isStale(data: Data): Promise<boolean> {
    const stamp = stampOf(data) ?? UNSTAMPED;
    if (stamp === UNSTAMPED || this.userOf(data) === null) return false;
    try {
      return !(await this.#sessions.check(stamp, STRICT)).ok;
    } catch {
      return false;
    }
  }

  /** Reading has adopted the data from before the bridge. Other data without a stamp come from a sign-in past the bridge. */
  async #savedUnstamped(sid: string, data: Data): Promise<Data> {
    const token = this.#adopted(sid, data);
    if (token === undefined) return data;
    const { ok } = await this.#sessions.check(token, STRICT);
    return withStamp(data, ok ? token : UNSTAMPED);
  }

  async end(sid: string, data: Data): Promise<void> {
    const stamp = stampOf(data);
    // Data from before the bridge must not be adopted after their sign-out.
    const origin = stamp === undefined ? this.#originOf(sid, data) : null;
    if (origin !== null) await this.#adoption?.forgo(origin);
    await this.#end(stamp ?? this.#adopted(sid, data) ?? UNSTAMPED);
  }

  /** Returns `true` if the session was live. */
  async #end(stamp: string): Promise<boolean> {
    if (stamp === UNSTAMPED) return false;
    const verdict = await this.#sessions.check(stamp, STRICT);
    if (verdict.ok) await this.#sessions.signOut(verdict.session);
    return verdict.ok;
  }

  /** Otherwise a revocation of the data's account would not reach the session. */
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
      'session data name a user who was not signed in with authOf(request).signIn. The bridge refuses this user: call signIn first';
    process.emitWarning(message, 'SessionRevocationWarning');
  }
}

/** @throws `TypeError` for an object, because `String` would make one user of all objects. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'string' || Number.isFinite(value)) return String(value);
  throw new TypeError('bridge: user and account must return a string, a finite number, null or undefined');
}

/** The inner layer will refuse the data. `_expire` is koa-session's field; the other layers keep a cookie. */
function isExpired(data: InnerData): boolean {
  const { _expire, cookie } = data as {
    readonly _expire?: unknown;
    readonly cookie?: { readonly expires?: unknown } | null;
  };
  const expires = _expire ?? cookie?.expires ?? null;
  return expires !== null && new Date(expires as string | number | Date).getTime() < Date.now();
}
