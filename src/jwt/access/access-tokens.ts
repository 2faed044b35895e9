import { type Core, coreOf } from '../../core/context.ts';
import { judgedRecord, stillLive } from '../../core/still-live.ts';
import { CLIENT_INFO_KEYS, type ClientInfo, parseClientInfo } from '../../device/client-info.ts';
import { inCall, nameCalls } from '../../lib/call.ts';
import { SessionError } from '../../lib/errors.ts';
import { parseArguments, parseSwitch, parseText } from '../../lib/input.ts';
import { newRefreshToken } from '../../model/credential.ts';
import type { Grant } from '../../model/grant.ts';
import { parseOAuthScope } from '../../model/oauth-scope.ts';
import type { RefreshRefusal } from '../../model/reason.ts';
import { hashFamily, hashRotating, parseRefreshCredential, parseRefreshToken } from '../../model/refresh-token.ts';
import { type EndState, Session, type SessionRecord } from '../../model/session.ts';
import type { CheckRequest } from '../../operations/check.ts';
import type { Sessions } from '../../sessions.ts';
import { MAX_TOKEN } from '../compact.ts';
import type { JsonWebKey } from '../keys/keys.ts';
import { signJwt } from '../sign-jwt.ts';
import { AccessChecks, type AccessVerdict } from './check.ts';
import { claimsOf } from './claims.ts';
import { type AccessTokenOptions, parseTokenOptions, type TokenSettings } from './options.ts';
import { type RefreshOrder, refreshSession } from './refresh.ts';
import { TokenEndpoint } from './token-endpoint.ts';

/** Options of {@link AccessTokens.mint}. */
export interface MintRequest {
  /** The app that gets the token, by its `client_id`. Lists of sessions show the `name`. Default: the `client_id`. */
  readonly client:
    | string
    | {
        /** The `client_id`, at most 256 characters. */
        readonly id: string;
        /** Name for lists, at most 256 characters. Default: the `client_id`. */
        readonly name?: string | undefined;
      };
  /**
   * `true` hands the session to the app with a refresh token, and the session's present token is refused from now on.
   * `'cookie'` also notes that a cookie keeps the refresh token, out of reach of scripts; the wrappers keep it there.
   * Default `false`.
   */
  readonly refresh?: boolean | 'cookie' | undefined;
  /** Scope of the access token: names separated by spaces (RFC 6749, 3.3), at most 1,024 characters. Default: none. */
  readonly scope?: string | null | undefined;
}

/** Result of {@link AccessTokens.mint}. */
export interface MintResult {
  /** For the app only: never log it. */
  readonly accessToken: string;
  /** Present only with the option `refresh`. For the app only: never log it. */
  readonly refreshToken?: string;
  /** Lifetime of the access token, in seconds. */
  readonly expiresIn: number;
  /** The session after minting. */
  readonly session: Session;
}

/** Options of {@link AccessTokens.refresh}. The client's details appear in the event of a reused token. */
export interface RefreshRequest extends ClientInfo {
  /** The `client_id` that the request names or proves. A token of another client is refused. Default: not compared. */
  readonly client?: string | null | undefined;
  /** Scope of the new access token: at most the granted one. Default: the granted one. */
  readonly scope?: string | null | undefined;
}

/** Result of a refresh. */
export type RefreshResult =
  | {
      /** The token was exchanged. */
      readonly ok: true;
      /** The session after the refresh. */
      readonly session: Session;
      /** For the app only: never log it. */
      readonly accessToken: string;
      /** The next refresh token. The used one is no longer valid. For the app only: never log it. */
      readonly refreshToken: string;
      /** Lifetime of the access token, in seconds. */
      readonly expiresIn: number;
      /** Scope of the access token; `null` for none. */
      readonly scope: string | null;
    }
  | {
      /** The token was refused. */
      readonly ok: false;
      /** Always `null`. */
      readonly session: null;
      /** Why the token was refused. `'retry'` is possible only with the option `grace`. */
      readonly reason: RefreshRefusal;
      /** How the session ended, if that is the reason. */
      readonly end: EndState | null;
    };

/** `expiresIn` is in seconds. */
interface Signed {
  readonly accessToken: string;
  readonly expiresIn: number;
}

const MINT_KEYS = ['client', 'refresh', 'scope'];
const REFRESH_KEYS = ['client', 'scope', ...CLIENT_INFO_KEYS];

/**
 * Issues and checks access and refresh tokens for the sessions of one realm: the result of {@link accessTokens}. Each
 * method that calls the store may throw `SESSION_STORE_UNAVAILABLE`, which never means "signed out". Misuse throws a
 * `TypeError`.
 */
export class AccessTokens {
  readonly #core: Core;
  readonly #settings: TokenSettings;
  readonly #checks: AccessChecks;
  /** Gives the receivers what they need beyond the public methods. @internal */
  readonly endpoint: TokenEndpoint;

  /** @internal */
  constructor(core: Core, settings: TokenSettings) {
    this.#core = core;
    this.#settings = settings;
    this.#checks = new AccessChecks(core, settings);
    this.endpoint = new TokenEndpoint(core, settings, this.#checks);
  }

  static {
    const forms = {
      mint: 'tokens.mint(session, { client })',
      check: 'tokens.check(accessToken)',
      refresh: 'tokens.refresh(refreshToken)',
    };
    nameCalls(AccessTokens.prototype, forms, (tokens, run) => tokens.#core.activity.run(run));
  }

  /**
   * Signs an access token (RFC 9068) for a session that was judged live. The token is valid until it expires, and no
   * longer than its session. Without `refresh`, the store is not called: pass a session that was just read, and not
   * remembered, where other parties verify the token by themselves.
   * @param session a session that was judged live, such as that of an accepted verdict.
   * @param request the client, and whether it gets a refresh token.
   * @throws `SESSION_REQUIRED` with `refresh`, if the session has ended or its secret was renewed since it was judged.
   */
  async mint(session: Session, request: MintRequest): Promise<MintResult> {
    const { client, refresh, scope } = parseArguments('the second argument', request, MINT_KEYS);
    const judged = Session.recordOf('session', session);
    const kept = refresh === 'cookie' ? refresh : null;
    const grant: Grant = {
      ...parseParty(client),
      scope: scope === undefined || scope === null ? null : parseOAuthScope(scope),
      kept,
    };
    if (kept === null && !parseSwitch('refresh', refresh))
      return { ...(await this.#sign(judged, grant.id, grant.scope)), session };

    const core = this.#core;
    const now = core.now();
    const current = await stillLive(core, await judgedRecord(core, 'session', session), now);
    if (current === null) throw sessionRequired();
    const { token: refreshToken, credential } = newRefreshToken(current);
    const next: SessionRecord = {
      ...current,
      credential,
      client: grant,
      lastUsedAt: Math.max(current.lastUsedAt, now),
    };
    const signed = await this.#sign(next, grant.id, grant.scope);
    const { retention } = core.settings;
    const write = { ending: [], keepUntil: next.expiresAt, moves: false, audit: [], now, retention };
    const written = await core.store.renew({ session: next, ifCredential: current.credential, ...write });
    if (written !== 'renewed') throw sessionRequired();
    return { ...signed, refreshToken, session: new Session(next) };
  }

  /**
   * Checks an access token. Never throws for client input. It checks the signature, then reads the session from the
   * store once, so the end of a session takes effect at once, or within the option `freshness`. A check is no use of
   * the session, unless `countsAsUse` is set.
   * @param jwt the client's token, as it came. `null` and `undefined` are refused as `'malformed'`.
   * @param request the client's details, for events; `maxStaleness`, to ask for younger knowledge than the option
   * `freshness` does.
   */
  check(jwt: string | null | undefined, request?: CheckRequest): Promise<AccessVerdict> {
    // Not `async`, which would wrap the promise of the verdict in a second promise.
    try {
      return Promise.resolve(this.#checks.check(jwt, request));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Exchanges a refresh token for a new access token and the next refresh token. Never throws for client input. A token
   * that was used before ends its session and emits `session.reused`, because two parties have it (RFC 9700, 4.14.2).
   * The session's expiry, its stamps, and the time and methods of authentication stay. The refresh counts as a use. A
   * lost answer cannot be repeated, since no secret is stored: the app has to sign in again.
   * @param token the client's token, as it came. `null` and `undefined` are refused as `'malformed'`.
   * @param request the OAuth client and the wanted scope, and the client's details for events.
   */
  async refresh(token: string | null | undefined, request: RefreshRequest = {}): Promise<RefreshResult> {
    const clientInfo = parseClientInfo('refresh', request, REFRESH_KEYS);
    const { client, scope } = request;
    const order: RefreshOrder = { clientId: client ?? null, scope, clientInfo, grace: this.#settings.grace };
    const outcome = await refreshSession(this.#core, token, order, async (session, grant, granted) => ({
      ...(await this.#sign(session, grant.id, granted)),
      scope: granted,
    }));
    if ('reason' in outcome) return { ok: false, session: null, reason: outcome.reason, end: outcome.end };
    const { session, refreshToken, made } = outcome;
    return { ok: true, session: new Session(session), refreshToken, ...made };
  }

  /** Tells whether this is the present refresh token of a judged session, without calling the store. @internal */
  isTokenOf(token: unknown, session: Session): boolean {
    const { id, credential } = Session.recordOf('session', session);
    const [parsed, hashes] = [parseRefreshToken(token), parseRefreshCredential(credential)];
    return (
      parsed?.ref.id === id &&
      hashFamily(parsed.secrets.family) === hashes?.family &&
      hashRotating(parsed.secrets.rotating) === hashes.rotating
    );
  }

  /** Returns the public keys as a JWK Set (RFC 7517, 5). Empty for HS256. */
  jwks(): {
    /** The public halves of the option `keys`, each with its `kid` and `alg`. */
    readonly keys: readonly JsonWebKey[];
  } {
    const keys = this.#settings.keys.flatMap(({ jwk, kid, alg }) =>
      jwk === null ? [] : [{ ...jwk, kid, alg, use: 'sig' }],
    );
    return { keys };
  }

  async #sign(session: SessionRecord, client: string, scope: string | null): Promise<Signed> {
    const { issuer, audience, lifetime, acr, keys } = this.#settings;
    const now = this.#core.now();
    const context = acr === null ? undefined : acr(new Session(session));
    if (context !== undefined) parseText('what acr gives', context);
    const claims = claimsOf(session, { issuer, audience, client, scope, acr: context, now, lifetime });
    const accessToken = await signJwt(keys[0], 'at+jwt', claims);
    if (accessToken.length > MAX_TOKEN) {
      throw new TypeError(`the access token has ${accessToken.length} characters; at most ${MAX_TOKEN} are read`);
    }
    return { accessToken, expiresIn: Math.max(0, claims.exp - Math.floor(now / 1000)) };
  }
}

function parseParty(client: unknown): { id: string; name: string } {
  if (typeof client === 'string') return { id: parseText('client', client), name: client };
  const { id, name } = parseArguments('client', client, ['id', 'name']);
  const known = parseText('client.id', id);
  return { id: known, name: name === undefined ? known : parseText('client.name', name) };
}

const sessionRequired = (): SessionError =>
  new SessionError('SESSION_REQUIRED', 'a refresh token needs a live session, judged with its present secret');

/**
 * Creates access and refresh tokens for these sessions.
 * @param sessions the result of `createSessions`.
 * @param options issuer, audience and keys. Other options have defaults.
 * @throws `TypeError` that names the option that is unknown, contradictory, out of range or unsafe.
 * @example
 * ```ts
 * import { accessTokens, generateKey } from 'session-revocation/jwt';
 *
 * const tokens = accessTokens(sessions, {
 *   issuer: 'https://app.example.org',
 *   audience: 'https://api.example.org',
 *   keys: [generateKey('EdDSA')], // in production, from the secret store
 * });
 * const { accessToken, refreshToken } = await tokens.mint(session, { client: 'mobile-app', refresh: true });
 * ```
 */
export function accessTokens<Trigger extends string, Transaction>(
  sessions: Sessions<Trigger, Transaction>,
  options: AccessTokenOptions,
): AccessTokens {
  return inCall('accessTokens(sessions, { issuer, audience, keys })', () => {
    return new AccessTokens(coreOf(sessions), parseTokenOptions(options));
  });
}
