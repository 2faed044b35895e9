import { hash, randomBytes } from 'node:crypto';

/** What finds the shard of a realm, a user or an account: 128 bits of a SHA-256, as 22 base64url characters. */
export type Tag = string;

/** Which session a token claims to be, and where to look. Nothing of it is trusted: the tags are compared. */
export interface TokenRef {
  readonly id: string;
  readonly user: Tag;
  /** `null` for a session without an account. */
  readonly account: Tag | null;
}

const ID_BYTES = 16;
const SECRET_BYTES = 32;
const INCARNATION_BYTES = 6;
const TAG_LENGTH = 22;

const ID = /^[\w-]{22}$/;
// sr1.<user's tag>.<account's tag, or nothing>.<id>.<secret>
const TOKEN = /^sr1\.[\w-]{22}\.(?:[\w-]{22})?\.[\w-]{22}\.[\w-]{43}$/;
const USER_AT = 'sr1.'.length;
const ACCOUNT_AT = USER_AT + TAG_LENGTH + 1;
const SECRET_LENGTH = 43;
const LONGEST_TOKEN = ACCOUNT_AT + TAG_LENGTH + 1 + TAG_LENGTH + 1 + SECRET_LENGTH;

// JSON keeps the parts apart ("a","bc" against "ab","c") and names the population, so that no two scopes share a tag.
// By way of a buffer, since a slice would hold the whole digest, and compare four times as slowly.
const digest = (...parts: string[]): Tag =>
  Buffer.from(hash('sha256', JSON.stringify(parts), 'base64url'), 'latin1').toString('latin1', 0, TAG_LENGTH);

/** The tag of a realm's record. */
export const realmTag = (realm: string): Tag => digest('realm', realm);
/** The tag of an account's record within a realm. */
export const accountTag = (realm: string, account: string): Tag => digest('account', realm, account);
/** The tag of a user's record within a realm. */
export const userTag = (realm: string, user: string): Tag => digest('user', realm, user);
/** The tag of a device cookie within a realm. The store never learns the cookie's value. */
export const deviceTag = (realm: string, device: string): Tag => digest('device', realm, device);

/** A session's public id: 128 random bits (ASVS 7.2.3), not a UUID (ASVS 11.5.1). */
export const newId = (): string => randomBytes(ID_BYTES).toString('base64url');
/** A session's secret: 256 random bits. Only {@link hashSecret} of it is ever stored. */
export const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');
/** What a session of another layer is known by: our realm, the user, and that layer's own id. */
export type Origin = readonly [realm: string, user: string, credential: string];
/** The public id of a session that stands for another layer's, always the same. */
export const adoptedId = (origin: Origin): string => digest('adopted id', ...origin);
/** Its first secret. Whoever has the other layer's own id has it, too. */
export const adoptedSecret = (origin: Origin): string => hashSecret(JSON.stringify(['adopted secret', ...origin]));
/** The tag of the record whose presence denies a token of another issuer (`jti`), or all of one session there (`sid`). */
export const deniedTag = (realm: string, claim: 'jti' | 'sid', issuer: string, value: string): Tag =>
  digest('token', realm, claim, issuer, value);
/** What a session of another issuer's is kept by. It is the id of none of ours. */
export const foreignId = (realm: string, issuer: string, sid: string): string =>
  digest('foreign session', realm, issuer, sid);
/** What tells a record from the one that was lost before it. */
export const newIncarnation = (): string => randomBytes(INCARNATION_BYTES).toString('base64url');

/** A version that a record starts with: 48 random bits. */
export const newVersion = (): number => randomBytes(6).readUIntBE(0, 6);

/** SHA-256 of a secret, base64url. A secret of 256 random bits needs no salt and no slow hash (ASVS 11.4.2). */
export const hashSecret = (secret: string): string => hash('sha256', secret, 'base64url');

/** The same of a secret of another sort: under a name of its own, so that what the one proves, no other one does. */
export const hashOf = (sort: string, secret: string): string => hashSecret(JSON.stringify([sort, secret]));

/**
 * Compares two hashes. The time it takes may tell how long a prefix they share: of a SHA-256 of 256 random bits, that
 * brings nobody nearer to a secret that has it.
 */
export const sameHash = (a: string, b: string): boolean => a === b;

/** Whether this could be the id of a session: asked before a store is. */
export const isSessionId = (id: string): boolean => ID.test(id);

/** The token that a client holds. */
export function formatToken({ id, user, account }: TokenRef, secret: string): string {
  return `sr1.${user}.${account ?? ''}.${id}.${secret}`;
}

/** Takes a token apart; `null` for whatever is not one of ours. Size first, so that a huge one costs nothing. */
export function parseToken(token: unknown): { readonly ref: TokenRef; readonly secret: string } | null {
  if (typeof token !== 'string' || token.length > LONGEST_TOKEN || !TOKEN.test(token)) return null;
  // By position: a third of the time that a pattern with groups takes, and every check pays it.
  const secretAt = token.length - SECRET_LENGTH;
  return { ref: refIn(token, secretAt), secret: token.slice(secretAt) };
}

/** The session that a token names, whose first secret begins at `secretAt`: tokens of every sort say that alike. */
export function refIn(token: string, secretAt: number): TokenRef {
  const idAt = secretAt - 1 - TAG_LENGTH;
  const id = token.slice(idAt, secretAt - 1);
  const user = token.slice(USER_AT, USER_AT + TAG_LENGTH);
  const account = idAt - 1 === ACCOUNT_AT ? null : token.slice(ACCOUNT_AT, idAt - 1);
  return { id, user, account };
}
