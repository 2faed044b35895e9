import {
  type Attributes,
  type EndResult,
  isSessionError,
  type RenewRequest,
  type RenewResult,
  type RevokeResult,
  type Session,
  SessionError,
  type StartResult,
  type Verdict,
} from '../../../src/index.ts';
import { deleteCookie, LONGEST_COOKIE, readCookie, setCookie } from './cookie.ts';
import { newDeviceId } from './device-id.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';
import { isOwnOrigin, isUnsafe } from './origin.ts';

/** A sign-in over HTTP. Device, address and cookie are taken from the request. */
export interface SignInRequest {
  /** The app's id of the person who claims to be signing in. */
  readonly user: string;
  readonly account?: string | undefined;
  /** Default `'browser'`, whose cookie ends with the browser; the cookie of any other kind stays as long as the session. */
  readonly kind?: string | undefined;
  /** How the user authenticates (RFC 8176), such as `['pwd']`. */
  readonly amr?: readonly string[] | undefined;
  readonly attributes?: Attributes | undefined;
  /** Checks the credentials: called after the fence was taken. A falsy answer starts nothing. */
  verify(): unknown;
}

/** A new authentication of who is signed in already. */
export type ReauthenticateHttpRequest = Pick<SignInRequest, 'amr' | 'verify'>;

/** What became of a sign-in; `'not-verified'` where `verify` said no. */
export type SignInResult = StartResult<'superseded' | 'limit' | 'suspended' | 'not-verified'>;

/** What is done to a session. */
type Refused = Extract<Verdict, { ok: false }>;

/** What the request's cookie is worth. */
export type AuthState =
  | { readonly is: 'session'; readonly session: Session }
  /** No cookie, or one that is worth nothing; `verdict` tells why where the store said so. */
  | { readonly is: 'none'; readonly verdict: Refused | null }
  | { readonly is: 'cross-origin' }
  | { readonly is: 'outage'; readonly error: SessionError };

const MOST_COOKIES = 3;
const NONE: AuthState = { is: 'none', verdict: null };

/**
 * Who makes this request, and what a request may do about it. The methods that set or delete the cookie must be called
 * before the response's headers are sent.
 */
export class Auth {
  readonly #settings: HttpSettings;
  readonly #exchange: HttpExchange;
  #state: AuthState;

  /** @internal */
  constructor(settings: HttpSettings, exchange: HttpExchange, state: AuthState) {
    this.#settings = settings;
    this.#exchange = exchange;
    this.#state = state;
  }

  /**
   * The live session of this request, or `null`.
   * @throws `SESSION_STORE_UNAVAILABLE` in an outage: then nobody knows, and `null` would be a sign-out.
   */
  get session(): Session | null {
    if (this.#state.is === 'outage') throw this.#state.error;
    return this.#state.is === 'session' ? this.#state.session : null;
  }

  /** @internal */
  get state(): AuthState {
    return this.#state;
  }

  /** @internal */
  get settings(): HttpSettings {
    return this.#settings;
  }

  /**
   * Takes the fence, asks `verify`, starts a session and sets its cookie. A live session that the request bore ends.
   * @throws `SESSION_CROSS_ORIGIN` for a request that does not come from our own pages.
   */
  async signIn({ verify, ...request }: SignInRequest): Promise<SignInResult> {
    const { sessions } = this.#settings;
    this.#mayChange();
    const { user, account } = request;
    const fence = await sessions.fence({ user, account });
    if (!(await verify())) return { ok: false, session: null, reason: 'not-verified' };

    const deviceId = this.#deviceId();
    const started = await sessions.start({ ...request, fence, deviceId, ...this.#client() });
    if (!started.ok) return started;
    const before = this.#state.is === 'session' ? this.#state.session : null;
    if (before !== null) await sessions.end(before.id, { user: before.user, by: user, reason: 'replaced' });
    this.#become(started.session, started.token);
    return started;
  }

  /** Takes the fence, asks `verify`, and gives the session a new secret, time of authentication and absolute lifetime. */
  async reauthenticate({ verify, amr }: ReauthenticateHttpRequest): Promise<SignInResult | RenewResult> {
    const session = this.#required();
    const { sessions } = this.#settings;
    const fence = await sessions.fence({ user: session.user, account: session.account ?? undefined });
    if (!(await verify())) return { ok: false, session: null, reason: 'not-verified' };
    return this.#renewed(await sessions.reauthenticate(session, { fence, amr }));
  }

  /** Ends this session and deletes its cookie. Without a session it does nothing. */
  async signOut(): Promise<EndResult> {
    this.#mayChange();
    if (this.session === null) return { ended: false, effectiveWithin: 0 };
    const { id, user } = this.session;
    const result = await this.#settings.sessions.end(id, { user, by: user, reason: 'signed-out' });
    this.#leave();
    return result;
  }

  /** Ends every other session of this user; this one gets a new secret and cookie. Does nothing where this one is over. */
  async signOutOthers(): Promise<RevokeResult> {
    const session = this.#required();
    const result = await this.#settings.sessions.revoke(
      { user: session.user },
      { keep: session, by: session.user, reason: 'signed-out-others' },
    );
    if (result.kept !== null && result.token !== null) this.#become(result.kept, result.token);
    return result;
  }

  /** Ends every session of this user, this one too, and deletes the cookie. Does nothing where this one is over already. */
  async signOutEverywhere(): Promise<RevokeResult> {
    const session = this.#required();
    const result = await this.#settings.sessions.revoke(
      { user: session.user },
      { ifLive: session, by: session.user, reason: 'signed-out-everywhere' },
    );
    if (result.revoked) this.#leave();
    return result;
  }

  /** Gives the session a new secret and sets its cookie: do it when privileges change. */
  async renew(request: RenewRequest = {}): Promise<RenewResult> {
    return this.#renewed(await this.#settings.sessions.renew(this.#required(), request)) as RenewResult;
  }

  #renewed(result: RenewResult): RenewResult {
    if (result.ok) this.#become(result.session, result.token);
    return result;
  }

  /** The session that this request may change something with. */
  #required(): Session {
    this.#mayChange();
    return sessionOf(this);
  }

  #mayChange(): void {
    if (this.#exchange.headersSent) throw new TypeError('the headers are sent: the cookie can no longer be set');
    if (this.#state.is === 'cross-origin' || !isOwnOrigin(this.#exchange, this.#settings.origins)) throw crossOrigin();
  }

  #become(session: Session, token: string): void {
    const { cookie, sessions } = this.#settings;
    const lasting = session.kind !== 'browser';
    const end = session.expiresAt === null ? LONGEST_COOKIE : (session.expiresAt - sessions.clock.now()) / 1000;
    setCookie(this.#exchange, cookie, token, lasting ? end : null);
    this.#state = { is: 'session', session };
  }

  #leave(): void {
    deleteCookie(this.#exchange, this.#settings.cookie);
    this.#state = NONE;
  }

  #client(): { userAgent: string | undefined; hints: Record<string, string>; ip: string | undefined } {
    const header = (name: string): string | undefined => this.#exchange.header(name);
    const hints: Record<string, string> = {};
    for (const [hint, name] of HINTS) {
      const value = header(name);
      if (value !== undefined) hints[hint] = value;
    }
    return { userAgent: header('user-agent'), hints, ip: this.#exchange.ip };
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

const HINTS = [
  ['brands', 'sec-ch-ua'],
  ['mobile', 'sec-ch-ua-mobile'],
  ['platform', 'sec-ch-ua-platform'],
] as const;

/** The session of a request that must have one. */
export function sessionOf(auth: Auth): Session {
  const { state } = auth;
  if (state.is === 'session') return state.session;
  if (state.is === 'outage') throw state.error;
  if (state.is === 'cross-origin') throw crossOrigin();
  throw new SessionError('SESSION_REQUIRED', 'this request has no live session');
}

const crossOrigin = (): SessionError =>
  new SessionError('SESSION_CROSS_ORIGIN', 'the request does not come from this site; see the option origins');

/** Reads the cookie and judges it. Answers nothing by itself; an outage is remembered for whoever asks. */
export async function openAuth(settings: HttpSettings, exchange: HttpExchange): Promise<Auth> {
  return new Auth(settings, exchange, await stateOf(settings, exchange));
}

async function stateOf({ sessions, cookie, origins }: HttpSettings, exchange: HttpExchange): Promise<AuthState> {
  const tokens = readCookie(exchange, cookie, MOST_COOKIES);
  if (tokens.length === 0 || tokens.length > MOST_COOKIES) return NONE;
  if (isUnsafe(exchange) && !isOwnOrigin(exchange, origins)) return { is: 'cross-origin' };
  try {
    const verdicts: Verdict[] = [];
    for (const token of tokens) verdicts.push(await sessions.check(token));
    const live = verdicts.filter((verdict) => verdict.ok);
    const [only, another] = live;
    if (only !== undefined && another === undefined) return { is: 'session', session: only.session };
    // Two live ones: nobody knows which of them the browser's own page meant (CKE-14).
    const [refused] = verdicts.filter((verdict) => !verdict.ok);
    return { is: 'none', verdict: live.length === 0 && tokens.length === 1 ? (refused ?? null) : null };
  } catch (error) {
    if (isSessionError(error)) return { is: 'outage', error };
    throw error;
  }
}
