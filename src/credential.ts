import { formatRefreshHash, formatRefreshToken, hashesOf, isRefreshHash, newLineage } from './refresh-token.ts';
import type { SessionRecord } from './session.ts';
import { formatToken, hashSecret, newSecret, type TokenRef } from './token.ts';

/** A secret that was just made: what the client gets of it, and what the store keeps. */
export interface Credential {
  readonly token: string;
  readonly hash: string;
}

/** An opaque token. */
export function newOpaqueToken(ref: TokenRef): Credential {
  const secret = newSecret();
  return { token: formatToken(ref, secret), hash: hashSecret(secret) };
}

/** The first refresh token of a lineage. */
export function newRefreshToken(ref: TokenRef): Credential {
  const lineage = newLineage();
  return { token: formatRefreshToken(ref, lineage), hash: formatRefreshHash(hashesOf(lineage)) };
}

/** A new secret in the form that a session's secret has: an app that refreshes tokens has no use for another one. */
export function newCredential({ id, userTag, accountTag, hash }: SessionRecord): Credential {
  const ref = { id, user: userTag, account: accountTag };
  return isRefreshHash(hash) ? newRefreshToken(ref) : newOpaqueToken(ref);
}
