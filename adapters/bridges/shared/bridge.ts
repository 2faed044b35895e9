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

/** The bridge's decision about the data of a session of the inner layer. */
export type Admission =
  /** Data without a user and without a stamp: a visitor's. */
  | { readonly is: 'anonymous' }
  | {
      readonly is: 'session';
      readonly verdict: Verdict;
      /** The new stamp of adopted data; `null` for data with a stamp. */
      readonly stamp: string | null;
    }
  /** Data that name a user and must be refused. `hasEnded`: the session of their own stamp has ended, so the data can be deleted. */
  | { readonly is: 'refused'; readonly verdict: Verdict | null; readonly hasEnded: boolean }
  /** Data with a stamp and without a user: the session has ended, or the client has another id by now. */
  | { readonly is: 'abandoned'; readonly verdict: Verdict | null };
/** Makes a check ask the store. Memory might not know yet that the session has ended or was renewed. */
const STRICT = { maxStaleness: 0 } as const;
export const ANONYMOUS: Admission = { is: 'anonymous' };
const REFUSED: Admission = { is: 'refused', verdict: null, hasEnded: false };

export const verdictOf = (admission: Admission): Verdict | null =>
  admission.is === 'anonymous' ? null : admission.verdict;

/** Tells whether the response must not set a cookie with the request's id, because it could replace the cookie of a newer id. */
export const isDead = ({ is }: Admission): boolean => is === 'refused' || is === 'abandoned';

/** Makes the `Auth` of a request from the verdict on its session. A request that opens a WebSocket only reads, and has no transport. */
export function authBy(
  settings: HttpSettings,
  exchange: HttpExchange,
  transport: TokenTransport | null,
  verdict: Verdict | null,
): Auth<string> {
  const state = verdict === null ? NONE : judgedState(settings, exchange, verdict);
  return new Auth(new AuthenticatedRequest(settings, exchange, state, transport));
}

/** Reads the stored data of a session again; `null` for none. */
export type Read<Data> = () => Promise<Data | null>;

/** The current request, shared by all bridges. Before Node 24, every `AsyncLocalStorage` in use makes each promise slower. */
const served = new AsyncLocalStorage<HttpExchange>();

/** Ties each session of the inner layer to a session of `sessions`. The stamp in the data, a session token, is the link. */
export class Bridge<Data extends InnerData> {
  readonly #sessions: Sessions;
  readonly #handle: AdapterHandle;
  readonly #options: BridgeOptions<Data>;
  readonly #adoption: Adoption | null;
  /** Ids that this process has replaced. A slower response must not set them again, because the client would lose its new session. */
  readonly abandonedIds: RecentIds = new RecentIds();
  #hasWarned = false;

  constructor(sessions: Sessions, options: BridgeOptions<Data>) {
    this.#sessions = sessions;
    this.#handle = adapterHandle(sessions);
    this.#options = options;
    const { adoptUntil: until } = options;
    this.#adoption = until === undefined ? null : this.#handle.adoption({ until });
  }

  /** Runs `next` and remembers the request meanwhile, because the inner layer does not pass it to its store. */
  serve<Result>(exchange: HttpExchange, next: () => Result): Result {
    return served.run(exchange, next);
  }

  /** Returns the current request if it sent this id. The app may also read other sessions during the request. */
  servedWith(sid: string): HttpExchange | undefined {
    const exchange = served.getStore();
    return exchange !== undefined && containsId(exchange.header('cookie') ?? '', sid) ? exchange : undefined;
  }

  userOf(data: Data): string | null {
    return textOf(this.#options.user(data));
  }

  /**
   * Judges data that the inner store has returned. Adopts data from before the bridge, if `adoptUntil` allows it.
   * @throws `SESSION_STORE_UNAVAILABLE` in an outage, because an outage is no sign-out.
   */
  async admit(sid: string, data: Data, exchange: HttpExchange | undefined): Promise<Admission> {
    const origin = stampOf(data) === undefined && !isExpired(data) ? this.#originOf(sid, data) : null;
    if (origin !== null)
      await this.#adoption?.begin(exchange === undefined ? origin : { ...origin, ...clientInfoOf(exchange) });
    return this.judge(sid, data);
  }

  /** Judges data like {@link admit}, but starts no adoption. Alone, it is for data that the inner store has not just returned. */
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

  /** Returns why the session of a stamp has ended. `null` if it has not, and in an outage, which must not disturb visitors. */
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
   * Returns the data to save, or `null` to save nothing, because the client has another id by now. Data that have lost their user are a
   * sign-out, which ends the session.
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

  /**
   * Tells whether the client has another id by now: the stored stamp differs from that of the data. If both name a user, the change of the
   * id has failed, and the old id stays.
   */
  #hasMoved(stored: Data | null, data: Data): boolean {
    const stamp = stored === null ? undefined : stampOf(stored);
    if (stored === null || stamp === undefined || stamp === stampOf(data)) return false;
    return this.userOf(stored) === null || this.userOf(data) === null;
  }

  /**
   * Tells whether the session has ended or the client has another id by now. Callers ask right before the response sets the cookie again.
   * An outage counts as no.
   */
  async isSuperseded(data: Data, read: Read<Data>): Promise<boolean> {
    const [stored, isStale] = await Promise.all([read().catch(() => null), this.isStale(data)]);
    return isStale || this.#hasMoved(stored, data);
  }

  /** Tells whether the session of the data's stamp is over. `false` for data without a user or a session, and in an outage. */
  async isStale(data: Data): Promise<boolean> {
    const stamp = stampOf(data) ?? UNSTAMPED;
    if (stamp === UNSTAMPED || this.userOf(data) === null) return false;
    try {
      return !(await this.#sessions.check(stamp, STRICT)).ok;
    } catch {
      return false;
    }
  }

  /**
   * Returns data without a stamp as they must be saved. Data from before the bridge were adopted when they were read, and get that stamp.
   * Other data that name a user come from a sign-in past the bridge. With `adoptUntil`, they are marked so that they are never adopted.
   */
  async #savedUnstamped(sid: string, data: Data): Promise<Data> {
    const token = this.#adopted(sid, data);
    if (token === undefined) return data;
    const { ok } = await this.#sessions.check(token, STRICT);
    return withStamp(data, ok ? token : UNSTAMPED);
  }

  /** Signs out the library's session of these data. */
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

  /** Tells whether the data name this account. If they named another, a revocation of that account would not reach the session. */
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

/**
 * Converts the app's id to text; no id becomes `null`.
 * @throws `TypeError` for an object, because `String` would make one user of all objects.
 */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'string' || Number.isFinite(value)) return String(value);
  throw new TypeError('bridge: user and account must return a string, a finite number, null or undefined');
}

/** Tells whether the inner layer will refuse the data as expired. `_expire` is koa-session's field; the other layers keep a cookie. */
function isExpired(data: InnerData): boolean {
  const { _expire, cookie } = data as {
    readonly _expire?: unknown;
    readonly cookie?: { readonly expires?: unknown } | null;
  };
  const expires = _expire ?? cookie?.expires ?? null;
  return expires !== null && new Date(expires as string | number | Date).getTime() < Date.now();
}
