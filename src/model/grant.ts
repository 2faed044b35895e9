import { isScope } from './oauth-scope.ts';

/** The OAuth client that a session was granted to, with a refresh token. */
export interface SessionClient {
  /** The `client_id` (RFC 6749, 2.2). At most 256 characters. */
  readonly id: string;
  /** The name shown to people. At most 256 characters. */
  readonly name: string;
}

/** An OAuth client and its grant. */
export interface Grant extends SessionClient {
  /** Scopes with spaces between (RFC 6749, 3.3), at most 1,024 characters; `null` if none were named. */
  readonly scope: string | null;
  /** The place of the refresh token. `'cookie'`: out of reach of scripts, where it must stay. `null`: the app keeps it itself. */
  readonly kept: 'cookie' | null;
}

export const clientOf = (grant: Grant | null): SessionClient | null =>
  grant === null ? null : { id: grant.id, name: grant.name };

export function isGrant(value: unknown): value is Grant {
  if (typeof value !== 'object' || value === null) return false;
  const { id, name, scope, kept } = value as Partial<Grant>;
  return (
    typeof id === 'string' &&
    id !== '' &&
    typeof name === 'string' &&
    name !== '' &&
    (scope === null || isScope(scope)) &&
    (kept === null || kept === 'cookie')
  );
}
