import { inCall, parseArguments, shown } from '../../src/adapter.ts';
import type { AccessTokens } from '../../src/jwt/index.ts';
import { authenticate } from './clients/authenticate.ts';
import { ENDPOINT_KEYS, parseEndpoint, type TokenEndpointOptions, tokenIn } from './clients/options.ts';
import { answer, Refusal } from './shared/answer.ts';
import { readForm } from './shared/form.ts';
import { type Receiver, receiver } from './shared/receiver.ts';

/** Options of {@link tokenRevocation}. */
export interface TokenRevocationOptions extends TokenEndpointOptions {
  /**
   * `'end'` ends the session of a revoked access token, with all of its tokens. `'refuse'` answers
   * `unsupported_token_type`, for clients that hold an access token of a session that is not theirs. An access token alone
   * cannot be revoked. Default `'end'`.
   */
  readonly accessTokens?: 'end' | 'refuse' | undefined;
}

/**
 * The revocation endpoint (RFC 7009): a client gives back a token, and its session ends, like by `sessions.end`. The
 * audit log has the `client_id` as `by`, and the reason `signed-out`.
 *
 * Answers 200 with an empty body, also for a token that was revoked before, or is none. Answers `{ error,
 * error_description }` with 400 `invalid_request`, `invalid_grant` (the token of another client) or
 * `unsupported_token_type`, 401 `invalid_client`, 405, 408, 413, 415, or 503 in an outage.
 * @param tokens the result of `accessTokens(sessions, …)`.
 * @param options the clients.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function tokenRevocation(tokens: AccessTokens, options: TokenRevocationOptions): Receiver {
  return inCall('tokenRevocation(tokens, { clients })', () => {
    const { accessTokens = 'end', ...others } = parseArguments('options', options, [...ENDPOINT_KEYS, 'accessTokens']);
    if (accessTokens !== 'end' && accessTokens !== 'refuse') {
      throw new TypeError(`accessTokens is ${shown(accessTokens)}; allowed are 'end' and 'refuse'`);
    }
    const settings = parseEndpoint(tokens, others);
    return receiver(async (request) => {
      const form = await readForm(request);
      const client = await authenticate(settings, request, form);
      const issued = await settings.endpoint.find(tokenIn(form));
      if (issued === null) return answer(200, null);
      if (issued.client !== client.id) throw new Refusal('invalid_grant', 'the token was issued to another client');
      if (issued.type === 'access_token' && accessTokens === 'refuse') {
        throw new Refusal('unsupported_token_type', 'access tokens cannot be revoked here; revoke the refresh token');
      }
      // Also for a session that is over: replicas may not have confirmed its end.
      const note = `${issued.type.replace('_', ' ')} revoked by its client`;
      await settings.endpoint.end(issued, { by: client.id, reason: 'signed-out', note });
      return answer(200, null);
    });
  });
}
