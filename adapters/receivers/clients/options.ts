import { shown } from '../../../src/adapter.ts';
import type { AccessTokens } from '../../../src/jwt/index.ts';
import { invalidRequest } from '../shared/answer.ts';
import type { Form } from '../shared/form.ts';
import { type FindClient, type OAuthClients, parseClients } from './client.ts';

/** Options that the token endpoints share. */
export interface TokenEndpointOptions {
  /**
   * The clients: an array, or a function of a `client_id`, which may be asynchronous. Where the function finds a client,
   * its content must be valid: otherwise the request fails with a `TypeError`.
   */
  readonly clients: OAuthClients;
  /**
   * URL of this endpoint, exactly as clients write it into the `aud` of a signed JWT. Default: only the issuer is
   * accepted there.
   */
  readonly url?: string | undefined;
}

export interface EndpointSettings {
  readonly endpoint: AccessTokens['endpoint'];
  readonly find: FindClient;
  /** Accepted values of the `aud` of a signed JWT. */
  readonly audience: readonly string[];
}

export const ENDPOINT_KEYS: readonly string[] = ['clients', 'url'];

export function parseEndpoint(
  tokens: AccessTokens,
  { clients, url }: { readonly clients?: unknown; readonly url?: unknown },
): EndpointSettings {
  const endpoint = tokens?.endpoint;
  if (typeof endpoint?.find !== 'function')
    throw new TypeError('tokens must be the result of accessTokens(sessions, …)');
  if (url !== undefined && !(typeof url === 'string' && URL.canParse(url))) {
    throw new TypeError(`url is ${shown(url)}; allowed is the URL of this endpoint, as text`);
  }
  return {
    endpoint,
    find: parseClients(clients),
    audience: url === undefined ? [endpoint.issuer] : [endpoint.issuer, url],
  };
}

/** Returns the token that a request is about. The hint of its type is not needed, and so never wrong (RFC 7009, 2.1). */
export function tokenIn(form: Form): string {
  const token = form.get('token');
  if (token === undefined) throw invalidRequest('the parameter token is missing');
  return token;
}
