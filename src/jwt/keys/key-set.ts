import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { SessionError } from '../../lib/errors.ts';
import { isPlainObject } from '../../lib/json.ts';
import { isSecure } from '../issuer.ts';
import type { JsonWebKey } from './keys.ts';

/** The maximum size of a fetched key set, in bytes. Large key sets take about 10 KB. */
const MAX_KEYS = 262_144;
/** The shortest time, in ms, between two requests because of an unknown `kid`. */
const COOLDOWN = 30e3;
/** How long fetched keys are used, in ms. A withdrawn key is accepted for at most this time. */
const KEYS_HOLD = 600e3;

/**
 * Returns a function that finds the key of a token, from public keys or from a URL. A token never names the place of its keys: `jku`,
 * `x5u` and a `kid` that is a URL are ignored.
 * @throws `TypeError` for a value without keys, and for secret or private keys, with which a party can sign.
 */
export function parseKeySet(value: unknown, timeout: number): JWTVerifyGetKey {
  if (value instanceof URL || typeof value === 'string') return fetched(parseUrl(String(value)), timeout);
  const keys: unknown = isPlainObject(value) ? value.keys : value;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isPlainObject)) {
    throw new TypeError('jwks must be an https URL, or the public keys as JSON: { keys: [...] } or an array');
  }
  if (keys.some((key) => key.kty === 'oct' || 'd' in key)) {
    throw new TypeError('jwks holds a secret or private key; use only the public half');
  }
  return createLocalJWKSet({ keys: keys as JsonWebKey[] });
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && isSecure(url) && url.username === '' && url.password === '') return url;
  throw new TypeError(
    `jwks is ${JSON.stringify(text)}; allowed is an https URL without a user name, and http on loopback`,
  );
}

function fetched(url: URL, timeout: number): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: timeout,
    cooldownDuration: COOLDOWN,
    cacheMaxAge: KEYS_HOLD,
    // jose requests with `redirect: 'manual'` and accepts only status 200.
    [customFetch]: async (address, init) => bounded(await fetch(address, init)),
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      const message = `the keys at ${url.href} did not arrive within ${timeout} ms, so no token could be verified: try again`;
      throw new SessionError('SESSION_KEYS_UNAVAILABLE', message, { cause: error });
    }
  };
}

/** Tells whether an error is the token's: the keys arrived, and none or several of them fit. */
const isAboutToken = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;

/** Reads a response. Stops at the maximum size, and throws. */
async function bounded(response: Response): Promise<Response> {
  if (response.status !== 200 || response.body === null) return response;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body) {
    size += part.byteLength;
    if (size > MAX_KEYS) throw new RangeError(`the answer is longer than ${MAX_KEYS} bytes`);
    parts.push(part);
  }
  return new Response(Buffer.concat(parts));
}
