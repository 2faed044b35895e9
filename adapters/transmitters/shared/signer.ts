import type { JsonWebKey, TokenKey } from '../../../src/jwt/index.ts';
import { parseIssuer } from '../../../src/jwt/issuer.ts';
import { parseKeys } from '../../../src/jwt/keys/keys.ts';
import { signJwt } from '../../../src/jwt/sign-jwt.ts';

/** The party that signs, and its keys: as for `accessTokens`. */
export interface SignerOptions {
  /** The issuer (`iss`): an https URL without query or fragment; http only on loopback. */
  readonly issuer: string;
  /** At least one key pair. The first key signs. Publish the public halves of all of them. */
  readonly keys: readonly TokenKey[];
}

export const SIGNER_KEYS: readonly string[] = ['issuer', 'keys'];

/** Signs tokens of one issuer. */
export class Signer {
  readonly issuer: string;
  readonly #keys: ReturnType<typeof parseKeys>;

  constructor({ issuer, keys }: { readonly issuer?: unknown; readonly keys?: unknown }) {
    this.issuer = parseIssuer('issuer', issuer);
    this.#keys = parseKeys(keys);
    if (this.#keys[0].jwk === null) {
      throw new TypeError(
        'keys has secrets for HS256, with which each receiver could sign tokens for the others; use key pairs',
      );
    }
  }

  sign(typ: string, claims: object): Promise<string> {
    return signJwt(this.#keys[0], typ, { iss: this.issuer, ...claims });
  }

  /** The public halves of the keys (RFC 7517, 4). */
  get jwks(): readonly JsonWebKey[] {
    return this.#keys.flatMap(({ jwk, kid, alg }) => (jwk === null ? [] : [{ ...jwk, kid, alg, use: 'sig' }]));
  }
}
