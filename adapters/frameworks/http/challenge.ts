import type { HttpSettings } from './options/authentication.ts';
import type { AuthState } from './state.ts';

export interface ChallengedRequest {
  readonly settings: Pick<HttpSettings, 'sessions' | 'bearer'>;
  readonly state: AuthState;
  /** The request has an access token, valid or not. */
  readonly hasBearer: boolean;
}

type Parameters = Readonly<Record<string, string | number>>;

/**
 * Makes a challenge (RFC 9110 11.6.1) in the scheme of the request: `Bearer`, or `Session` for a cookie. A request
 * without credentials gets all accepted schemes, in one line and without an error (RFC 6750 3.1).
 */
export function challengesOf(
  { settings, state, hasBearer }: ChallengedRequest,
  parameters: Parameters = {},
): Record<string, string> {
  const all = { realm: encodeURIComponent(settings.sessions.realm), ...parameters };
  const only = hasBearer ? 'Bearer' : settings.bearer === null || state.is === 'session' ? 'Session' : null;
  const text = only === null ? `${challenge('Bearer', all)}, ${challenge('Session', all)}` : challenge(only, all);
  return { 'www-authenticate': text };
}

/** Escapes nothing: callers pass values without quotation marks, backslashes and control characters. */
function challenge(scheme: string, parameters: Parameters): string {
  const text = Object.entries(parameters).map(([name, value]) => `${name}="${String(value)}"`);
  return `${scheme} ${text.join(', ')}`;
}
