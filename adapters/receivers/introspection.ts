import { inCall, parseArguments } from '../../src/adapter.ts';
import type { AccessTokens } from '../../src/jwt/index.ts';
import { authenticate, unauthenticated } from './clients/authenticate.ts';
import type { ReadyClient } from './clients/client.ts';
import {
  ENDPOINT_KEYS,
  type EndpointSettings,
  parseEndpoint,
  type TokenEndpointOptions,
  tokenIn,
} from './clients/options.ts';
import { answer, json } from './shared/answer.ts';
import { readForm } from './shared/form.ts';
import { type Receiver, receiver } from './shared/receiver.ts';

const JWT = 'application/token-introspection+jwt';

/**
 * The introspection endpoint (RFC 7662): a client learns whether a token is active. A client may ask about tokens that
 * were issued to it, and about access tokens for its `audience`. About any other text it gets `{ active: false }`.
 *
 * Answers 200 with the claims of an access token, or with `iss`, `sub`, `client_id`, `sid`, `scope` and `exp` of a refresh
 * token. A request that accepts `application/token-introspection+jwt` gets them signed (RFC 9701). Errors are those of
 * {@link tokenRevocation}. A public client is refused with 401.
 *
 * The store is read for each request, also with the option `freshness`.
 * @param tokens the result of `accessTokens(sessions, …)`.
 * @param options the clients.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function tokenIntrospection(tokens: AccessTokens, options: TokenEndpointOptions): Receiver {
  return inCall('tokenIntrospection(tokens, { clients })', () => {
    const settings = parseEndpoint(tokens, parseArguments('options', options, ENDPOINT_KEYS));
    return receiver(async (request) => {
      const form = await readForm(request);
      const client = await authenticate(settings, request, form);
      // A stranger can name a public client, and so could try out tokens (RFC 7662, 2.1).
      if (client.proof.by === 'none') throw unauthenticated('a public client may not introspect tokens');
      const told = await tell(settings, client, tokenIn(form));
      if (!accepts(request.headers.get('accept'))) return json(200, told);
      return answer(200, await settings.endpoint.signIntrospection(client.id, told), { 'content-type': JWT });
    });
  });
}

async function tell({ endpoint }: EndpointSettings, { id, audience }: ReadyClient, token: string): Promise<object> {
  const active = await endpoint.introspect(token);
  const mayKnow =
    active !== null && (active.client_id === id || audience.some((one) => [active.aud].flat().includes(one)));
  return mayKnow ? { active: true, ...active } : { active: false };
}

/** Tells whether the header `Accept` names the signed answer. Wildcards get the plain one. */
const accepts = (accept: string | null): boolean =>
  (accept ?? '').split(',').some((one) => {
    const [type = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
    return type === JWT && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
