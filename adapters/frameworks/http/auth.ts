import {
  type Attributes,
  type BuiltInTrigger,
  type RenewRequest,
  type RenewResult,
  type RevokeResult,
  type Session,
  SessionError,
  type SignOutResult,
  type StartRefusal,
  type StartResult,
  type TriggerRequest,
  type TriggerResult,
} from '../../../src/index.ts';
import { challenge } from './answer.ts';
import { type AuthState, coarseReason, NONE, readState } from './auth-state.ts';
import { type Carrier, CookieCarrier } from './carrier.ts';
import { clientOf } from './client.ts';
import { LONGEST_COOKIE, readCookie, setCookie } from './cookie.ts';
import { newDeviceId } from './device-id.ts';
import type { HttpExchange } from './exchange.ts';
import type { HttpSettings } from './options.ts';
import { isOwnOrigin } from './origin.ts';
import { reportCrossOrigin } from './report.ts';

/** A sign-in over HTTP. Device, address and cookie are taken from the request. */
export interface SignInRequest {
  /**
   * The app's id of the person who claims to be signing in; `null` where the app knows no such person: then the same is
   * done for nobody, `verify` is asked all the same (it should take its usual time), and the answer is `'not-verified'`.
   */
  readonly user: string | null;
  readonly account?: string | undefined;
  /** Default `'browser'`, whose cookie ends with the browser; the cookie of any other kind stays as long as the session. */
  readonly kind?: string | undefined;
  /** How the user authenticates (RFC 8176), such as `['pwd']`, where `verify` does not say. */
  readonly amr?: readonly string[] | undefined;
  readonly attributes?: Attributes | undefined;
  /**
   * A request from another site is refused, since it may sign its victim in as somebody else. The way back from an
   * identity provider is such a request: there the app has checked the `state` that it gave (RFC 6749 10.12), and says so.
   */
  readonly crossSite?: 'state-was-checked' | undefined;
  /**
   * Checks the credentials: called after the fence was taken. A falsy answer starts nothing; `{ amr: ['pwd', 'otp'] }` says
   * what was proved.
   */
  verify(): unknown;
}

/** A new authentication of who is signed in already. */
export type ReauthenticateHttpRequest = Pick<SignInRequest, 'amr' | 'verify'>;

/** What has happened to the user of a session, beside the name of the trigger. */
export type TriggerHttpRequest = Pick<TriggerRequest, 'account' | 'reason' | 'note'>;

/** Why a request has no session, for a page to tell. */
export interface Refusal {
  /** Its session was ended, has expired, or was revoked. */
  readonly reason: 'ended' | 'expired' | 'revoked';
  /** A code of this library or of one of the app's triggers, such as `'password-changed'`; `null` for whatever else. */
  readonly cause: string | null;
}

/** Why, beside an end to all sessions. At most 256 characters each. */
export interface SignOutRequest {
  /** Default `'signed-out-others'` or `'signed-out-everywhere'`. */
  readonly reason?: string | undefined;
  readonly note?: string | undefined;
  /** Only these kinds, or `'all'`. Default: all kinds that do not survive a user's revocation. */
  readonly kinds?: readonly string[] | 'all' | undefined;
}

/** A result without its token: that is in the cookie, out of reach for scripts, and must not get into a body. */
export type WithoutToken<Result> = Result extends unknown ? Omit<Result, 'token'> : never;

/** What became of a sign-in; `'not-verified'` where `verify` said no. */
export type SignInResult = WithoutToken<StartResult<StartRefusal | 'not-verified'>>;

/** What became of a new authentication. */
export type ReauthenticateResult = WithoutToken<RenewResult> | SignInResult;

/** What `verify` says was proved. The core refuses what is no list of methods. */
const provedBy = (proof: unknown): readonly string[] | undefined =>
  typeof proof === 'object' && proof !== null && 'amr' in proof ? (proof.amr as readonly string[]) : undefined;

const byOwn = ({ user, device }: Session) => ({ by: user, from: device.label });

// Takes the fence of whoever is unknown, so that the time of an answer does not tell who is known.
const NOBODY = 'nobody';
const NOT_VERIFIED = { ok: false, session: null, reason: 'not-verified' } as const;

function withoutToken<Result extends object>(result: Result): WithoutToken<Result> {
  const { token: _, ...rest } = result as Result & { token?: unknown };
  return rest as unknown as WithoutToken<Result>;
}

/**
 * Who makes this request, and what a request may do about it. The methods that set or delete the cookie must be called
 * before the response's headers are sent.
 */
export class Auth<Trigger extends string = BuiltInTrigger> {
  readonly #settings: HttpSettings;
  readonly #exchange: HttpExchange;
  readonly #carrier: Carrier;
  #state: AuthState;

  /** @internal */
  constructor(settings: HttpSettings, exchange: HttpExchange, carrier: Carrier, state: AuthState) {
    this.#settings = settings;
    this.#exchange = exchange;
    this.#carrier = carrier;
    this.#state = state;
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

  /** @internal */
  get settings(): HttpSettings {
    return this.#settings;
  }

  /**
   * Takes the fence, asks `verify`, starts a session and sets its cookie. A live session that the request bore ends.
   * @throws `SESSION_CROSS_ORIGIN` for a request that does not come from our own pages.
   */
  async signIn({ verify, crossSite, user, ...request }: SignInRequest): Promise<SignInResult> {
    const { sessions } = this.#settings;
    this.#mayChange(crossSite === 'state-was-checked');
    // Before anything is waited for: whoever goes away has no address any more.
    const client = clientOf(this.#exchange);
    const fence = await sessions.fence({ user: user ?? NOBODY, account: request.account });
    const proof = await verify();
    if (!proof || user === null) return NOT_VERIFIED;

    const deviceId = this.#deviceId();
    const amr = provedBy(proof) ?? request.amr;
    const started = await sessions.start({ ...request, amr, user, fence, deviceId, ...client });
    if (!started.ok) return started;
    const before = this.#state.is === 'session' ? this.#state.session : null;
    // First, whatever becomes of the old one: a session whose token nobody got could be ended by nobody.
    try {
      await this.#become(started.session, started.token);
    } catch (error) {
      await sessions.end(started.session.id, { user, reason: 'signed-out' }).catch(() => {});
      throw error;
    }
    if (before !== null) {
      const from = started.session.device.label;
      await sessions.end(before.id, { user: before.user, by: user, reason: 'replaced', from });
    }
    return withoutToken(started);
  }

  /** Takes the fence, asks `verify`, and gives the session a new secret, time of authentication and absolute lifetime. */
  async reauthenticate({ verify, amr }: ReauthenticateHttpRequest): Promise<ReauthenticateResult> {
    const session = this.#required();
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

  /** Ends every other session of this user; this one gets a new secret and cookie. Does nothing where this one is over. */
  async signOutOthers(request: SignOutRequest = {}): Promise<WithoutToken<RevokeResult>> {
    const session = this.#required();
    await this.#carrier.ready?.();
    const result = await this.#settings.sessions.revoke(
      { user: session.user },
      { ...request, reason: request.reason ?? 'signed-out-others', keep: session, ...byOwn(session) },
    );
    if (result.kept !== null && result.token !== null) await this.#become(result.kept, result.token);
    return withoutToken(result);
  }

  /** Ends every session of this user, this one too, and deletes the cookie. Does nothing where this one is over already. */
  async signOutEverywhere(request: SignOutRequest = {}): Promise<WithoutToken<RevokeResult>> {
    const session = this.#required();
    const result = await this.#settings.sessions.revoke(
      { user: session.user },
      { ...request, reason: request.reason ?? 'signed-out-everywhere', ifLive: session, ...byOwn(session) },
    );
    if (!result.revoked || result.kept === null) await this.#leave(result.revoked);
    return withoutToken(result);
  }

  /**
   * Does what the option `triggers` says about something that has happened to this user, such as `passwordChanged`: this
   * session stays under a new secret where the rule is `others`, and goes with the rest where it is `everywhere`. Where it is
   * over already, all are revoked.
   */
  async trigger(
    name: Trigger | BuiltInTrigger,
    request: TriggerHttpRequest = {},
  ): Promise<WithoutToken<TriggerResult>> {
    const session = this.#required();
    await this.#carrier.ready?.();
    const about = { ...request, user: session.user, by: session.user, keep: session };
    // The core refuses a name that it does not know.
    const result = await this.#settings.sessions.trigger(name as BuiltInTrigger, about);
    if (!result.revoked) return withoutToken(result);
    if (result.kept === null) await this.#leave(result.notKept !== 'not-live');
    else if (result.token !== null) await this.#become(result.kept, result.token);
    return withoutToken(result);
  }

  /** Gives the session a new secret and sets its cookie: do it when privileges change. */
  async renew(request: RenewRequest = {}): Promise<WithoutToken<RenewResult>> {
    const session = this.#required();
    await this.#carrier.ready?.();
    return this.#renewed(await this.#settings.sessions.renew(session, request));
  }

  async #renewed(result: RenewResult): Promise<WithoutToken<RenewResult>> {
    if (!result.ok) return result;
    await this.#become(result.session, result.token);
    return withoutToken(result);
  }

  /** The session that this request may change something with. */
  #required(): Session {
    this.#mayChange();
    return sessionOf(this);
  }

  #mayChange(anyOrigin = false): void {
    if (this.#exchange.headersSent)
      throw new TypeError('the headers are sent, or the response was committed: the cookie can no longer be set');
    if (anyOrigin || isOwnOrigin(this.#exchange, this.#settings.origins)) return;
    // With a cookie it was told already.
    if (this.#state.is !== 'cross-origin') reportCrossOrigin(this.#settings, this.#exchange);
    throw crossOrigin();
  }

  async #become(session: Session, token: string): Promise<void> {
    await this.#carrier.give(session, token);
    this.#state = { is: 'session', session };
  }

  /** Where the session was over already, the browser may hold the token of a newer one by now. */
  async #leave(byThisRequest: boolean): Promise<void> {
    if (byThisRequest) await this.#carrier.take();
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
export function sessionOf(auth: Pick<Auth, 'state' | 'settings'>): Session {
  const { state } = auth;
  if (state.is === 'session') return state.session;
  if (state.is === 'outage') throw state.error;
  if (state.is === 'cross-origin') throw crossOrigin();
  // A 401 has a challenge (RFC 9110 15.5.2).
  const headers = challenge(auth.settings.sessions.realm);
  throw new SessionError('SESSION_REQUIRED', 'this request has no live session', { headers });
}

const crossOrigin = (): SessionError =>
  new SessionError('SESSION_CROSS_ORIGIN', 'the request does not come from this site; see the option origins');

/** Reads the cookie and judges it. Answers nothing by itself; an outage is remembered for whoever asks. */
export async function openAuth(settings: HttpSettings, exchange: HttpExchange): Promise<Auth> {
  const carrier = new CookieCarrier(settings, exchange);
  return new Auth(settings, exchange, carrier, await readState(settings, exchange, carrier));
}
