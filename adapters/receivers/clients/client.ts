import { type Awaitable, inCall, ofApp, parseArguments, retell, shown } from '../../../src/adapter.ts';
import type { ExternalAlgorithm, ExternalTokenOptions } from '../../../src/jwt/index.ts';
import { type ExternalKeys, parseExternalKeys } from '../../../src/jwt/verify-jwt.ts';
import { parseSecretHashes } from './secret.ts';

/** An OAuth client. It has exactly one of `secretHash`, `jwks` and `public`. */
export interface OAuthClient {
  /** The `client_id`: 1 to 256 printable ASCII characters. */
  readonly id: string;
  /**
   * Hash of its secret: see {@link newClientSecret}. With several, each of the secrets is accepted, for the time of a
   * replacement. The client sends the secret by `client_secret_basic` or `client_secret_post` (RFC 6749, 2.3.1).
   */
  readonly secretHash?: string | readonly string[] | undefined;
  /** Public keys, or their https URL: the client sends a signed JWT (`private_key_jwt`; RFC 7523, 2.2). */
  readonly jwks?: ExternalTokenOptions['jwks'] | undefined;
  /** Accepted signature algorithms. Required with `jwks`. */
  readonly algorithms?: readonly ExternalAlgorithm[] | undefined;
  /** `true` for a client that cannot keep a secret, such as a mobile app (`none`). It may only revoke its own tokens. */
  readonly public?: true | undefined;
  /**
   * For a resource server: the audiences (`aud`) that it stands for. It may introspect access tokens for them. Default:
   * its `id`.
   */
  readonly audience?: string | readonly string[] | undefined;
}

/** The clients, or a function that finds a client by its `client_id`. */
export type OAuthClients = readonly OAuthClient[] | ((id: string) => Awaitable<OAuthClient | null | undefined>);

export interface ReadyClient {
  readonly id: string;
  readonly audience: readonly string[];
  readonly proof:
    | { readonly by: 'secret'; readonly hashes: readonly string[] }
    | ({ readonly by: 'assertion' } & ExternalKeys)
    | { readonly by: 'none' };
}

export type FindClient = (id: string) => Promise<ReadyClient | null>;

const KNOWN = ['id', 'secretHash', 'jwks', 'algorithms', 'public', 'audience'];
// RFC 6749, A.1.
const ID = /^[\x20-\x7e]{1,256}$/;
/** In ms. */
const KEYS_TIMEOUT = 5e3;
const MAX_REMEMBERED = 1000;

export function parseClients(value: unknown): FindClient {
  if (typeof value === 'function') return foundBy(value as Extract<OAuthClients, (id: string) => unknown>);
  if (!Array.isArray(value)) {
    throw new TypeError(`clients is ${shown(value)}; allowed are an array, and a function of a client_id`);
  }
  const clients = new Map<string, ReadyClient>();
  for (const [at, one] of value.entries()) {
    const client = parseClient(`clients[${at}]`, one);
    if (clients.has(client.id)) throw new TypeError(`two clients have the id ${shown(client.id)}`);
    clients.set(client.id, client);
  }
  return async (id) => clients.get(id) ?? null;
}

/** Remembers parsed clients by their content, so that their fetched keys are not fetched for each request. */
function foundBy(find: Extract<OAuthClients, (id: string) => unknown>): FindClient {
  const remembered = new Map<string, { readonly text: string; readonly client: ReadyClient }>();
  return async (id) => {
    if (!ID.test(id)) return null;
    const found = await ofApp(() => find(id));
    if (found === null || found === undefined) return null;
    const text = JSON.stringify(found);
    const known = remembered.get(id);
    if (known?.text === text) return known.client;
    const client = inCall('clients(id)', () => parseClient('the client', found));
    if (client.id !== id)
      throw new TypeError(`clients(id): the client has the id ${shown(client.id)}, not ${shown(id)}`);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(id, { text, client });
    return client;
  };
}

function parseClient(name: string, value: unknown): ReadyClient {
  const { id, secretHash, jwks, algorithms, public: isPublic, audience } = parseArguments(name, value, KNOWN);
  if (typeof id !== 'string' || !ID.test(id)) {
    throw new TypeError(`${name}.id is ${shown(id)}; allowed are 1 to 256 printable ASCII characters`);
  }
  if (isPublic !== undefined && isPublic !== true)
    throw new TypeError(`${name}.public is ${shown(isPublic)}; allowed is true`);
  if ([secretHash, jwks, isPublic].filter((one) => one !== undefined).length !== 1) {
    throw new TypeError(`${name} must have exactly one of secretHash, jwks and public`);
  }
  if (algorithms !== undefined && jwks === undefined) throw new TypeError(`${name}.algorithms goes only with jwks`);
  const names: readonly unknown[] = audience === undefined ? [id] : Array.isArray(audience) ? audience : [audience];
  if (!names.every((one): one is string => typeof one === 'string' && one !== '')) {
    throw new TypeError(`${name}.audience must be the name of an audience, or an array of names`);
  }
  return { id, audience: names, proof: proofOf(name, secretHash, jwks, algorithms) };
}

function proofOf(name: string, secretHash: unknown, jwks: unknown, algorithms: unknown): ReadyClient['proof'] {
  if (secretHash !== undefined) return { by: 'secret', hashes: parseSecretHashes(`${name}.secretHash`, secretHash) };
  if (jwks === undefined) return { by: 'none' };
  try {
    return { by: 'assertion', ...parseExternalKeys(jwks, algorithms, KEYS_TIMEOUT) };
  } catch (error) {
    if (error instanceof Error) retell(error, `${name}.${error.message}`);
    throw error;
  }
}
