import { hash, randomBytes } from 'node:crypto';

/**
 * The key of a realm's, a user's or an account's record: 128 bits of a SHA-256, as 22 base64url characters. It selects the shard.
 * The tag of a membership's record has 45 characters, see {@link memberTag}.
 */
export type Tag = string;

/** The session that a token claims to be for. Nothing in it is trusted: the store compares the tags. */
export interface TokenRef {
  readonly id: string;
  readonly user: Tag;
  readonly account: Tag | null;
}

const ID_BYTES = 16;
const SECRET_BYTES = 32;
const INCARNATION_BYTES = 6;
const TAG_LENGTH = 22;
const MEMBER_TAG_LENGTH = 2 * TAG_LENGTH + 1;

const ID = /^[\w-]{22}$/;
// sr1.<user's tag>.<account's tag, or nothing>.<id>.<secret>
const TOKEN = /^sr1\.[\w-]{22}\.(?:[\w-]{22})?\.[\w-]{22}\.[\w-]{43}$/;
const USER_AT = 'sr1.'.length;
const ACCOUNT_AT = USER_AT + TAG_LENGTH + 1;
const SECRET_LENGTH = 43;
const MAX_TOKEN = ACCOUNT_AT + TAG_LENGTH + 1 + TAG_LENGTH + 1 + SECRET_LENGTH;

// JSON keeps the parts apart ("a","bc" differs from "ab","c"). The first part names the type, so no two scopes share a
// tag. The digest passes through a buffer, because a slice would keep the whole digest in memory and compare four times
// as slowly.
const digest = (...parts: string[]): Tag =>
  Buffer.from(hash('sha256', JSON.stringify(parts), 'base64url'), 'latin1').toString('latin1', 0, TAG_LENGTH);

/**
 * Returns the tag of a realm's record.
 * @param realm the name of the realm.
 */
export const realmTag = (realm: string): Tag => digest('realm', realm);
export const accountTag = (realm: string, account: string): Tag => digest('account', realm, account);
export const userTag = (realm: string, user: string): Tag => digest('user', realm, user);
/**
 * Returns the tag of a membership's record. Both parts have a fixed length, so no two memberships share a tag.
 * @param user the tag of the user.
 * @param account the tag of the account.
 */
export const memberTag = (user: Tag, account: Tag): Tag => `${user}.${account}`;
/**
 * Returns the user and the account of a membership's tag; `null` for every other tag.
 * @param tag any tag of a record.
 */
export function membershipOf(tag: Tag): {
  /** The tag of the user. */
  readonly user: Tag;
  /** The tag of the account. */
  readonly account: Tag;
} | null {
  if (tag.length !== MEMBER_TAG_LENGTH || tag[TAG_LENGTH] !== '.') return null;
  return { user: tag.slice(0, TAG_LENGTH), account: tag.slice(TAG_LENGTH + 1) };
}
/** Returns the tag of a device cookie. The store gets only this tag, never the cookie's value. */
export const deviceTag = (realm: string, device: string): Tag => digest('device', realm, device);

/** 128 random bits (ASVS 7.2.3), not a UUID (ASVS 11.5.1). */
export const newId = (): string => randomBytes(ID_BYTES).toString('base64url');
/** 256 random bits. A store only ever gets the {@link hashSecret} of a secret. */
export const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');
/** Identifies a session of another session layer: this library's realm, the user, and that layer's own id. */
export type Origin = readonly [realm: string, user: string, credential: string];
export const adoptedId = (origin: Origin): string => digest('adopted id', ...origin);
/** Returns the secret of an adopted session. Anyone who knows the other layer's id can derive it. */
export const adoptedSecret = (origin: Origin): string => hashSecret(JSON.stringify(['adopted secret', ...origin]));
/** A record under this tag denies a token of another issuer (`jti`), or all tokens of one session there (`sid`). */
export const deniedTag = (realm: string, claim: 'jti' | 'sid', issuer: string, value: string): Tag =>
  digest('token', realm, claim, issuer, value);
/** The tag of a record that remembers logouts at an identity provider: of one session, of one user, or their count. */
export const federatedTag = (realm: string, scope: 'issuer' | 'sid' | 'sub', issuer: string, value: string): Tag =>
  digest('federated', realm, scope, issuer, value);
/** The tag of a record that notes the use of a JWT that is valid once, by its issuer and its `jti`. */
export const usedTag = (realm: string, issuer: string, jti: string): Tag => digest('used', realm, issuer, jti);
/** Returns an id for a session of another issuer. It is never the id of a session of this library. */
export const externalSessionId = (realm: string, issuer: string, sid: string): string =>
  digest('external session', realm, issuer, sid);
/** Returns the random part of a record's stamps. It tells the record from one that was lost before it. */
export const newIncarnation = (): string => randomBytes(INCARNATION_BYTES).toString('base64url');

export const newVersion = (): number => randomBytes(6).readUIntBE(0, 6);

/** A secret of 256 random bits needs no salt and no slow hash (ASVS 11.4.2). */
export const hashSecret = (secret: string): string => hash('sha256', secret, 'base64url');

/** Binds a secret to its type, so that a secret of one type never passes for another. */
export const hashOf = (sort: string, secret: string): string => hashSecret(JSON.stringify([sort, secret]));

/**
 * Compares two hashes. The time that this takes may reveal a common prefix. For SHA-256 of 256 random bits, that does not help to find a
 * secret.
 */
export const sameHash = (a: string, b: string): boolean => a === b;

export const isSessionId = (id: string): boolean => ID.test(id);

export function formatToken({ id, user, account }: TokenRef, secret: string): string {
  return `sr1.${user}.${account ?? ''}.${id}.${secret}`;
}

/**
 * Takes a token apart. Returns `null` if it has another shape. The alphabet of its parts is not tested: {@link isToken} does that, and
 * takes longer than a look-up in memory.
 */
export function splitToken(token: unknown): { readonly ref: TokenRef; readonly secret: string } | null {
  if (typeof token !== 'string' || (token.length !== MAX_TOKEN && token.length !== MAX_TOKEN - TAG_LENGTH)) return null;
  const secretAt = token.length - SECRET_LENGTH;
  const hasShape =
    token.startsWith('sr1.') &&
    token[ACCOUNT_AT - 1] === '.' &&
    token[secretAt - TAG_LENGTH - 2] === '.' &&
    token[secretAt - 1] === '.';
  return hasShape ? { ref: refIn(token, secretAt), secret: token.slice(secretAt) } : null;
}

/** Tells whether a text with the shape of a token is one. */
export const isToken = (token: string): boolean => TOKEN.test(token);

/** Parses an opaque token. Returns `null` if it is malformed. The size is tested first, so a huge value costs nothing. */
export function parseToken(token: unknown): { readonly ref: TokenRef; readonly secret: string } | null {
  const parts = splitToken(token);
  return parts !== null && isToken(token as string) ? parts : null;
}

/** Returns the session that a token names. All token formats share this part. The first secret begins at `secretAt`. */
export function refIn(token: string, secretAt: number): TokenRef {
  const idAt = secretAt - 1 - TAG_LENGTH;
  const id = token.slice(idAt, secretAt - 1);
  const user = token.slice(USER_AT, USER_AT + TAG_LENGTH);
  const account = idAt - 1 === ACCOUNT_AT ? null : token.slice(ACCOUNT_AT, idAt - 1);
  return { id, user, account };
}
