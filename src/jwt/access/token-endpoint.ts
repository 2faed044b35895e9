import type { Core } from '../../core/context.ts';
import type { AttributionRequest } from '../../model/attribution.ts';
import { expiryOf } from '../../model/judge.ts';
import type { SessionRecord } from '../../model/session.ts';
import { usedTag } from '../../model/token.ts';
import { type EndResult, end } from '../../operations/end.ts';
import { isFirstUse } from '../../store/first-use.ts';
import { signJwt } from '../sign-jwt.ts';
import type { AccessChecks } from './check.ts';
import { type AccessClaims, seconds } from './claims.ts';
import type { TokenSettings } from './options.ts';
import { findByRefreshToken } from './refresh.ts';

/** A token that was issued here, and its session. The session may be over, or the refresh token used. */
export interface IssuedToken {
  readonly type: 'access_token' | 'refresh_token';
  /** The `client_id` that the token was issued to. */
  readonly client: string;
  readonly session: Pick<SessionRecord, 'id' | 'user'>;
}

/** Members of an introspection response about a token that is active (RFC 7662, 2.2). Times are Unix seconds. */
export type ActiveToken = Partial<Omit<AccessClaims, 'stamps'>> & {
  readonly client_id: string;
  /** `'Bearer'` for an access token. Missing for a refresh token. */
  readonly token_type?: 'Bearer';
};

/** The parts of an `AccessTokens` object that token endpoints need. Every method may throw `SESSION_STORE_UNAVAILABLE`. */
export class TokenEndpoint {
  readonly issuer: string;
  readonly #core: Core;
  readonly #settings: TokenSettings;
  readonly #checks: AccessChecks;

  constructor(core: Core, settings: TokenSettings, checks: AccessChecks) {
    this.issuer = settings.issuer;
    this.#core = core;
    this.#settings = settings;
    this.#checks = checks;
  }

  /** Unix ms. */
  now(): number {
    return this.#core.now();
  }

  /** Finds the session of a token. Returns `null` for a token that is unknown, expired or superseded. */
  find(token: string): Promise<IssuedToken | null> {
    return this.#core.activity.run(async () => {
      const refresh = await findByRefreshToken(this.#core, token);
      if (refresh !== null) return { type: 'refresh_token', client: refresh.grant.id, session: refresh.session };
      const access = await this.#checks.find(token);
      return access && { type: 'access_token', client: access.claims.client_id, session: access.session };
    });
  }

  /** Ends the session of a token, like `sessions.end`. */
  end({ session: { id, user } }: IssuedToken, attribution: AttributionRequest): Promise<EndResult> {
    return this.#core.activity.run(() => end(this.#core, id, { user, ...attribution }));
  }

  /** Describes a token that is active. Returns `null` for every other text. Reads the store, also with the option `freshness`. */
  introspect(token: string): Promise<ActiveToken | null> {
    return this.#core.activity.run(async () => {
      const refresh = await findByRefreshToken(this.#core, token);
      if (refresh !== null) return refresh.isActive ? this.#describe(refresh.session, refresh.grant) : null;
      const verdict = await this.#checks.check(token, { maxStaleness: 0 });
      if (!verdict.ok) return null;
      const { stamps: _, ...claims } = verdict.claims;
      return { ...claims, token_type: 'Bearer' };
    });
  }

  #describe(session: SessionRecord, grant: { readonly id: string; readonly scope: string | null }): ActiveToken {
    const expiry = expiryOf(session);
    return {
      ...{ iss: this.issuer, sub: session.user, client_id: grant.id, sid: session.id },
      ...(grant.scope !== null && { scope: grant.scope }),
      ...(expiry !== null && { exp: seconds(expiry) }),
    };
  }

  /** Notes the use of a JWT of an issuer. Returns `true` for its first use. `keepUntil`: Unix ms, when every process refuses the JWT. */
  isFirstUse(issuer: string, jti: string, keepUntil: number): Promise<boolean> {
    const tag = usedTag(this.#core.settings.realm, issuer, jti);
    return this.#core.activity.run(() => isFirstUse(this.#core, tag, this.now(), keepUntil));
  }

  /** Signs an introspection response for a client (RFC 9701, 5). It has neither `sub` nor `exp`, so it never passes for an access token. */
  signIntrospection(client: string, introspection: object): Promise<string> {
    const claims = { iss: this.issuer, aud: client, iat: seconds(this.now()), token_introspection: introspection };
    return signJwt(this.#settings.keys[0], 'token-introspection+jwt', claims);
  }
}
