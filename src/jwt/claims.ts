import type { SessionRecord } from '../session.ts';
import type { SessionRef } from '../store.ts';
import { accountTag, isSessionId, newId, userTag } from '../token.ts';
import type { TokenClaims, TokenHeader } from './compact.ts';

/** What an access token says (RFC 9068, 2.2). Times are Unix seconds. */
export interface AccessClaims {
  readonly iss: string;
  readonly aud: string | readonly string[];
  /** The user. */
  readonly sub: string;
  readonly client_id: string;
  /** The session. */
  readonly sid: string;
  /** 128 random bits: every token has another one. */
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  /** When credentials were checked; left out where nobody knows. No refresh moves it. */
  readonly auth_time?: number | undefined;
  /** How they were (RFC 8176); left out where nobody said. */
  readonly amr?: readonly string[] | undefined;
  readonly acr?: string | undefined;
  /** Names with spaces between; left out where none were named. */
  readonly scope?: string | undefined;
  /** The account that the session is in; left out where it is in none. */
  readonly account?: string | undefined;
  /** Which of the session's secrets it is of, and under which generations the session was born: not for others to read. */
  readonly stamps: Stamped;
}

/** The serial of the session's secret, and its stamps, in the order realm, user, account, member. */
export type Stamped = readonly [number, string, string, string | null, string | null];

/** What is not the session's to say. */
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

/** The claims of a new access token: they tell of the session as it was judged, never of what is true since. */
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
    // A session that was taken over from another layer was signed in nobody knows when.
    auth_time: authenticatedAt === 0 ? undefined : seconds(authenticatedAt),
    amr: amr.length === 0 ? undefined : amr,
    acr,
    scope: scope ?? undefined,
    account: account ?? undefined,
    stamps: [serial, stamps.realm, stamps.user, stamps.account, stamps.member],
  };
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

/** Whether this is said to be an access token (RFC 9068, 4), and no other sort that the same key signs. */
export const isAccessToken = ({ typ }: TokenHeader): boolean =>
  typ !== undefined && /^(?:application\/)?at\+jwt$/i.test(typ);

/** Whether claims are those of an access token of ours, for us. */
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
    // A security event (RFC 8417, 4.2): never a token to act with.
    events === undefined
  );
}

/** Whether claims hold at a time, Unix ms, by a clock that may be so far off. */
export function latenessOf(
  { exp, nbf }: AccessClaims & { readonly nbf?: number },
  now: number,
  tolerance: number,
): 'expired' | 'invalid' | null {
  if (now - tolerance >= exp * 1000) return 'expired';
  return nbf !== undefined && now + tolerance < nbf * 1000 ? 'invalid' : null;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function isStamped(value: unknown): value is Stamped {
  if (!Array.isArray(value) || value.length !== 5) return false;
  const [serial, realm, user, account, member] = value;
  return Number.isSafeInteger(serial) && isText(realm) && isText(user) && isTextOrNone(account) && isTextOrNone(member);
}

const isTextOrNone = (value: unknown): boolean => value === null || isText(value);

/** Where the session that an access token names is found: under tags of this realm, so that it is of no other one. */
export const refIn = (realm: string, { sid, sub, account }: AccessClaims): SessionRef => ({
  ...{ id: sid, user: userTag(realm, sub), account: account === undefined ? null : accountTag(realm, account) },
});

/** Whether an access token speaks of this session, apart from its secret. */
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
