import type { Session } from '../../../src/index.ts';
import type { BearerSettings, IssuedTokens } from './bearer.ts';
import { type Carrier, CookieCarrier } from './carrier.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';
import { RefreshCookie } from './refresh-cookie.ts';

/** An app, as an access token names it. */
export interface BearingClient {
  readonly id: string;
  /** Its name in lists, where it is known here. */
  readonly name?: string | undefined;
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
  /** The id of the session that it goes by. */
  #held: string;
  /** Whether a browser's cookie keeps the refresh token; `null`: where the request has one of this session. */
  readonly #isInCookie: boolean | null;
  #issued: IssuedTokens | null = null;

  constructor(
    settings: HttpSettings,
    bearer: BearerSettings,
    exchange: HttpExchange,
    held: Pick<Session, 'id'>,
    client: BearingClient,
    isInCookie: boolean | null = null,
  ) {
    this.client = client;
    this.#settings = settings;
    this.#bearer = bearer;
    this.#exchange = exchange;
    this.#cookie = new RefreshCookie(settings, bearer, exchange);
    this.#held = held.id;
    this.#isInCookie = isInCookie;
  }

  /** What the app goes on with, since this request has made worthless what it had; `null` where it has not. */
  get issued(): IssuedTokens | null {
    return this.#issued;
  }

  /** Judged already. */
  tokens(): readonly string[] {
    return [];
  }

  /** The first tokens of a session that has just begun. The token that it was started with is worth nothing afterwards. */
  async begin(started: Session): Promise<Session> {
    const { id, name = id, scope } = this.client;
    const { session, refreshToken, ...issued } = await this.#bearer.tokens.mint(started, {
      client: { id, name },
      scope,
      refresh: true,
    });
    if (refreshToken === undefined) throw new Error('bearer.tokens gave no refresh token, and was asked for one');
    this.#issue(session, issued, refreshToken);
    return session;
  }

  /**
   * The secret itself goes where the old one was kept: into the browser's cookie, of which a script that holds an access token
   * must not learn, or to the app.
   */
  async give(session: Session, token: string): Promise<void> {
    const { id, scope } = this.client;
    const issued = await this.#bearer.tokens.mint(session, { client: id, scope });
    if (isRefreshToken(token)) return this.#issue(session, issued, token);
    this.#issue(session, issued);
    new CookieCarrier(this.#settings, this.#exchange).give(session, token);
  }

  /** The session's own cookie stays: this request did not bear it. That of its refresh token is worth nothing any more. */
  take(): void {
    if (this.#keepsInCookie) this.#cookie.remove();
  }

  forget(): void {}

  #issue(session: Session, { accessToken, expiresIn }: IssuedTokens, refreshToken?: string): void {
    this.#held = session.id;
    const inCookie = refreshToken !== undefined && this.#keepsInCookie;
    if (inCookie) this.#cookie.set(session, refreshToken);
    this.#issued = { accessToken, expiresIn, ...(refreshToken !== undefined && !inCookie && { refreshToken }) };
  }

  get #keepsInCookie(): boolean {
    return this.#isInCookie ?? this.#cookie.names(this.#held);
  }
}

/** Whether a session's secret is a refresh token, and not that of a cookie. */
const isRefreshToken = (token: string): boolean => token.startsWith('rt1.');
