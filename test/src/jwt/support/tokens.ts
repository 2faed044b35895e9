import { createHmac, createPrivateKey, createSecretKey, type KeyObject, sign } from 'node:crypto';
import type { SessionsOptions, StartRequest } from 'session-revocation';
import {
  type AccessTokenOptions,
  type AccessTokens,
  type Algorithm,
  accessTokens,
  type GeneratedKey,
  generateKey,
  type MintRequest,
  type MintResult,
} from 'session-revocation/jwt';
import { Realm } from '../../support/realm.ts';

export const ALGORITHMS: readonly Algorithm[] = ['EdDSA', 'ES256', 'RS256', 'PS256', 'HS256'];
export const ISSUER = 'https://id.example';
export const AUDIENCE = 'https://api.example';

const keys = new Map<string, GeneratedKey>();

/** Returns a key for the algorithm. It reuses keys, because generating some of them takes long. */
export function keyOf(alg: Algorithm, kid = `our ${alg}`): GeneratedKey {
  const key = keys.get(`${alg} ${kid}`) ?? generateKey(alg, kid);
  keys.set(`${alg} ${kid}`, key);
  return key;
}

/** Returns the key without its private part. */
export function publicPart(key: GeneratedKey) {
  if (key.alg === 'HS256') throw new Error('a secret has no public part');
  const { alg, kid, publicKey } = key;
  return { alg, kid, publicKey };
}

/** Returns the required options, with changes. */
export const optionsOf = (changes: Partial<AccessTokenOptions> = {}): AccessTokenOptions => ({
  ...{ issuer: ISSUER, audience: AUDIENCE, keys: [keyOf('EdDSA')] },
  ...changes,
});

/** A realm with access tokens, over a store that tests can inspect. */
export class TokenRealm extends Realm {
  readonly tokens: AccessTokens;

  constructor(
    changes: Partial<AccessTokenOptions> = {},
    options: Omit<SessionsOptions, 'store' | 'clock'> & { readonly over?: TokenRealm } = {},
  ) {
    const { over, ...others } = options;
    super(others, ...(over === undefined ? [] : [over.store]));
    this.tokens = accessTokens(this.sessions, optionsOf(changes));
  }

  /** Signs a user in and mints an access token for an app. */
  async mint(request: Partial<MintRequest> = {}, user = 'ann', start: Partial<StartRequest> = {}): Promise<MintResult> {
    const { session } = await this.signIn(user, start);
    return this.tokens.mint(session, { client: 'app', ...request });
  }

  /** Like `mint`, with a refresh token. */
  async grant(
    request: Partial<MintRequest> = {},
    user = 'ann',
    start: Partial<StartRequest> = {},
  ): Promise<MintResult & { readonly refreshToken: string }> {
    const minted = await this.mint({ refresh: true, ...request }, user, start);
    return { ...minted, refreshToken: minted.refreshToken ?? '' };
  }

  /** Returns `'live'`, or the reason why an access token is refused. */
  async access(jwt: string | null): Promise<string> {
    const verdict = await this.tokens.check(jwt);
    return verdict.ok ? 'live' : verdict.reason;
  }

  /** Refreshes the token and returns the next refresh token. Throws if the refresh is refused. */
  async refreshed(token: string): Promise<string> {
    const result = await this.tokens.refresh(token);
    if (!result.ok) throw new Error(result.reason);
    return result.refreshToken;
  }
}

/** Decodes a part of a token. */
export const readPart = (part: string | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString());

export const headerOf = (jwt: string): Record<string, unknown> => readPart(jwt.split('.')[0]);
export const claimsOf = (jwt: string): Record<string, unknown> => readPart(jwt.split('.')[1]);

export const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Signs any header and claims with the key, without this library's checks. */
export function signAnything(key: GeneratedKey, header: unknown, claims: unknown): string {
  const text = `${encode(header)}.${encode(claims)}`;
  const signature =
    key.alg === 'HS256'
      ? hmac(createSecretKey(String(key.secret.k), 'base64url'), text)
      : signed(key.alg, createPrivateKey({ key: { ...key.privateKey }, format: 'jwk' }), text);
  return `${text}.${signature.toString('base64url')}`;
}

export const hmac = (secret: KeyObject | Buffer | string, text: string): Buffer =>
  createHmac('sha256', secret).update(text).digest();

function signed(alg: Algorithm, key: KeyObject, text: string): Buffer {
  const data = Buffer.from(text);
  if (alg === 'EdDSA') return sign(null, data, key);
  if (alg === 'ES256') return sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
  if (alg === 'RS256') return sign('sha256', data, key);
  return sign('sha256', data, { key, padding: 6, saltLength: 32 });
}

/** Returns the token with a changed header or claims, signed again with its key. */
export function changed(
  key: GeneratedKey,
  jwt: string,
  { header = {}, claims = {} }: { readonly header?: object; readonly claims?: object },
): string {
  return signAnything(key, { ...headerOf(jwt), ...header }, { ...claimsOf(jwt), ...claims });
}

// The order of the group P-256.
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Returns the token with its other valid ES256 signature: if *s* is valid, *n* - *s* is too. */
export function otherSignature(jwt: string): string {
  const [header, claims, signature] = jwt.split('.');
  const bytes = Buffer.from(signature ?? '', 'base64url');
  const s = (N - BigInt(`0x${bytes.subarray(32).toString('hex')}`)).toString(16).padStart(64, '0');
  return `${header}.${claims}.${Buffer.concat([bytes.subarray(0, 32), Buffer.from(s, 'hex')]).toString('base64url')}`;
}
