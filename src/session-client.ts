import type { Attributes, Json } from './input.ts';
import { isRefreshHash } from './refresh-token.ts';

/** The app that a session was handed to, with a refresh token. */
export interface SessionClient {
  /** The `client_id` (RFC 6749, 2.2). */
  readonly id: string;
  /** As people know it. */
  readonly name: string;
}

/** A client, and what it was allowed. */
export interface Grant extends SessionClient {
  /** Scopes with spaces between (RFC 6749, 3.3); `null` where none were named. */
  readonly scope: string | null;
  /** Where its refresh token is: `'cookie'` is out of reach for scripts, and must stay so; `null` is with the app itself. */
  readonly kept: 'cookie' | null;
}

/** What a session keeps that tells of its client. */
interface Kept {
  readonly hash: string;
  readonly attributes: Attributes;
}

/** The member of a session's attributes that its client stands in. It is not the app's, and is shown to nobody as an attribute. */
export const CLIENT_MEMBER = '$client';

/** To whom a session was granted; `null` for one that has no refresh token. */
export function grantOf({ hash, attributes }: Kept): Grant | null {
  return isRefreshHash(hash) ? ((attributes[CLIENT_MEMBER] as Json & Grant) ?? null) : null;
}

/** The same, as anybody may see it. */
export function clientOf(session: Kept): SessionClient | null {
  const grant = grantOf(session);
  return grant === null ? null : { id: grant.id, name: grant.name };
}

/** The attributes that the app has given. */
export function attributesOf(session: Kept): Attributes {
  if (grantOf(session) === null) return session.attributes;
  const { [CLIENT_MEMBER]: _, ...attributes } = session.attributes;
  return attributes;
}

/** Attributes as a session keeps them that was granted to a client. */
export const withGrant = (attributes: Attributes, grant: Grant | null): Attributes =>
  grant === null ? attributes : { ...attributes, [CLIENT_MEMBER]: { ...grant } };
