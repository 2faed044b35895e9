import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A P-256 key pair that signs tokens. */
export class SigningKey {
  readonly kid: string;
  readonly jwk: Record<string, unknown> & { readonly kty: string };
  readonly privateJwk: Record<string, unknown> & { readonly kty: string };
  readonly #privateKey: KeyObject;

  constructor(kid: string) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.kid = kid;
    this.#privateKey = privateKey;
    this.jwk = { ...(publicKey.export({ format: 'jwk' }) as { kty: string }), kid };
    this.privateJwk = { ...(privateKey.export({ format: 'jwk' }) as { kty: string }), kid };
  }

  /** Signs a token with these claims. `header` overrides parameters of its header. */
  token(claims: object, header: object = {}): string {
    const input = `${base64url({ alg: 'ES256', typ: 'at+jwt', kid: this.kid, ...header })}.${base64url(claims)}`;
    const key = { key: this.#privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
  }
}

/** A server on the loopback address that publishes keys and counts the requests. */
export class KeyServer {
  asked = 0;
  answer: (response: ServerResponse, request: IncomingMessage) => void = (response) => {
    response.setHeader('content-type', 'application/jwk-set+json');
    response.end(JSON.stringify({ keys: this.keys }));
  };
  keys: object[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(...keys: object[]): Promise<KeyServer> {
    const server = createServer();
    const place = new KeyServer(server);
    place.keys = keys;
    server.on('request', (request, response) => {
      place.asked++;
      place.answer(response, request);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => place.stop());
    return place;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
