import { adapterHandle, inCall, isPlainObject, isPlainText, parseArguments, shown } from '../../src/adapter.ts';
import type { Sessions } from '../../src/index.ts';
import { usedUntil } from '../../src/jwt/verify-jwt.ts';
import { PROVIDER_KEYS, type ProvedClaims, Provider, type ProviderOptions } from './provider/provider.ts';
import { answer, invalidRequest } from './shared/answer.ts';
import { readForm } from './shared/form.ts';
import { type Receiver, receiver } from './shared/receiver.ts';

/** Options of {@link backChannelLogout}. `audience` is this app's `client_id` at the provider. */
export interface BackChannelLogoutOptions extends ProviderOptions {
  /**
   * Type of token (`typ`) to require. `'logout+jwt'` refuses tokens without that type (OWASP ASVS 5.0, 10.5.5). Older
   * providers name no type, or `JWT`. Default: both are accepted.
   */
  readonly typ?: 'logout+jwt' | undefined;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const TYPE = 'logout+jwt';

/**
 * The endpoint for OpenID Connect Back-Channel Logout 1.0: the provider says that a session or a user was logged out
 * there, and the sessions that began from it end here ({@link Sessions.endFederated}). A logout token is valid once.
 *
 * A token with a `sid` ends the sessions that began from that session. A token with a `sub` alone ends all sessions of
 * that user at this provider. Sessions must have been started with `federated`.
 *
 * Answers 200 with an empty body, also where nothing was to end. Answers `{ error, error_description }` with 400
 * `invalid_request`, 405, 408, 413, 415, or 503 in an outage.
 * @param sessions the result of `createSessions`.
 * @param options the provider.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function backChannelLogout<Trigger extends string, Transaction>(
  sessions: Sessions<Trigger, Transaction>,
  options: BackChannelLogoutOptions,
): Receiver {
  return inCall('backChannelLogout(sessions, { issuer, audience, jwks, algorithms })', () => {
    const handle = adapterHandle(sessions);
    const { typ, ...others } = parseArguments('options', options, [...PROVIDER_KEYS, 'typ']);
    if (typ !== undefined && typ !== TYPE) throw new TypeError(`typ is ${shown(typ)}; allowed is '${TYPE}'`);
    const types = typ === undefined ? [TYPE, 'jwt'] : [TYPE];
    const provider = new Provider(others);
    return receiver(async (request) => {
      const token = (await readForm(request)).get('logout_token');
      if (token === undefined) throw invalidRequest('logout_token is missing');
      const claims = await provider.verify(token, types, ['exp', 'events'], handle.now());
      if (typeof claims === 'string') throw invalidRequest(`the logout token is ${claims}`);
      const { issuer } = provider;
      const named = namesIn(claims);
      if (await handle.wasUsed(issuer, claims.jti)) throw invalidRequest('the logout token was used before');
      const { reason } = await sessions.endFederated({ issuer, ...named }, { by: issuer, note: 'back-channel logout' });
      if (reason !== null) throw invalidRequest('the sid belongs to another sub');
      await handle.noteUse(issuer, claims.jti, usedUntil(claims.exp as number));
      return answer(200, null);
    });
  });
}

/** Checks the claims of a logout token (2.4, 2.6) that `Provider.verify` does not check. */
function namesIn({ events, nonce, sid, sub }: ProvedClaims): { readonly sid?: string; readonly sub?: string } {
  if (nonce !== undefined) throw invalidRequest('a logout token must have no nonce');
  if (!isPlainObject(events) || !isPlainObject(events[EVENT])) throw invalidRequest(`events lacks the member ${EVENT}`);
  if (sid === undefined && sub === undefined) throw invalidRequest('a logout token must have a sid or a sub');
  if (sid !== undefined && !isPlainText(sid)) throw invalidRequest('sid is no text of 1 to 256 characters');
  if (sub !== undefined && !isPlainText(sub)) throw invalidRequest('sub is no text of 1 to 256 characters');
  return { ...(sid !== undefined && { sid }), ...(sub !== undefined && { sub }) };
}
