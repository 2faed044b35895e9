import type { SessionRecord, SessionRef } from '../../model/session.ts';
import { accountTag, isSessionId, newId, userTag } from '../../model/token.ts';
import type { TokenClaims, TokenHeader } from '../compact.ts';

/** Claims of an access token (RFC 9068, 2.2). Times are Unix seconds. */
export interface AccessClaims {
  /** Issuer: the option `issuer`. */
  readonly iss: string;
  /** Audience: the option `audience`, as a text if it has one name. */
  readonly aud: string | readonly string[];
  /** Id of the user. */
  readonly sub: string;
  /** OAuth client that the token was issued to. */
  readonly client_id: string;
  /** Id of the session. */
  readonly sid: string;
  /** 128 random bits. */
  readonly jti: string;
  /** Time of issue. */
  readonly iat: number;
  /** Time of expiry, never after the session's absolute end. */
  readonly exp: number;
  /** Time of authentication, if known. A refresh does not change it. */
  readonly auth_time?: number | undefined;
  /** Methods of authentication (RFC 8176), if known. */
  readonly amr?: readonly string[] | undefined;
  /** Authentication context class: the result of the option `acr`. Missing without it. */
  readonly acr?: string | undefined;
  /** Granted names, separated by spaces. */
  readonly scope?: string | undefined;
  /** The session's account, if it has one. */
  readonly account?: string | undefined;
  /** The session's secret and generations. Only for this library. */
  readonly stamps: Stamped;
}

/** Serial of the session's secret, then its stamps of realm, user, account, member. */
export type Stamped = readonly [number, string, string, string | null, string | null];

/** Parts of an access token that do not come from the session. */
export interface Minting {
  readonly issuer: string;
  readonly audience: readonly [string, ...string[]];
  readonly client: string;
  readonly scope: string | null;
  readonly acr: string | undefined;
  /** Unix ms. */
  readonly now: number;
  readonly lifetime: number;
}

/** Returns the claims of a new access token. They describe the session as it was judged. */
export function claimsOf(session: SessionRecord, minting: Minting): AccessClaims {
  const { id, user, account, serial, stamps, authenticatedAt, amr, expiresAt } = session;
  const { issuer, audience, client, scope, acr, now, lifetime } = minting;
  const end = expiresAt === null ? now + lifetime : Math.min(now + lifetime, expiresAt);
  return {
    iss: issuer,
    aud: audience.length === 1 ? audience[0] : audience,
    sub: user,
    client_id: client,
    sid: id,
    jti: newId(),
    iat: seconds(now),
    exp: seconds(end),
    // 0 marks an adopted session with an unknown time of authentication.
    auth_time: authenticatedAt === 0 ? undefined : seconds(authenticatedAt),
    amr: amr.length === 0 ? undefined : amr,
    acr,
    scope: scope ?? undefined,
    account: account ?? undefined,
    stamps: [serial, stamps.realm, stamps.user, stamps.account, stamps.member],
  };
}

export const seconds = (ms: number): number => Math.floor(ms / 1000);

/** Tells whether a header names an access token (RFC 9068, 4). The same key may sign other types. */
export const isAccessToken = ({ typ }: TokenHeader): boolean =>
  typ !== undefined && /^(?:application\/)?at\+jwt$/i.test(typ);

export function isAccessClaims(
  claims: TokenClaims,
  issuer: string,
  audience: readonly string[],
): claims is TokenClaims & AccessClaims {
  const { iss, aud, sub, client_id, sid, jti, iat, exp, nbf, account, scope, stamps, events } = claims;
  return (
    iss === issuer &&
    (Array.isArray(aud) ? audience.some((one) => aud.includes(one)) : audience.includes(aud as string)) &&
    isText(sub) &&
    isText(client_id) &&
    isText(jti) &&
    isText(sid) &&
    isSessionId(sid) &&
    Number.isSafeInteger(iat) &&
    Number.isSafeInteger(exp) &&
    (nbf === undefined || Number.isSafeInteger(nbf)) &&
    (account === undefined || isText(account)) &&
    (scope === undefined || isText(scope)) &&
    isStamped(stamps) &&
    // A security event token (RFC 8417, 4.2) must never grant access.
    events === undefined
  );
}

/**
 * The longest time, in ms, by which the `iat` of a token may be ahead of the clock. Not an option: clocks rarely differ by more than a
 * minute, and a token from the future outlives its `lifetime`.
 */
export const MAX_ISSUED_AHEAD = 60e3;

/**
 * Returns why the times of a token refuse it, or `null` if they do not. `now` is Unix ms. `tolerance` is the possible error of the clock
 * in ms.
 */
export function latenessOf(
  { exp, nbf, iat }: AccessClaims & { readonly nbf?: number },
  now: number,
  tolerance: number,
): 'expired' | 'invalid' | null {
  if (now - tolerance >= exp * 1000) return 'expired';
  if (iat * 1000 > now + MAX_ISSUED_AHEAD) return 'invalid';
  return nbf !== undefined && now + tolerance < nbf * 1000 ? 'invalid' : null;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function isStamped(value: unknown): value is Stamped {
  if (!Array.isArray(value) || value.length !== 5) return false;
  const [serial, realm, user, account, member] = value;
  return Number.isSafeInteger(serial) && isText(realm) && isText(user) && isTextOrNone(account) && isTextOrNone(member);
}

const isTextOrNone = (value: unknown): boolean => value === null || isText(value);

/** Names the session of a token by tags of this realm, so that a session of another realm is never found. */
export const refIn = (realm: string, { sid, sub, account }: AccessClaims): SessionRef => ({
  ...{ id: sid, user: userTag(realm, sub), account: account === undefined ? null : accountTag(realm, account) },
});

/** Tells whether the claims have the user, the account and the stamps of a session. Does not compare the secret. */
export function isAbout({ sub, account, stamps }: AccessClaims, session: SessionRecord): boolean {
  const [, realm, user, accountStamp, member] = stamps;
  return (
    session.user === sub &&
    session.account === (account ?? null) &&
    session.stamps.realm === realm &&
    session.stamps.user === user &&
    session.stamps.account === accountStamp &&
    session.stamps.member === member
  );
}
