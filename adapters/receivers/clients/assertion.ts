import { type ExternalKeys, isJti, usedUntil, verifyJwt } from '../../../src/jwt/verify-jwt.ts';
import type { EndpointSettings } from './options.ts';

/** In ms: the longest time until an assertion expires. It bounds how long its `jti` is noted. */
const MAX_LIFETIME = 600e3;
/** In s. */
const CLOCK_TOLERANCE = 5;

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
  if (sub !== id || !isJti(jti) || exp === undefined) return false;
  return exp * 1000 <= now + MAX_LIFETIME && endpoint.isFirstUse(id, jti, usedUntil(exp));
}
