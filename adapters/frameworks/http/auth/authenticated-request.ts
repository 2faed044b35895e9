import type { Awaitable } from '../../../../src/adapter.ts';
import { type Session, SessionError, type Verdict } from '../../../../src/index.ts';
import { AMBIGUOUS } from '../bearer/read-state.ts';
import { BearerTransport } from '../bearer/token-transport.ts';
import { type ChallengedRequest, challengesOf } from '../challenge.ts';
import { clientInfoOf } from '../client-info.ts';
import { MAX_COOKIE_AGE, newDeviceId, readCookie, setCookie } from '../cookie/cookie.ts';
import { isCrossOrigin, outageOf } from '../cookie/read-state.ts';
import { CookieTransport, type TokenTransport } from '../cookie/token-transport.ts';
import type { HttpExchange } from '../exchange.ts';
import type { HttpSettings } from '../options/authentication.ts';
import { explainCrossOrigin, isOwnOrigin } from '../origin.ts';
import { reportCrossOrigin } from '../report.ts';
import { type AuthState, CROSS_ORIGIN, NONE } from '../state.ts';
import { type WithoutToken, withoutToken } from './requests.ts';
import type { ActingRequest, SessionOutcome } from './session-acts.ts';

/**
 * One request: the verdict on its token, the place where its client keeps the token, and the changes that the request
 * may make.
 */
export class AuthenticatedRequest implements ActingRequest, ChallengedRequest {
  readonly settings: HttpSettings;
  readonly exchange: HttpExchange;
  #state: AuthState;
  /** `null` stands for the session cookie, so that most requests need no object. */
  #transport: TokenTransport | null;
  #hasBearer: boolean;
  /** The method under which the cookie was judged; `null` if the origin does not matter. */
  #judgedMethod: string | null;

  constructor(
    settings: HttpSettings,
    exchange: HttpExchange,
    state: AuthState,
    transport: TokenTransport | null = null,
    hasBearer = false,
  ) {
    this.settings = settings;
    this.exchange = exchange;
    this.#state = state;
    this.#transport = transport;
    this.#hasBearer = hasBearer;
    this.#judgedMethod = !hasBearer && state.is === 'session' ? exchange.method : null;
  }

  /** Judges the origin again if a middleware has overridden the method, such as GET to POST. */
  get state(): AuthState {
    const { method } = this.exchange;
    if (this.#judgedMethod !== null && this.#judgedMethod !== method) {
      this.#judgedMethod = method;
      if (this.#state.is === 'session' && isCrossOrigin(this.settings, this.exchange)) this.#state = CROSS_ORIGIN;
    }
    return this.#state;
  }

  /**
   * Judges a live session once more if its verdict came from memory. The new verdict uses knowledge that is at most
   * `maxStaleness` ms old.
   */
  judgeAgain(maxStaleness: number): Awaitable<void> {
    const { handle } = this.settings;
    const { liveSession } = this;
    if (!handle.remembers || liveSession === null) return;
    const take = (state: AuthState): void => this.#takeAgain(state, liveSession);
    const judged = (verdict: Verdict): void => take(this.#stateOf(verdict));
    const failed = (error: unknown): void => take(outageOf(error));
    try {
      const verdict = handle.judgeAgain(liveSession, maxStaleness, clientInfoOf(this.exchange));
      return verdict instanceof Promise ? verdict.then(judged, failed) : judged(verdict);
    } catch (error) {
      failed(error);
    }
  }

  #stateOf(verdict: Verdict): AuthState {
    if (verdict.ok) return { is: 'session', session: verdict.session };
    return this.#hasBearer ? { is: 'refused', error: 'invalid_token' } : { is: 'none', verdict };
  }

  /** Takes over a second verdict, unless the request has signed in or renewed its session meanwhile. */
  #takeAgain(state: AuthState, judged: Session): void {
    if (this.liveSession !== judged) return;
    this.#state = state;
    if (state.is === 'session') this.bearer?.takeAgain(state.session);
  }

  get hasBearer(): boolean {
    return this.#hasBearer;
  }

  get bearer(): BearerTransport | null {
    return this.#transport instanceof BearerTransport ? this.#transport : null;
  }

  get session(): Session | null {
    const { state } = this;
    if (state.is === 'outage') throw state.error;
    return state.is === 'session' ? state.session : null;
  }

  get liveSession(): Session | null {
    return this.#state.is === 'session' ? this.#state.session : null;
  }

  get hasDeadToken(): boolean {
    return this.#state.is === 'none' && this.#state.verdict !== null && this.#state.verdict.reason !== 'superseded';
  }

  sessionToChange(): Session | null {
    this.mayChange();
    return this.session;
  }

  requiredSession(isEnded = false): Session {
    this.mayChange();
    const { settings, exchange, hasBearer } = this;
    return sessionIn(isEnded ? { state: NONE, settings, exchange, hasBearer } : this);
  }

  async ready(): Promise<void> {
    // The transport compares the client's token with the present secret, so the session must not come from memory.
    await this.judgeAgain(0);
    if (this.#state.is === 'session') await this.#tokenTransport.ready?.();
  }

  async settle<Result extends object>(result: Result, outcome: SessionOutcome | null): Promise<WithoutToken<Result>> {
    if (outcome !== null) this.#refuseLate();
    if (outcome?.is === 'renewed') await this.become(outcome.session, outcome.token);
    if (outcome?.is === 'ended') await this.#leave(outcome.byThisRequest);
    return this.withTokens(result);
  }

  withTokens<Result extends object>(result: Result): WithoutToken<Result> {
    return withoutToken(result, this.liveSession === null ? null : (this.bearer?.issued ?? null));
  }

  /**
   * Throws if the request may not change anything: its headers are sent, or it comes from another site. An access token may come from any
   * site, because other sites' pages cannot make a browser send one.
   */
  mayChange(fromAnyOrigin: boolean = this.#hasBearer): void {
    this.#refuseLate();
    if (fromAnyOrigin || isOwnOrigin(this.exchange, this.settings.origins)) return;
    // A request with a cookie was reported when its state was read.
    if (this.state.is !== 'cross-origin') reportCrossOrigin(this.settings, this.exchange);
    throw crossOriginError(this);
  }

  /** Gives the client the token of this session. The request then belongs to it. */
  async become(session: Session, token: string): Promise<void> {
    await this.#tokenTransport.set(session, token);
    // Also for transports that set no cookie.
    this.exchange.setHeader('cache-control', 'no-store');
    this.#judgedMethod = null;
    this.#state = { is: 'session', session };
  }

  useCookie(): void {
    if (this.#hasBearer) this.#transport = null;
    this.#hasBearer = false;
  }

  useBearer(transport: BearerTransport): void {
    this.#state = { is: 'session', session: transport.session };
    this.#transport = transport;
    this.#judgedMethod = null;
    this.#hasBearer = true;
  }

  /** The id that recognises this browser at its next sign-in; `undefined` if no kind replaces sessions by device. */
  deviceId(): string | undefined {
    const { deviceCookie } = this.settings;
    if (deviceCookie === null) return undefined;
    const [known] = readCookie(this.exchange, deviceCookie, 1);
    const deviceId = known !== undefined && /^[\w-]{22}$/.test(known) ? known : newDeviceId();
    setCookie(this.exchange, deviceCookie, deviceId, MAX_COOKIE_AGE);
    return deviceId;
  }

  get #tokenTransport(): TokenTransport {
    this.#transport ??= new CookieTransport(this.settings, this.exchange);
    return this.#transport;
  }

  /** Signs the request out. Keeps the cookie of a session that had ended before: the browser may already hold a newer one. */
  async #leave(byThisRequest: boolean): Promise<void> {
    if (byThisRequest) {
      await this.#tokenTransport.clear();
      this.exchange.setHeader('cache-control', 'no-store');
      const { clearSiteData } = this.settings;
      if (clearSiteData !== null) this.exchange.setHeader('clear-site-data', clearSiteData);
    }
    this.#state = NONE;
  }

  #refuseLate(): void {
    if (this.exchange.headersSent)
      throw new TypeError('the headers are sent, or the response was committed: the cookie can no longer be set');
  }
}

/** Returns the session of a request. Throws the `SessionError` that tells why there is none. */
export function sessionIn(
  request: Pick<AuthenticatedRequest, 'state' | 'settings' | 'exchange' | 'hasBearer'>,
): Session {
  const { state } = request;
  if (state.is === 'session') return state.session;
  if (state.is === 'outage') throw state.error;
  if (state.is === 'cross-origin') throw crossOriginError(request);
  if (state.is === 'refused') {
    const headers = challengesOf(request, { error: state.error });
    if (state.error === 'invalid_token')
      throw new SessionError('SESSION_REQUIRED', 'the access token is not valid', { headers });
    throw new SessionError('SESSION_INVALID_REQUEST', AMBIGUOUS, { headers });
  }
  // Every 401 needs a challenge (RFC 9110 15.5.2).
  throw new SessionError('SESSION_REQUIRED', 'this request has no live session', { headers: challengesOf(request) });
}

/** The message is for the app's log. Guards and routes answer without it. */
const crossOriginError = ({ settings, exchange }: Pick<AuthenticatedRequest, 'settings' | 'exchange'>): SessionError =>
  new SessionError(
    'SESSION_CROSS_ORIGIN',
    `the request does not come from this site: ${explainCrossOrigin(exchange, settings.origins)}`,
  );
