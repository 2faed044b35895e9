import { type Session, SessionError } from '../../../src/index.ts';
import { NONE } from './auth-state.ts';
import type { BearerSettings, Grant, IssuedTokens } from './bearer.ts';
import { type Carrier, CookieCarrier } from './carrier.ts';
import { challengesOf } from './challenge.ts';
import { clientOf } from './client.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';
import { isOwnOrigin } from './origin.ts';
import { RefreshCookie } from './refresh-cookie.ts';
import { reportCrossOrigin } from './report.ts';
import { isSameScope } from './scope.ts';

/** An app, as an access token names it. */
export interface BearingClient {
  readonly id: string;
  /** With spaces between them; `undefined` where none is named. */
  readonly scope: string | undefined;
}

/** An app that goes by access tokens: the next one is in what it is answered. */
export class BearerCarrier implements Carrier {
  readonly client: BearingClient;
  readonly #settings: HttpSettings;
  readonly #bearer: BearerSettings;
  readonly #exchange: HttpExchange;
  readonly #cookie: RefreshCookie;
  /** Where the secret of its session is kept: decided when that was handed out, and never by a request. */
  readonly #grant: Grant;
  #session: Session;
  /** Whether this request was found to be worth the secret, or has handed it out itself. */
  #isWorthSecret = false;
  #issued: IssuedTokens | null = null;

  constructor(
    settings: HttpSettings,
    bearer: BearerSettings,
    exchange: HttpExchange,
    session: Session,
    client: BearingClient,
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

  /** The carrier of a session that has just begun, with its first tokens. That which it was started with is worth nothing then. */
  static async begin(
    settings: HttpSettings,
    bearer: BearerSettings,
    exchange: HttpExchange,
    started: Session,
    grant: NonNullable<Grant>,
  ): Promise<BearerCarrier> {
    const { id, name, scope, kept } = grant;
    const order = { client: { id, name }, scope, refresh: kept ?? true };
    const { session, refreshToken, ...issued } = await bearer.tokens.mint(started, order);
    if (refreshToken === undefined) throw new Error('bearer.tokens gave no refresh token, and was asked for one');
    const client = { id, scope: scope ?? undefined };
    const carrier = new BearerCarrier(settings, bearer, exchange, session, client, grant);
    carrier.#isWorthSecret = true;
    carrier.#issue(issued, carrier.#handOver(session, refreshToken));
    return carrier;
  }

  /** The session that it goes by. */
  get session(): Session {
    return this.#session;
  }

  /** What the app goes on with, since this request has made worthless what it had; `null` where it has not. */
  get issued(): IssuedTokens | null {
    return this.#issued;
  }

  /** Judged already. */
  tokens(): readonly string[] {
    return [];
  }

  /**
   * Refuses an access token that is worth less than the session, whose new secret it would get: one that was made for another
   * app or a part of the scopes, or that a script has without the cookie which keeps the secret from it.
   * @throws `SESSION_INSUFFICIENT_SCOPE` (403).
   */
  async ready(): Promise<void> {
    if (this.#isWorthSecret) return;
    if (!(await this.#bringsSecret())) {
      const challenged = { settings: this.#settings, state: NONE, isBorne: true };
      throw new SessionError('SESSION_INSUFFICIENT_SCOPE', WORTH_LESS, {
        headers: challengesOf(challenged, { error: 'insufficient_scope' }),
      });
    }
    // What cannot sign now could not afterwards, either, when the app has nothing any more.
    await this.#sign(this.#session);
    this.#isWorthSecret = true;
  }

  /**
   * The secret itself goes where the old one was kept: into the browser's cookie, of which a script that holds an access token
   * must not learn, or to the app.
   */
  async give(session: Session, token: string): Promise<void> {
    this.#session = session;
    const handed = this.#handOver(session, token);
    this.#issue(await this.#sign(session), handed);
  }

  /** The session's own cookie stays: this request did not bear it. That of its refresh token is worth nothing any more. */
  take(): void {
    const isSet = this.#isWorthSecret && this.#grant?.kept === 'cookie';
    if (isSet || this.#cookie.names(this.#session.id)) this.#cookie.remove();
  }

  forget(): void {}

  /** Whether the request shows that it may have the secret itself: by the one there is now, or by a token that is worth as much. */
  async #bringsSecret(): Promise<boolean> {
    const grant = this.#grant;
    if (grant !== null && grant.kept === null) {
      return this.client.id === grant.id && isSameScope(this.client.scope, grant.scope ?? undefined);
    }
    const kept = grant === null ? new CookieCarrier(this.#settings, this.#exchange).tokens(1) : this.#cookie.values;
    const [token, another] = kept;
    if (token === undefined || another !== undefined) return false;
    // The browser sends its cookie with whatever page asks for it.
    if (!isOwnOrigin(this.#exchange, this.#settings.origins)) {
      reportCrossOrigin(this.#settings, this.#exchange);
      return false;
    }
    if (grant !== null) return this.#bearer.tokens.isTokenOf(token, this.#session);
    const verdict = await this.#settings.sessions.check(token, clientOf(this.#exchange));
    return verdict.ok && verdict.session.id === this.#session.id;
  }

  /** Into the cookie that it belongs in; what is for the result otherwise. */
  #handOver(session: Session, token: string): Pick<IssuedTokens, 'refreshToken'> {
    if (this.#grant?.kept === null) return { refreshToken: token };
    if (this.#grant === null) new CookieCarrier(this.#settings, this.#exchange).give(session, token);
    else this.#cookie.set(session, token);
    return {};
  }

  #issue({ accessToken, expiresIn }: IssuedTokens, handed: Pick<IssuedTokens, 'refreshToken'>): void {
    this.#issued = { accessToken, expiresIn, ...handed };
  }

  /** @throws whatever the app's own code does, and no `TypeError`: the routes take that for a mistake of the client's. */
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
  'the access token is worth less than its session, whose secret would be renewed: ask from your own pages, with the cookie that has the secret, or as the app that has the refresh token, with all of its scopes';
