import {
  type Awaitable,
  type BuiltInTrigger,
  isSessionError,
  type RenewRequest,
  type RenewResult,
  type RevokeResult,
  type Session,
  SessionError,
  type SignOutResult,
  type TriggerResult,
} from '../../../src/index.ts';
import {
  type ReauthenticateHttpRequest,
  type ReauthenticateResult,
  type Refusal,
  type SignInRequest,
  type SignInResult,
  type SignOutRequest,
  type TriggerHttpRequest,
  type WithoutToken,
  withoutToken,
} from './auth-requests.ts';
import { type AuthState, coarseReason, NONE, readState } from './auth-state.ts';
import type { BearerSettings } from './bearer.ts';
import { BearerCarrier } from './bearer-carrier.ts';
import { AMBIGUOUS, type Borne, readBearer } from './bearer-state.ts';
import { type Carrier, CookieCarrier } from './carrier.ts';
import { challengesOf } from './challenge.ts';
import { clientOf } from './client.ts';
import { LONGEST_COOKIE, readCookie, setCookie } from './cookie.ts';
import { newDeviceId } from './device-id.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';
import { isOwnOrigin } from './origin.ts';
import { reportCrossOrigin } from './report.ts';
import { scopesOf } from './scope.ts';
import { type Delivery, leaveBefore, parseSignInTokens } from './sign-in-tokens.ts';

/** What `verify` says was proved. The core refuses what is no list of methods. */
const provedBy = (proof: unknown): readonly string[] | undefined =>
  typeof proof === 'object' && proof !== null && 'amr' in proof ? (proof.amr as readonly string[]) : undefined;

const byOwn = ({ user, device }: Session) => ({ by: user, from: device.label });

// Takes the fence of whoever is unknown, so that the time of an answer does not tell who is known.
const NOBODY = 'nobody';
const NOT_VERIFIED = { ok: false, session: null, reason: 'not-verified' } as const;

/**
 * Who makes this request, and what a request may do about it. The methods that set or delete the cookie must be called
 * before the response's headers are sent.
 */
export class Auth<Trigger extends string = BuiltInTrigger> {
  readonly #settings: HttpSettings;
  readonly #exchange: HttpExchange;
  #carrier: Carrier;
  #state: AuthState;
  #isBorne: boolean;
  #bearer: BearerCarrier | null;

  /** @internal */
  constructor(
    settings: HttpSettings,
    exchange: HttpExchange,
    carrier: Carrier,
    state: AuthState,
    borne: Borne | null = null,
  ) {
    this.#settings = settings;
    this.#exchange = exchange;
    this.#carrier = carrier;
    this.#state = state;
    this.#isBorne = borne !== null;
    this.#bearer = borne?.carrier ?? null;
  }

  /**
   * The live session of this request, or `null`; `null`, too, where a request that may change something does not come
   * from our own pages ({@link sessionOf} tells the difference).
   * @throws `SESSION_STORE_UNAVAILABLE` in an outage: then nobody knows, and `null` would be a sign-out.
   */
  get session(): Session | null {
    if (this.#state.is === 'outage') throw this.#state.error;
    return this.#state.is === 'session' ? this.#state.session : null;
  }

  /**
   * Why this request has no session although its cookie was once right: for the login page to tell. `null` where it has
   * one, or nothing may be said.
   */
  get refusal(): Refusal | null {
    const verdict = this.#state.is === 'none' ? this.#state.verdict : null;
    const reason = coarseReason(verdict?.reason);
    if (verdict === null || reason === null) return null;
    return { reason, cause: this.#settings.sessions.explain(verdict) };
  }

  /** The app (`client_id`) whose access token the request bore; `null` where it bore none. */
  get client(): string | null {
    return this.#bearer?.client.id ?? null;
  }

  /**
   * The scopes of the access token that the request bore, none where it names none; `null` for a session that no scope limits:
   * that of a cookie.
   */
  get scope(): readonly string[] | null {
    return this.#bearer === null ? null : scopesOf(this.#bearer.client.scope);
  }

  /** @internal */
  get state(): AuthState {
    return this.#state;
  }

  /** @internal */
  get exchange(): HttpExchange {
    return this.#exchange;
  }

  /** @internal */
  get carrier(): Carrier {
    return this.#carrier;
  }

  /**
   * Whether the request presented an access token, be it right or not.
   * @internal
   */
  get isBorne(): boolean {
    return this.#isBorne;
  }

  /** @internal */
  get settings(): HttpSettings {
    return this.#settings;
  }

  /**
   * Takes the fence, asks `verify`, starts a session and sets its cookie, or gives its `tokens`. A live session that the request
   * bore ends.
   * @throws `SESSION_CROSS_ORIGIN` for a request that does not come from our own pages, unless it wants its tokens in the body.
   */
  async signIn({ verify, crossSite, user, tokens, ...request }: SignInRequest): Promise<SignInResult> {
    const { sessions } = this.#settings;
    const delivery = tokens === undefined ? null : parseSignInTokens(this.#settings, tokens);
    // Whoever reads the answer is who asked: no browser keeps anything of it.
    this.#mayChange(crossSite === 'state-was-checked' || delivery?.isInCookie === false);
    // Before anything is waited for: whoever goes away has no address any more.
    const client = clientOf(this.#exchange);
    const fence = await sessions.fence({ user: user ?? NOBODY, account: request.account });
    const proof = await verify();
    if (!proof || user === null) return NOT_VERIFIED;

    const deviceId = delivery?.isInCookie === false ? undefined : this.#deviceId();
    const amr = provedBy(proof) ?? request.amr;
    const started = await sessions.start({ ...request, amr, user, fence, deviceId, ...client });
    if (!started.ok) return started;
    const before = this.#state.is === 'session' ? this.#state.session : null;
    // First, whatever becomes of the old one: a session whose token nobody got could be ended by nobody.
    try {
      await this.#begin(started.session, started.token, delivery);
    } catch (error) {
      await sessions.end(started.session.id, { user, reason: 'signed-out' }).catch(() => {});
      throw error;
    }
    const replaced = { by: user, reason: 'replaced', from: started.session.device.label };
    await leaveBefore(this.#settings, this.#exchange, delivery, replaced);
    if (before !== null) await sessions.end(before.id, { user: before.user, ...replaced });
    return this.#told({ ...started, session: sessionOf(this) });
  }

  /**
   * Takes the fence, asks `verify`, and gives the session a new secret, time of authentication and absolute lifetime.
   * @throws `SESSION_INSUFFICIENT_SCOPE` for an access token that is worth less than the session; `verify` is not asked then.
   */
  async reauthenticate({ verify, amr }: ReauthenticateHttpRequest): Promise<ReauthenticateResult> {
    const session = this.#required();
    await this.#bearer?.ready();
    const { sessions } = this.#settings;
    const fence = await sessions.fence({ user: session.user, account: session.account ?? undefined });
    const proof = await verify();
    if (!proof) return NOT_VERIFIED;
    await this.#carrier.ready?.();
    return this.#renewed(await sessions.reauthenticate(session, { fence, amr: provedBy(proof) ?? amr }));
  }

  /**
   * Ends this session, or what the account's policy says of a sign-out, and deletes the cookie. Without a session it does
   * nothing.
   */
  async signOut(): Promise<SignOutResult> {
    this.#mayChange();
    if (this.session === null) return { ended: false, everywhere: false, effectiveWithin: 0 };
    const result = await this.#settings.sessions.signOut(this.session);
    await this.#leave(result.ended);
    return result;
  }

  /**
   * Ends every other session of this user; this one gets a new secret and cookie. Does nothing where this one is over.
   * @throws `SESSION_INSUFFICIENT_SCOPE` for an access token that is worth less than the session.
   */
  async signOutOthers(request: SignOutRequest = {}): Promise<WithoutToken<RevokeResult>> {
    const session = this.#required();
    await this.#carrier.ready?.();
    const result = await this.#settings.sessions.revoke(
      { user: session.user },
      { ...request, reason: request.reason ?? 'signed-out-others', keep: session, ...byOwn(session) },
    );
    if (result.kept !== null && result.token !== null) await this.#become(result.kept, result.token);
    return this.#told(result);
  }

  /** Ends every session of this user, this one too, and deletes the cookie. Does nothing where this one is over already. */
  async signOutEverywhere(request: SignOutRequest = {}): Promise<WithoutToken<RevokeResult>> {
    const session = this.#required();
    const result = await this.#settings.sessions.revoke(
      { user: session.user },
      { ...request, reason: request.reason ?? 'signed-out-everywhere', ifLive: session, ...byOwn(session) },
    );
    if (!result.revoked || result.kept === null) await this.#leave(result.revoked);
    return this.#told(result);
  }

  /**
   * Does what the option `triggers` says about something that has happened to this user, such as `passwordChanged`: this
   * session stays under a new secret where the rule is `others`, and goes with the rest where it is `everywhere`. Where it is
   * over already, or the request has an access token that is worth less than the session, all are revoked.
   */
  async trigger(
    name: Trigger | BuiltInTrigger,
    request: TriggerHttpRequest = {},
  ): Promise<WithoutToken<TriggerResult>> {
    const session = this.#required();
    const keep = (await this.#mayKeep()) ? session : undefined;
    const about = { ...request, user: session.user, by: session.user, keep };
    // The core refuses a name that it does not know.
    const result = await this.#settings.sessions.trigger(name as BuiltInTrigger, about);
    if (!result.revoked) return this.#told(result);
    if (result.kept === null) await this.#leave(result.notKept !== 'not-live');
    else if (result.token !== null) await this.#become(result.kept, result.token);
    return this.#told(result);
  }

  /** Whether this request may get the session's new secret. What has happened has happened, whoever tells of it. */
  async #mayKeep(): Promise<boolean> {
    try {
      await this.#carrier.ready?.();
      return true;
    } catch (error) {
      if (isSessionError(error, 'SESSION_INSUFFICIENT_SCOPE')) return false;
      throw error;
    }
  }

  /**
   * Gives the session a new secret and sets its cookie: do it when privileges change.
   * @throws `SESSION_INSUFFICIENT_SCOPE` for an access token that is worth less than the session.
   */
  async renew(request: RenewRequest = {}): Promise<WithoutToken<RenewResult>> {
    const session = this.#required();
    await this.#carrier.ready?.();
    return this.#renewed(await this.#settings.sessions.renew(session, request));
  }

  /** A result as the client may see it, with the tokens that it goes on with. */
  #told<Result extends object>(result: Result): WithoutToken<Result> {
    const isOver = this.#state.is !== 'session';
    return withoutToken(result, isOver ? null : (this.#bearer?.issued ?? null));
  }

  async #renewed(result: RenewResult): Promise<WithoutToken<RenewResult>> {
    if (!result.ok) return result;
    await this.#become(result.session, result.token);
    return this.#told(result);
  }

  /** The session that this request may change something with. */
  #required(): Session {
    this.#mayChange();
    return sessionOf(this);
  }

  /** No page of another site can have a browser send an access token: with one, it may come from anywhere. */
  #mayChange(anyOrigin: boolean = this.#isBorne): void {
    if (this.#exchange.headersSent)
      throw new TypeError('the headers are sent, or the response was committed: the cookie can no longer be set');
    if (anyOrigin || isOwnOrigin(this.#exchange, this.#settings.origins)) return;
    // With a cookie it was told already.
    if (this.#state.is !== 'cross-origin') reportCrossOrigin(this.#settings, this.#exchange);
    throw crossOrigin();
  }

  /** Hands over what the client of a sign-in is to have; from then on, this is a request of that client's. */
  async #begin(session: Session, token: string, delivery: Delivery | null): Promise<void> {
    if (delivery === null) {
      if (this.#isBorne) this.#carrier = new CookieCarrier(this.#settings, this.#exchange);
      this.#isBorne = false;
      this.#bearer = null;
      return this.#become(session, token);
    }
    const { bearer, grant } = delivery;
    const carrier = await BearerCarrier.begin(this.#settings, bearer, this.#exchange, session, grant);
    this.#state = { is: 'session', session: carrier.session };
    this.#carrier = carrier;
    this.#isBorne = true;
    this.#bearer = carrier;
  }

  async #become(session: Session, token: string): Promise<void> {
    await this.#carrier.give(session, token);
    // Not for caches, whoever sets the cookie.
    this.#exchange.setHeader('cache-control', 'no-store');
    this.#state = { is: 'session', session };
  }

  /** Where the session was over already, the browser may hold the token of a newer one by now. */
  async #leave(byThisRequest: boolean): Promise<void> {
    if (byThisRequest) {
      await this.#carrier.take();
      this.#exchange.setHeader('cache-control', 'no-store');
    }
    this.#state = NONE;
  }

  #deviceId(): string | undefined {
    const { deviceCookie } = this.#settings;
    if (deviceCookie === null) return undefined;
    const [known] = readCookie(this.#exchange, deviceCookie, 1);
    const deviceId = known !== undefined && /^[\w-]{22}$/.test(known) ? known : newDeviceId();
    setCookie(this.#exchange, deviceCookie, deviceId, LONGEST_COOKIE);
    return deviceId;
  }
}

/** The session of a request that must have one. */
export function sessionOf(auth: Pick<Auth, 'state' | 'settings' | 'isBorne'>): Session {
  const { state } = auth;
  if (state.is === 'session') return state.session;
  if (state.is === 'outage') throw state.error;
  if (state.is === 'cross-origin') throw crossOrigin();
  if (state.is === 'refused') {
    const headers = challengesOf(auth, { error: state.error });
    if (state.error === 'invalid_token')
      throw new SessionError('SESSION_REQUIRED', 'the access token is not valid', { headers });
    throw new SessionError('SESSION_INVALID_REQUEST', AMBIGUOUS, { headers });
  }
  // A 401 has a challenge (RFC 9110 15.5.2).
  throw new SessionError('SESSION_REQUIRED', 'this request has no live session', { headers: challengesOf(auth) });
}

const crossOrigin = (): SessionError =>
  new SessionError('SESSION_CROSS_ORIGIN', 'the request does not come from this site; see the option origins');

/** Reads the cookie, or the access token, and judges it. Answers nothing by itself; an outage is remembered for whoever asks. */
export const openAuth = (settings: HttpSettings, exchange: HttpExchange): Awaitable<Auth> =>
  settings.bearer === null || exchange.header('authorization') === undefined
    ? openCookie(settings, exchange)
    : openBearer(settings, settings.bearer, exchange);

/** At once where the store answers at once: waiting for a promise is a good part of the price. */
function openCookie(settings: HttpSettings, exchange: HttpExchange): Awaitable<Auth> {
  const carrier = new CookieCarrier(settings, exchange);
  const state = readState(settings, exchange, carrier);
  return state instanceof Promise
    ? state.then((read) => new Auth(settings, exchange, carrier, read))
    : new Auth(settings, exchange, carrier, state);
}

async function openBearer(settings: HttpSettings, bearer: BearerSettings, exchange: HttpExchange): Promise<Auth> {
  const borne = await readBearer(settings, bearer, exchange);
  if (borne === null) return openCookie(settings, exchange);
  const carrier = borne.carrier ?? new CookieCarrier(settings, exchange);
  return new Auth(settings, exchange, carrier, borne.state, borne);
}
