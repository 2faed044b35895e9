import type { Awaitable } from '../../../../src/adapter.ts';
import { nameCalls } from '../../../../src/adapter.ts';
import type { BuiltInTrigger, InTransaction, RenewRequest, RenewResult, Session } from '../../../../src/index.ts';
import { readBearer } from '../bearer/read-state.ts';
import { readState } from '../cookie/read-state.ts';
import type { HttpExchange } from '../exchange.ts';
import { scopesOf } from '../oauth-scope.ts';
import type { HttpSettings } from '../options/authentication.ts';
import type { BearerSettings } from '../options/bearer.ts';
import { coarseReason } from '../state.ts';
import { AuthInTransaction } from './auth-in-transaction.ts';
import { AuthenticatedRequest, sessionIn } from './authenticated-request.ts';
import type {
  ReauthenticateHttpRequest,
  ReauthenticateResult,
  Refusal,
  SignInRequest,
  SignInResult,
  WithoutToken,
} from './requests.ts';
import { nameActs, SessionActs } from './session-acts.ts';
import { reauthenticate, signIn } from './sign-in.ts';

/** The user behind a request, and what the request may do. Set and delete the cookie before the response's headers are sent. */
export class Auth<Trigger extends string = BuiltInTrigger, Transaction = unknown> extends SessionActs<Trigger> {
  readonly #request: AuthenticatedRequest;

  /** @internal */
  constructor(request: AuthenticatedRequest) {
    super(request.settings.sessions, request);
    this.#request = request;
  }

  /**
   * The live session of this request, or `null`. Also `null` for a request that may change something and does not come
   * from the app's own pages: {@link sessionOf} distinguishes the two.
   * @throws `SESSION_STORE_UNAVAILABLE` in an outage, because `null` would mean "signed out".
   */
  get session(): Session | null {
    return this.#request.session;
  }

  /**
   * Why a request whose token was once valid has no session, for the login page. `null` for a request with a session,
   * and if the client must not learn the reason.
   */
  get refusal(): Refusal | null {
    const { state, settings } = this.#request;
    const verdict = state.is === 'none' ? state.verdict : null;
    const reason = coarseReason(verdict?.reason);
    if (verdict === null || reason === null) return null;
    return { reason, reasonCode: settings.sessions.explain(verdict.end) };
  }

  /** OAuth client (`client_id`) of the request's access token; `null` without one. */
  get client(): string | null {
    return this.#request.bearer?.client.id ?? null;
  }

  /** OAuth scopes of the request's access token; `null` for a request with a cookie, which no scope limits. */
  get scope(): readonly string[] | null {
    const { bearer } = this.#request;
    return bearer === null ? null : scopesOf(bearer.client.scope);
  }

  /** @internal */
  get request(): AuthenticatedRequest {
    return this.#request;
  }

  /**
   * Takes a fence, calls `verify`, starts a session, and sets its cookie or returns its `tokens`. Ends the request's
   * previous session.
   * @param input the user and `verify`, with details of the new session. The device and the address come from the
   * request.
   * @throws `TypeError` if `verify` returns anything but a {@link Proof}. The user is not signed in.
   * @throws `SESSION_CROSS_ORIGIN` for a request that does not come from the app's own pages, unless the tokens go into
   * the body.
   */
  async signIn(input: SignInRequest): Promise<SignInResult> {
    return signIn(this.#request, input);
  }

  /**
   * Takes a fence, calls `verify`, and gives the session a new secret, time of authentication and absolute lifetime.
   * @param input `verify`, and the methods to note if it returns `true`.
   * @throws `TypeError` if `verify` returns anything but a {@link Proof}. Nothing is renewed.
   * @throws `SESSION_INSUFFICIENT_SCOPE` for an access token that may do less than its session. `verify` is not called.
   */
  async reauthenticate(input: ReauthenticateHttpRequest): Promise<ReauthenticateResult> {
    return reauthenticate(this.#request, input);
  }

  /**
   * Gives the session a new secret and sets its cookie. Call it when the user's privileges change.
   * @param request the changes beside the new secret, such as `attributes`. Default: none.
   * @throws `SESSION_INSUFFICIENT_SCOPE` for an access token that may do less than its session.
   */
  async renew(request: RenewRequest = {}): Promise<WithoutToken<RenewResult>> {
    const session = this.#request.requiredSession();
    await this.#request.ready();
    const renewed = await this.#request.settings.sessions.renew(session, request);
    if (!renewed.ok) return renewed;
    await this.#request.become(renewed.session, renewed.token);
    return this.#request.withTokens(renewed);
  }

  /**
   * Returns the acts that end sessions, within a transaction that the app began and will commit. A new password and its
   * sign-outs then take effect together or not at all, and this browser stays signed in. The origin check holds here
   * too. Use one object per transaction, and call its `committed()` after COMMIT to set the cookie.
   * @param transaction the transaction in the form of the store's client, as for `sessions.within`.
   * @throws `SESSION_STORE_LACKS_POWER` if the store cannot write in a transaction; `TypeError` for a value that is no
   * transaction.
   */
  within(transaction: Transaction): AuthInTransaction<Trigger> {
    const within = this.#request.settings.sessions.within(transaction as never);
    return new AuthInTransaction(within as InTransaction<Trigger>, this.#request);
  }
}

nameActs(Auth.prototype, 'authOf(request)');
nameCalls(Auth.prototype, {
  signIn: 'authOf(request).signIn({ user, verify })',
  reauthenticate: 'authOf(request).reauthenticate({ verify })',
  renew: 'authOf(request).renew()',
  within: 'authOf(request).within(transaction)',
});

export const sessionOf = (auth: Auth): Session => sessionIn(auth.request);

/** Reads and judges the cookie or the access token. Does not throw in an outage: reading {@link Auth.session} does. */
export const openAuth = (settings: HttpSettings, exchange: HttpExchange): Awaitable<Auth> =>
  settings.bearer === null || exchange.header('authorization') === undefined
    ? openCookie(settings, exchange)
    : openBearer(settings, settings.bearer, exchange);

/**
 * Opens the `Auth` of a request with a cookie. Returns no promise if the store answers synchronously, because a promise would be a large
 * part of the cost of the check.
 */
function openCookie(settings: HttpSettings, exchange: HttpExchange): Awaitable<Auth> {
  const state = readState(settings, exchange);
  return state instanceof Promise
    ? state.then((read) => new Auth(new AuthenticatedRequest(settings, exchange, read)))
    : new Auth(new AuthenticatedRequest(settings, exchange, state));
}

async function openBearer(settings: HttpSettings, bearer: BearerSettings, exchange: HttpExchange): Promise<Auth> {
  const presented = await readBearer(settings, bearer, exchange);
  if (presented === null) return openCookie(settings, exchange);
  return new Auth(new AuthenticatedRequest(settings, exchange, presented.state, presented.transport, true));
}
