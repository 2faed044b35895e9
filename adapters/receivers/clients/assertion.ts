import { type ExternalKeys, verifyJwt } from '../../../src/jwt/verify-jwt.ts';
import type { EndpointSettings } from './options.ts';

/** In ms: the longest time until an assertion expires. It bounds how long its `jti` is noted. */
const MAX_LIFETIME = 600e3;
/** In s. */
const CLOCK_TOLERANCE = 5;
/** In ms: a process whose clock is behind accepts an assertion for longer. */
const CLOCKS_APART = 3600e3;
const MAX_JTI = 256;

/** Tells whether an assertion proves its client (RFC 7523, 3), and is used for the first time. */
export async function isFreshAssertion(
  { endpoint, audience }: EndpointSettings,
  id: string,
  assertion: string,
  keys: ExternalKeys,
): Promise<boolean> {
  const now = endpoint.now();
  const rules = {
    ...{ ...keys, issuer: id, audience, clockTolerance: CLOCK_TOLERANCE, required: ['sub', 'exp', 'jti'] },
    types: ['jwt', 'client-authentication+jwt'],
  };
  const claims = await verifyJwt(rules, assertion, now);
  if (typeof claims === 'string' || 'events' in claims) return false;
  const { sub, jti, exp } = claims;
  if (sub !== id || typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI || exp === undefined) return false;
  const expiry = exp * 1000;
  return expiry <= now + MAX_LIFETIME && endpoint.isFirstUse(id, jti, expiry + CLOCKS_APART);
}
