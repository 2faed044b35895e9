import { CompactSign } from 'jose';
import type { Core } from '../core.ts';
import { newRefreshToken } from '../credential.ts';
import { SessionError } from '../errors.ts';
import type { RefreshRefusal } from '../events.ts';
import { parseArguments, parseSwitch, parseText } from '../input.ts';
import { hashFamily, hashRotating, parseRefreshHash, parseRefreshToken } from '../refresh-token.ts';
import { stillLive } from '../revocation.ts';
import { type Ended, type Overtaken, Session, type SessionRecord } from '../session.ts';
import { attributesOf, type Grant, withGrant } from '../session-client.ts';
import { Sessions } from '../sessions.ts';
import type { Client } from '../suspicion.ts';
import { AccessChecks, type AccessVerdict } from './access-check.ts';
import { claimsOf } from './claims.ts';
import { LONGEST_TOKEN } from './compact.ts';
import type { JsonWebKey } from './keys.ts';
import { type AccessTokenOptions, parseTokenOptions, type TokenSettings } from './options.ts';
import { type RefreshOrder, refreshSession } from './refresh.ts';
import { CLIENT_KEYS, parseClient } from './refusal.ts';
import { parseScope } from './scope.ts';

/** Options of {@link AccessTokens.mint}. */
export interface MintRequest {
  /** The app that gets it, by its `client_id`; with a name, if its sessions are to be listed under one. */
  readonly client: string | { readonly id: string; readonly name?: string | undefined };
  /**
   * Whether the session is handed to that app, with a refresh token in the place of the token that it has: that one is refused
   * from now on. `'cookie'` notes that it will be kept in a cookie, out of reach for scripts: the wrappers see to it that it stays
   * there. Default `false`.
   */
  readonly refresh?: boolean | 'cookie' | undefined;
  /** What the app may do: names with spaces between (RFC 6749, 3.3), at most 1,024 characters. Default: none are named. */
  readonly scope?: string | null | undefined;
}

/** What {@link AccessTokens.mint} gives. */
export interface MintResult {
  /** For the app alone: never log it. */
  readonly accessToken: string;
  /** Only where it was asked for; for the app alone, too. */
  readonly refreshToken?: string;
  /** For how many seconds the access token is good. */
  readonly expiresIn: number;
  /** The session, as it is now. */
  readonly session: Session;
}

/** Options of {@link AccessTokens.refresh}; with what the request says of where it comes from, told where a token is reused. */
export interface RefreshRequest extends Client {
  /** The `client_id` that the request names or proves. Another one than it was minted for is refused. Default: nobody asks. */
  readonly client?: string | null | undefined;
  /** What the access token is to be good for: no more than was granted. Default: all of it. */
  readonly scope?: string | null | undefined;
}

/** What became of a refresh. */
export type RefreshResult =
  | {
      readonly ok: true;
      readonly session: Session;
      readonly accessToken: string;
      /** The next one: the one that was used is good for nothing now. */
      readonly refreshToken: string;
      /** For how many seconds the access token is good. */
      readonly expiresIn: number;
      /** What the access token is good for; `null` where nothing was named. */
      readonly scope: string | null;
    }
  | {
      readonly ok: false;
      readonly session: null;
      readonly reason: RefreshRefusal;
      /** How it was ended, where that is the reason. */
      readonly ended: Ended | null;
      /** The revocation that ended it, where that is the reason and it is still known. */
      readonly revocation: Overtaken | null;
    };

/** An access token, and how long it is good, in seconds. */
interface Signed {
  readonly accessToken: string;
  readonly expiresIn: number;
}

const UTF_8 = new TextEncoder();
const MINT_KEYS = ['client', 'refresh', 'scope'];
const REFRESH_KEYS = ['client', 'scope', ...CLIENT_KEYS];

/**
 * Access and refresh tokens for the sessions of one realm. Made by {@link accessTokens}. Every method may throw
 * `SESSION_STORE_UNAVAILABLE` where the store could not find out: that never means "signed out"; and `TypeError` for misuse.
 */
export class AccessTokens {
  readonly #core: Core;
  readonly #settings: TokenSettings;
  readonly #checks: AccessChecks;

  /** @internal */
  constructor(core: Core, settings: TokenSettings) {
    this.#core = core;
    this.#settings = settings;
    this.#checks = new AccessChecks(core, settings);
  }

  /**
   * Signs an access token (RFC 9068) for a session that was judged live: it is good as long as that session is, and until its
   * own end. Without `refresh`, the store is not asked.
   * @throws `SESSION_REQUIRED` with `refresh`, where the session is over or its secret was renewed since it was judged.
   */
  async mint(session: Session, request: MintRequest): Promise<MintResult> {
    const { client, refresh, scope } = parseArguments('mint', request, MINT_KEYS);
    const judged = Session.recordOf('mint', session);
    const kept = refresh === 'cookie' ? refresh : null;
    const grant: Grant = { ...parseParty(client), scope: parseScope(scope), kept };
    if (kept === null && !parseSwitch('refresh', refresh))
      return { ...(await this.#sign(judged, grant.id, grant.scope)), session };

    const core = this.#core;
    const now = core.now();
    const current = await stillLive(core, judged, now);
    if (current === null) throw sessionRequired();
    const { token: refreshToken, hash } = newRefreshToken(current);
    const attributes = withGrant(attributesOf(current), grant);
    const next: SessionRecord = { ...current, hash, attributes, lastUsedAt: Math.max(current.lastUsedAt, now) };
    const signed = await this.#sign(next, grant.id, grant.scope);
    const { retention } = core.settings;
    const write = { ending: [], keepUntil: next.expiresAt, moves: false, audit: [], now, retention };
    const written = await core.store.renew({ session: next, ifHash: judged.hash, ...write });
    if (written !== 'renewed') throw sessionRequired();
    return { ...signed, refreshToken, session: new Session(next) };
  }

  /**
   * Judges an access token, and never throws for what a client sent. The signature first; then the session, by one question to
   * the store, so that whatever ended it counts at once. It is no sign of a user's presence (see the option `countsAsUse`).
   */
  check(jwt: string | null | undefined, client?: Client): Promise<AccessVerdict> {
    // Not `async`, which would wait for its answer's promise with one of its own.
    try {
      return Promise.resolve(this.#checks.check(jwt, client));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Uses a refresh token up, for a new access token and the next refresh token. Never throws for what a client sent. One that
   * was used before ends its session, and `session.reused` is told: two have it. The session's end, what it is stamped with,
   * and how and when its user was authenticated stay; the refresh counts as a use. An answer that gets lost on its way cannot
   * be given again, since nothing secret is kept: that app has to sign in anew.
   */
  async refresh(token: string | null | undefined, request: RefreshRequest = {}): Promise<RefreshResult> {
    const from = parseClient('refresh', request, REFRESH_KEYS);
    const { client, scope } = request;
    const order: RefreshOrder = { clientId: client ?? null, scope, from, grace: this.#settings.grace };
    const outcome = await refreshSession(this.#core, token, order, async (session, grant, granted) => ({
      ...(await this.#sign(session, grant.id, granted)),
      scope: granted,
    }));
    if ('refusal' in outcome) {
      const { refusal: reason, over } = outcome;
      const ended = over?.reason === 'ended' ? over.ended : null;
      const revocation = over?.reason === 'revoked' ? over.revocation : null;
      return { ok: false, session: null, reason, ended, revocation };
    }
    const { session, refreshToken, made } = outcome;
    return { ok: true, session: new Session(session), refreshToken, ...made };
  }

  /**
   * Whether this is the present refresh token of a session, as that was judged. Nothing is asked.
   * @internal
   */
  isTokenOf(token: unknown, session: Session): boolean {
    const { id, hash } = Session.recordOf('session', session);
    const [parsed, hashes] = [parseRefreshToken(token), parseRefreshHash(hash)];
    return (
      parsed?.ref.id === id &&
      hashFamily(parsed.secrets.family) === hashes?.family &&
      hashRotating(parsed.secrets.rotating) === hashes.rotating
    );
  }

  /** The public keys, as a JWK Set (RFC 7517, 5) for whoever checks signatures. Empty where tokens are signed with a secret. */
  jwks(): { readonly keys: readonly JsonWebKey[] } {
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
    const [{ alg, kid, sign }] = keys;
    if (sign === null) throw new TypeError('the first key does not sign');
    const accessToken = await new CompactSign(UTF_8.encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg, kid, typ: 'at+jwt' })
      .sign(await sign);
    if (accessToken.length > LONGEST_TOKEN) {
      throw new TypeError(`the access token has ${accessToken.length} characters; at most ${LONGEST_TOKEN} are read`);
    }
    return { accessToken, expiresIn: Math.max(0, claims.exp - Math.floor(now / 1000)) };
  }
}

/** The app that a token is for. */
function parseParty(client: unknown): { id: string; name: string } {
  if (typeof client === 'string') return { id: parseText('client', client), name: client };
  const { id, name } = parseArguments('client', client, ['id', 'name']);
  const known = parseText('client.id', id);
  return { id: known, name: name === undefined ? known : parseText('client.name', name) };
}

const sessionRequired = (): SessionError =>
  new SessionError('SESSION_REQUIRED', 'a refresh token needs a live session, judged with its present secret');

/**
 * Access and refresh tokens for these sessions.
 * @throws `TypeError` for options that are unknown, contradictory, out of range, or unsafe; it names the option.
 */
export function accessTokens<Trigger extends string, Transaction>(
  sessions: Sessions<Trigger, Transaction>,
  options: AccessTokenOptions,
): AccessTokens {
  return new AccessTokens(Sessions.coreOf(sessions), parseTokenOptions(options));
}
