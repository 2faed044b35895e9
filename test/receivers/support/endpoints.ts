import {
  newClientSecret,
  type OAuthClient,
  type Receiver,
  tokenIntrospection,
  tokenRevocation,
} from 'session-revocation/receivers';
import { SECONDS } from '../../src/jwt/support/guarded.ts';
import { SigningKey } from '../../src/jwt/support/issuer.ts';
import { AUDIENCE, ISSUER, TokenRealm } from '../../src/jwt/support/tokens.ts';

export const URL_OF = { revocation: 'https://id.example/revoke', introspection: 'https://id.example/introspect' };

const [app, other, api] = [newClientSecret(), newClientSecret(), newClientSecret()];
export const SECRETS = { app: app.secret, other: other.secret, api: api.secret };
export const HASHES = { app: app.secretHash, other: other.secretHash, api: api.secretHash };
/** The key of the client `signer`. */
export const KEY = new SigningKey('key of a client');

/** Clients of every method. `app` and `other` have tokens of their own, and `api` is a resource server. */
export const CLIENTS: readonly OAuthClient[] = [
  { id: 'app', secretHash: HASHES.app },
  { id: 'other', secretHash: HASHES.other },
  { id: 'api', secretHash: HASHES.api, audience: AUDIENCE },
  { id: 'mobile', public: true },
  { id: 'signer', jwks: { keys: [KEY.jwk] }, algorithms: ['ES256'] },
];

export const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

export const AS_APP = basic('app', SECRETS.app);
export const AS_OTHER = basic('other', SECRETS.other);
export const AS_API = basic('api', SECRETS.api);

/** An answer, read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export type Fields = Record<string, string> | readonly (readonly [string, string])[] | string;

export const request = (url: string, fields: Fields, headers: Record<string, string> = {}, method = 'POST'): Request =>
  new Request(url, {
    method,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: new URLSearchParams(fields as string).toString() }),
  });

export async function answerOf(receiver: Receiver, asked: Request): Promise<Answer> {
  const { status, headers, ...response } = await receiver(asked).then(async (one) => ({
    status: one.status,
    headers: one.headers,
    text: await one.text(),
  }));
  const isJson = headers.get('content-type') === 'application/json';
  return { status, headers, text: response.text, json: isJson ? JSON.parse(response.text) : {} };
}

/** A realm with tokens and both endpoints. */
export class EndpointRealm extends TokenRealm {
  readonly revoke: Receiver;
  readonly introspect: Receiver;

  constructor(
    changes: {
      readonly clients?: Parameters<typeof tokenRevocation>[1]['clients'];
      readonly accessTokens?: 'end' | 'refuse';
    } = {},
    ...given: ConstructorParameters<typeof TokenRealm>
  ) {
    super(...given);
    const { clients = CLIENTS, accessTokens } = changes;
    this.revoke = tokenRevocation(this.tokens, { clients, url: URL_OF.revocation, accessTokens });
    this.introspect = tokenIntrospection(this.tokens, { clients, url: URL_OF.introspection });
  }

  revocation(fields: Fields, headers: Record<string, string> = AS_APP): Promise<Answer> {
    return answerOf(this.revoke, request(URL_OF.revocation, fields, headers));
  }

  introspection(fields: Fields, headers: Record<string, string> = AS_APP): Promise<Answer> {
    return answerOf(this.introspect, request(URL_OF.introspection, fields, headers));
  }

  /** The store fails from now on. */
  fail(): void {
    this.around = () => {
      throw new Error('connection refused to db-1:5432 as admin');
    };
  }
}

let signed = 0;

/** Signs an assertion of the client `signer`. */
export const assertionOf = (claims: object = {}, header: object = {}, key: SigningKey = KEY): string =>
  key.token(
    {
      ...{ iss: 'signer', sub: 'signer', aud: ISSUER, jti: `assertion ${++signed}` },
      ...{ iat: SECONDS, exp: SECONDS + 60 },
      ...claims,
    },
    { typ: 'JWT', ...header },
  );

export const byAssertion = (assertion: string): Record<string, string> => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
});
