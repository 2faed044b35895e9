import { formatRefreshHash, formatRefreshToken, hashesOf, newLineage, parseRefreshHash } from './refresh-token.ts';
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

/** The first refresh token of a session. */
export function newRefreshToken(session: SessionRecord): Credential {
  const lineage = newLineage();
  return { token: formatRefreshToken(refOf(session), lineage), hash: formatRefreshHash(hashesOf(lineage)) };
}

/**
 * A new secret in the form that a session's secret has: an app that refreshes tokens has no use for another one. Of refresh tokens
 * it begins another lineage, since only their holder knows the one that there was; that one is known still, so that
 * whoever presents a token of it reuses it. `now` is Unix ms.
 */
export function newCredential(session: SessionRecord, now: number): Credential {
  const before = parseRefreshHash(session.hash);
  if (before === null) return newOpaqueToken(refOf(session));
  const lineage = newLineage();
  const hash = formatRefreshHash(hashesOf(lineage, { hashes: before, at: now }));
  return { token: formatRefreshToken(refOf(session), lineage), hash };
}

const refOf = ({ id, userTag, accountTag }: SessionRecord): TokenRef => ({ id, user: userTag, account: accountTag });
