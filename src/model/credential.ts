import {
  formatRefreshCredential,
  formatRefreshToken,
  hashesOf,
  newLineage,
  parseRefreshCredential,
} from './refresh-token.ts';
import { formatToken, hashSecret, newSecret, type Tag, type TokenRef } from './token.ts';

/**
 * The text by which a session's present token is checked. It has at most 255 bytes and holds no secret. Stores compare
 * it byte for byte and never read its parts. It has one of two forms:
 *
 * - For an opaque token, the SHA-256 of its secret, as 43 base64url characters.
 * - For a refresh token, `<family>.<rotating>`: the hashes of its two secrets, of 43 characters each.
 *   `.<rotating>.<time>` may follow: the hash of the previous rotating secret, and the time of its replacement (Unix
 *   ms, base 36). The end is `~<mark>` for each of at most six former lineages, with 16 characters for a mark.
 */
export type Credential = string;

export interface NewCredential {
  readonly token: string;
  readonly credential: Credential;
}

interface Holder {
  readonly id: string;
  readonly userTag: Tag;
  readonly accountTag: Tag | null;
  readonly credential: Credential;
}

export function newOpaqueToken(ref: TokenRef): NewCredential {
  const secret = newSecret();
  return { token: formatToken(ref, secret), credential: hashSecret(secret) };
}

export function newRefreshToken(session: Holder): NewCredential {
  const lineage = newLineage();
  const credential = formatRefreshCredential(hashesOf(lineage));
  return { token: formatRefreshToken(refOf(session), lineage), credential };
}

/**
 * Returns a new token for a session, and its credential. A refresh token begins another lineage, because only the client knows the
 * family secret. The credential remembers the old lineage, so that a token of it counts as reused. `now` is Unix ms.
 */
export function newCredential(session: Holder, now: number): NewCredential {
  const before = parseRefreshCredential(session.credential);
  if (before === null) return newOpaqueToken(refOf(session));
  const lineage = newLineage();
  const credential = formatRefreshCredential(hashesOf(lineage, { hashes: before, at: now }));
  return { token: formatRefreshToken(refOf(session), lineage), credential };
}

/** Tells whether two credentials of a session have the same secret. */
export const isSameSecret = (one: Credential, another: Credential): boolean =>
  one === another || secretOf(one) === secretOf(another);

/**
 * Returns the part of a credential that only a renewal changes. For a refresh token, that is the hash of the family secret: a refresh
 * keeps the family, and a renewal begins another one.
 */
export const secretOf = (credential: Credential): string => parseRefreshCredential(credential)?.family ?? credential;

const refOf = ({ id, userTag, accountTag }: Holder): TokenRef => ({ id, user: userTag, account: accountTag });
