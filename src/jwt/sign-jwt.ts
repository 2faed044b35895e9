import { CompactSign } from 'jose';
import type { ReadyKey } from './keys/keys.ts';

const UTF_8 = new TextEncoder();

/** Signs claims as a JWT of this type (`typ`). The key must have a private half. */
export async function signJwt({ alg, kid, sign }: ReadyKey, typ: string, claims: object): Promise<string> {
  if (sign === null) throw new TypeError('the first key does not sign');
  return new CompactSign(UTF_8.encode(JSON.stringify(claims))).setProtectedHeader({ alg, kid, typ }).sign(await sign);
}
