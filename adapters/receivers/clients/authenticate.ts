import { parseCompact } from '../../../src/jwt/compact.ts';
import { invalidRequest, Refusal } from '../shared/answer.ts';
import type { Form } from '../shared/form.ts';
import { isFreshAssertion } from './assertion.ts';
import type { ReadyClient } from './client.ts';
import type { EndpointSettings } from './options.ts';
import { isSecret } from './secret.ts';

/** The credentials of a request, which nothing has proved so far. */
type Presented =
  | { readonly by: 'secret'; readonly id: string; readonly secret: string }
  | { readonly by: 'assertion'; readonly id: string; readonly assertion: string }
  | { readonly by: 'none'; readonly id: string };

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const BASIC = /^basic +([a-z0-9+/]+={0,2})$/i;
const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Returns the client that the request proves to come from (RFC 6749, 2.3; RFC 7523, 2.2). A public client proves nothing.
 * @throws {@link Refusal} with the same answer for an unknown client and for wrong credentials.
 */
export async function authenticate(settings: EndpointSettings, { headers }: Request, form: Form): Promise<ReadyClient> {
  const presented = presentedIn(headers.get('authorization'), form);
  if (presented === null) throw unauthenticated('the request has no credentials of a client');
  const client = await settings.find(presented.id);
  if (!(await isProved(settings, presented, client)) || client === null) {
    throw unauthenticated('the client is unknown, or its credentials are wrong');
  }
  return client;
}

async function isProved(
  settings: EndpointSettings,
  presented: Presented,
  client: ReadyClient | null,
): Promise<boolean> {
  const proof = client?.proof ?? null;
  if (presented.by === 'secret') return isSecret(presented.secret, proof?.by === 'secret' ? proof.hashes : null);
  if (presented.by === 'none') return proof?.by === 'none';
  return proof?.by === 'assertion' && isFreshAssertion(settings, presented.id, presented.assertion, proof);
}

/** Returns `null` for credentials that are missing or malformed. Several are refused (RFC 6749, 2.3). */
function presentedIn(authorization: string | null, form: Form): Presented | null {
  const [id, secret, assertion] = ['client_id', 'client_secret', 'client_assertion'].map((name) => form.get(name));
  if ([authorization ?? undefined, secret, assertion].filter((one) => one !== undefined).length > 1) {
    throw invalidRequest('the request has several credentials');
  }
  if (authorization !== null) {
    const basic = basicOf(authorization);
    return id === undefined || id === basic?.id ? basic : null;
  }
  if (assertion !== undefined) {
    if (form.get('client_assertion_type') !== ASSERTION_TYPE) return null;
    const subject = id ?? parseCompact(assertion)?.claims.sub;
    return typeof subject === 'string' ? { by: 'assertion', id: subject, assertion } : null;
  }
  if (id === undefined) return null;
  return secret === undefined ? { by: 'none', id } : { by: 'secret', id, secret };
}

/** Id and secret are encoded like a form's fields before they are joined (RFC 6749, 2.3.1). */
function basicOf(authorization: string): Extract<Presented, { by: 'secret' }> | null {
  const [, encoded] = BASIC.exec(authorization) ?? [];
  if (encoded === undefined) return null;
  try {
    const [, id = '', secret = ''] = /^([^:]*):(.*)$/s.exec(UTF_8.decode(Buffer.from(encoded, 'base64'))) ?? [];
    return { by: 'secret', id: decodeField(id), secret: decodeField(secret) };
  } catch {
    return null;
  }
}

const decodeField = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));

/** The challenge names the one scheme of HTTP among the methods (RFC 6749, 5.2). */
export const unauthenticated = (message: string): Refusal =>
  new Refusal('invalid_client', message, 401, { 'www-authenticate': 'Basic realm="oauth"' });
