import { type Session, SessionError } from '../../../../src/index.ts';
import { challengesOf } from '../challenge.ts';
import { clientInfoOf } from '../client-info.ts';
import { readCookie } from '../cookie/cookie.ts';
import { CookieTransport, type TokenTransport } from '../cookie/token-transport.ts';
import type { HttpExchange } from '../exchange.ts';
import { isSameScope } from '../oauth-scope.ts';
import type { HttpSettings } from '../options/authentication.ts';
import type { BearerSettings, Grant, IssuedTokens } from '../options/bearer.ts';
import { isOwnOrigin } from '../origin.ts';
import { reportCrossOrigin } from '../report.ts';
import { NONE } from '../state.ts';
import { RefreshCookie } from './refresh-cookie.ts';

export interface BearerClient {
  readonly id: string;
  /** Scopes, separated by spaces. */
  readonly scope: string | undefined;
}

/** Gives a client with an access token its next tokens. The access token goes into the response body, the secret where it was kept. */
export class BearerTransport implements TokenTransport {
  readonly client: BearerClient;
  readonly #settings: HttpSettings;
  readonly #bearer: BearerSettings;
  readonly #exchange: HttpExchange;
  readonly #cookie: RefreshCookie;
  /** Where the session's secret is kept. Decided when the secret was issued, never by a request. */
  readonly #grant: Grant;
  #session: Session;
  /** The request has proved that it may get the secret, or the secret was issued in it. */
  #mayHaveSecret = false;
  #issued: IssuedTokens | null = null;

  constructor(
    settings: HttpSettings,
    bearer: BearerSettings,
    exchange: HttpExchange,
    session: Session,
    client: BearerClient,
    grant: Grant,
  ) {
    this.client = client;
    this.#settings = settings;
    this.#bearer = bearer;
    this.#exchange = exchange;
    this.#cookie = new RefreshCookie(settings, bearer, exchange);
    this.#session = session;
    this.#grant = grant;
  }

  /** Issues the first tokens of a new session. They replace its first secret. */
  static async begin(
    settings: HttpSettings,
    bearer: BearerSettings,
    exchange: HttpExchange,
    started: Session,
    grant: NonNullable<Grant>,
  ): Promise<BearerTransport> {
    const { id, name, scope, kept } = grant;
    const order = { client: { id, name }, scope, refresh: kept ?? true };
    const { session, refreshToken, ...issued } = await bearer.tokens.mint(started, order);
    if (refreshToken === undefined) throw new Error('bearer.tokens returned no refresh token');
    const client = { id, scope: scope ?? undefined };
    const transport = new BearerTransport(settings, bearer, exchange, session, client, grant);
    transport.#mayHaveSecret = true;
    transport.#issue(issued, transport.#deliverSecret(session, refreshToken));
    return transport;
  }

  get session(): Session {
    return this.#session;
  }

  /** Takes the same session from a later read. */
  takeAgain(session: Session): void {
    this.#session = session;
  }

  /** The client's new tokens. `null` while its old tokens are still valid. */
  get issued(): IssuedTokens | null {
    return this.#issued;
  }

  /**
   * Refuses an access token that may do less than its session, because the client would get the session's new secret.
   * Such a token was issued to another client, for fewer scopes, or to a script that lacks the cookie with the secret.
   * Throws `SESSION_INSUFFICIENT_SCOPE`.
   */
  async ready(): Promise<void> {
    if (this.#mayHaveSecret) return;
    if (!(await this.#provesSecret())) {
      const challenged = { settings: this.#settings, state: NONE, hasBearer: true };
      throw new SessionError('SESSION_INSUFFICIENT_SCOPE', WORTH_LESS, {
        headers: challengesOf(challenged, { error: 'insufficient_scope' }),
      });
    }
    // If signing fails, it fails here, while the client's token is still valid.
    await this.#sign(this.#session);
    this.#mayHaveSecret = true;
  }

  /** The new secret goes where the old one was. A script with an access token must not see a secret that a cookie holds. */
  async set(session: Session, token: string): Promise<void> {
    this.#session = session;
    const delivered = this.#deliverSecret(session, token);
    this.#issue(await this.#sign(session), delivered);
  }

  /** Deletes this session's refresh cookie. Keeps the session cookie, which was not part of this request. */
  clear(): void {
    const wasSet = this.#mayHaveSecret && this.#grant?.kept === 'cookie';
    if (wasSet || this.#cookie.names(this.#session.id)) this.#cookie.clear();
  }

  /** Tells whether the request has the secret, or an access token with all rights of the refresh token. */
  async #provesSecret(): Promise<boolean> {
    const grant = this.#grant;
    if (grant !== null && grant.kept === null) {
      return this.client.id === grant.id && isSameScope(this.client.scope, grant.scope ?? undefined);
    }
    const kept = grant === null ? readCookie(this.#exchange, this.#settings.cookie, 1) : this.#cookie.values;
    const [token, another] = kept;
    if (token === undefined || another !== undefined) return false;
    // A browser also sends its cookie with requests of other sites' pages.
    if (!isOwnOrigin(this.#exchange, this.#settings.origins)) {
      reportCrossOrigin(this.#settings, this.#exchange);
      return false;
    }
    if (grant !== null) return this.#bearer.tokens.isTokenOf(token, this.#session) === true;
    const verdict = await this.#settings.sessions.check(token, clientInfoOf(this.#exchange));
    return verdict.ok && verdict.session.id === this.#session.id;
  }

  #deliverSecret(session: Session, token: string): Pick<IssuedTokens, 'refreshToken'> {
    if (this.#grant?.kept === null) return { refreshToken: token };
    if (this.#grant === null) new CookieTransport(this.#settings, this.#exchange).set(session, token);
    else this.#cookie.set(session, token);
    return {};
  }

  #issue({ accessToken, expiresIn }: IssuedTokens, delivered: Pick<IssuedTokens, 'refreshToken'>): void {
    this.#issued = { accessToken, expiresIn, ...delivered };
  }

  /** Mints an access token. Wraps a `TypeError` of the app's code, because the routes would report it as the client's mistake. */
  async #sign(session: Session): Promise<IssuedTokens> {
    const { id, scope } = this.client;
    try {
      return await this.#bearer.tokens.mint(session, { client: id, scope });
    } catch (error) {
      if (error instanceof TypeError) throw new Error('bearer.tokens could not mint an access token', { cause: error });
      throw error;
    }
  }
}

const WORTH_LESS =
  'the access token may do less than its session and must not get the new secret: call from your own pages with the cookie that holds the secret, or with a token for all scopes of the refresh token';
