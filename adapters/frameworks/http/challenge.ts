import type { Auth } from './auth.ts';

type Parameters = Readonly<Record<string, string | number>>;

/**
 * The challenge of an answer (RFC 9110 11.6.1): in the scheme by which the request came, `Session` for a cookie. Where it came by
 * none, those that there are, in one line, and no word of an error (RFC 6750 3.1).
 */
export function challengesOf(
  { settings, state, isBorne }: Pick<Auth, 'settings' | 'state' | 'isBorne'>,
  parameters: Parameters = {},
): Record<string, string> {
  const all = { realm: encodeURIComponent(settings.sessions.realm), ...parameters };
  const alone = isBorne ? 'Bearer' : settings.bearer === null || state.is === 'session' ? 'Session' : null;
  const text = alone === null ? `${challenge('Bearer', all)}, ${challenge('Session', all)}` : challenge(alone, all);
  return { 'www-authenticate': text };
}

/** What the values may be is up to those who give them: no quotation mark, no backslash, no control character. */
function challenge(scheme: string, parameters: Parameters): string {
  const text = Object.entries(parameters).map(([name, value]) => `${name}="${String(value)}"`);
  return `${scheme} ${text.join(', ')}`;
}
