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

/** A key of this algorithm: the same one each time, since some take long to make. */
export function keyOf(alg: Algorithm, kid = `our ${alg}`): GeneratedKey {
  const key = keys.get(`${alg} ${kid}`) ?? generateKey(alg, kid);
  keys.set(`${alg} ${kid}`, key);
  return key;
}

/** A key without what signs. */
export function publicPart(key: GeneratedKey) {
  if (key.alg === 'HS256') throw new Error('a secret has no public part');
  const { alg, kid, publicKey } = key;
  return { alg, kid, publicKey };
}

/** The options that there must be, and others. */
export const optionsOf = (changes: Partial<AccessTokenOptions> = {}): AccessTokenOptions => ({
  ...{ issuer: ISSUER, audience: AUDIENCE, keys: [keyOf('EdDSA')] },
  ...changes,
});

/** A realm with tokens, over a store that can be looked into. */
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

  /** Signs a user in to an app. */
  async mint(request: Partial<MintRequest> = {}, user = 'ann', start: Partial<StartRequest> = {}): Promise<MintResult> {
    const { session } = await this.signIn(user, start);
    return this.tokens.mint(session, { client: 'app', ...request });
  }

  /** The same, with a refresh token. */
  async grant(
    request: Partial<MintRequest> = {},
    user = 'ann',
    start: Partial<StartRequest> = {},
  ): Promise<MintResult & { readonly refreshToken: string }> {
    const minted = await this.mint({ refresh: true, ...request }, user, start);
    return { ...minted, refreshToken: minted.refreshToken ?? '' };
  }

  /** `'live'`, or why an access token is refused. */
  async access(jwt: string | null): Promise<string> {
    const verdict = await this.tokens.check(jwt);
    return verdict.ok ? 'live' : verdict.reason;
  }

  /** Refreshes, which must succeed, and gives the next refresh token. */
  async refreshed(token: string): Promise<string> {
    const result = await this.tokens.refresh(token);
    if (!result.ok) throw new Error(result.reason);
    return result.refreshToken;
  }
}

/** A part of a token, read. */
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

/** A token with other words in it, signed with the key that it had. */
export function changed(
  key: GeneratedKey,
  jwt: string,
  { header = {}, claims = {} }: { readonly header?: object; readonly claims?: object },
): string {
  return signAnything(key, { ...headerOf(jwt), ...header }, { ...claimsOf(jwt), ...claims });
}

// The order of the group of P-256.
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other signature that fits an ES256 token: *s* and *n* - *s* are worth the same. */
export function otherSignature(jwt: string): string {
  const [header, claims, signature] = jwt.split('.');
  const bytes = Buffer.from(signature ?? '', 'base64url');
  const s = (N - BigInt(`0x${bytes.subarray(32).toString('hex')}`)).toString(16).padStart(64, '0');
  return `${header}.${claims}.${Buffer.concat([bytes.subarray(0, 32), Buffer.from(s, 'hex')]).toString('base64url')}`;
}
