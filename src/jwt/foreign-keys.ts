import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { SessionError } from '../errors.ts';
import { isPlainObject } from '../input.ts';
import type { JsonWebKey } from './keys.ts';

/** What an issuer's keys may take, in bytes: those of a large one take some 10 KB. */
const LARGEST_KEYS = 262_144;
/** How often the keys are asked for again on account of a `kid` that nobody knows, in ms at the least. */
const COOLDOWN = 30e3;
/** How long keys are used before they are asked for again, in ms: so late is a key that was withdrawn. */
const KEYS_HOLD = 600e3;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * The keys of an issuer: given, or at a URL. No token says where: `jku`, `x5u` and a `kid` that is a URL are never followed.
 * @throws `TypeError` for keys that are none, or secret: whoever had those could sign.
 */
export function parseKeySet(value: unknown, timeout: number): JWTVerifyGetKey {
  if (value instanceof URL || typeof value === 'string') return fetched(parseUrl(String(value)), timeout);
  const keys: unknown = isPlainObject(value) ? value.keys : value;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isPlainObject)) {
    throw new TypeError('jwks must be an https URL, or the public keys as JSON: { keys: [...] } or an array');
  }
  if (keys.some((key) => key.kty === 'oct' || 'd' in key)) {
    throw new TypeError('jwks holds a secret or private key; give the public half alone');
  }
  return createLocalJWKSet({ keys: keys as JsonWebKey[] });
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLoopback = url !== null && LOOPBACK.test(url.hostname);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback);
  if (url !== null && isSafe && url.username === '' && url.password === '') return url;
  throw new TypeError(
    `jwks is ${JSON.stringify(text)}; allowed is an https URL without a user name, and http on loopback`,
  );
}

function fetched(url: URL, timeout: number): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: timeout,
    cooldownDuration: COOLDOWN,
    cacheMaxAge: KEYS_HOLD,
    // Not followed to elsewhere: jose asks with `redirect: 'manual'`, and takes nothing but 200.
    [customFetch]: async (address, init) => bounded(await fetch(address, init)),
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      const message = `the keys at ${url.href} could not be had within ${timeout} ms: whether the token is genuine is not known`;
      throw new SessionError('SESSION_KEYS_UNAVAILABLE', message, { cause: error });
    }
  };
}

/** Whether the keys are there, and none of them is the token's. */
const isAboutToken = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;

/** An answer that is not read beyond what keys may take. */
async function bounded(response: Response): Promise<Response> {
  if (response.status !== 200 || response.body === null) return response;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body) {
    size += part.byteLength;
    if (size > LARGEST_KEYS) throw new RangeError(`the answer is longer than ${LARGEST_KEYS} bytes`);
    parts.push(part);
  }
  return new Response(Buffer.concat(parts));
}
