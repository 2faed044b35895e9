import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration, type JWK } from 'oidc-provider';
import { CookieJar } from 'tough-cookie';

export const API = 'https://api.example';
const CALLBACK = 'https://app.example/callback';

/** The tokens that an app gets for a code or for a refresh token. */
export interface Granted {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
}

/** How an app signs a user in. */
export interface SignInAs {
  /** Default `'app'`. The clients `'by-sid'` and `'by-sub'` get logout tokens with and without a `sid`. */
  readonly client?: 'app' | 'by-sid' | 'by-sub';
  /** The browser. Default: a new one. */
  readonly jar?: CookieJar;
}

/** An OpenID provider on loopback. Its users need no password. It uses the clock of this process. */
export class Issuer {
  readonly url: string;
  readonly #stop: () => Promise<void>;

  private constructor(url: string, stop: () => Promise<void>) {
    this.url = url;
    this.#stop = stop;
  }

  /** `logoutUrl` is where the provider sends logout tokens. */
  static async start(logoutUrl = 'http://127.0.0.1:1/unused'): Promise<Issuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = new Provider(url, configuration(logoutUrl));
    const handle = provider.callback();
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (!request.url?.startsWith('/interaction/')) return handle(request, response);
      const accountId = new URL(request.url, url).searchParams.get('user') ?? 'nobody';
      provider
        .interactionFinished(request, response, { login: { accountId } }, { mergeWithLastSubmission: false })
        .catch((error: unknown) => response.writeHead(500).end(String(error)));
    });
    return new Issuer(url, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  /**
   * Signs a user in as a browser does, by the code flow with PKCE (RFC 7636). Returns the tokens that the app gets for
   * the code.
   */
  async signIn(user: string, { client = 'app', jar = new CookieJar() }: SignInAs = {}): Promise<Granted> {
    const ofApp = client === 'app' ? { resource: API, scope: 'openid read' } : { scope: 'openid' };
    const verifier = randomBytes(32).toString('base64url');
    const wanted = new URLSearchParams({
      ...{ client_id: client, response_type: 'code', redirect_uri: CALLBACK, ...ofApp },
      ...{ code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' },
    });
    let at = `${this.url}/auth?${wanted}`;
    for (let steps = 0; !at.startsWith(CALLBACK); steps++) {
      if (steps === 10) throw new Error(`the browser is sent from one page to another, and is at ${at}`);
      if (at.includes('/interaction/')) at += `?user=${user}`;
      const response = await fetch(at, { redirect: 'manual', headers: { cookie: await jar.getCookieString(at) } });
      for (const cookie of response.headers.getSetCookie()) await jar.setCookie(cookie, at);
      const next = response.headers.get('location');
      if (next === null) throw new Error(`${response.status} at ${at}: ${await response.text()}`);
      at = new URL(next, at).href;
    }
    const code = new URL(at).searchParams.get('code') ?? '';
    const asked = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier };
    return this.#grant(client === 'app' ? { ...asked, resource: API } : { ...asked, client_id: client });
  }

  /** Signs the user of this browser out, as a user does on the provider's own page. */
  async signOut(jar: CookieJar): Promise<void> {
    const page = await this.#visit(jar, `${this.url}/session/end`);
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(await page.text()) ?? [];
    const done = await this.#visit(jar, `${this.url}/session/end/confirm`, { xsrf, logout: 'yes' });
    if (done.status !== 303) throw new Error(`${done.status}: ${await done.text()}`);
  }

  async #visit(jar: CookieJar, url: string, form?: Record<string, string>): Promise<Response> {
    const response = await fetch(url, {
      ...{ redirect: 'manual', headers: { cookie: await jar.getCookieString(url) } },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) await jar.setCookie(cookie, url);
    return response;
  }

  /** Requests another access token without the user. */
  refresh({ refresh_token }: Granted): Promise<Granted> {
    return this.#grant({ grant_type: 'refresh_token', refresh_token, resource: API });
  }

  async #grant(asked: Record<string, string>): Promise<Granted> {
    const body = new URLSearchParams({ client_id: 'app', ...asked });
    const response = await fetch(`${this.url}/token`, { method: 'POST', body });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()) as Granted;
  }
}

function configuration(logoutUrl: string): Configuration {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { ...(privateKey.export({ format: 'jwk' }) as JWK), kid: 'one', alg: 'ES256', use: 'sig' };
  return {
    clients: [
      {
        ...{ client_id: 'app', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' },
        ...{ grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
        id_token_signed_response_alg: 'ES256',
      },
      ...['by-sid', 'by-sub'].map((client_id) => ({
        ...{ client_id, redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' as const },
        ...{ grant_types: ['authorization_code'], response_types: ['code' as const] },
        ...{ id_token_signed_response_alg: 'ES256' as const, backchannel_logout_uri: `${logoutUrl}/${client_id}` },
        backchannel_logout_session_required: client_id === 'by-sid',
      })),
    ],
    // The provider refuses addresses of loopback by its dispatcher.
    fetch: (url, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown } = {}) => fetch(url, options),
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    issueRefreshToken: () => true,
    ttl: { AccessToken: 300, Grant: 3600, IdToken: 300, Interaction: 600, RefreshToken: 3600, Session: 3600 },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          ...{ audience: API, scope: 'read', accessTokenFormat: 'jwt', accessTokenTTL: 300 },
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    // Every user has consented to every scope.
    async loadExistingGrant({ oidc }) {
      const { client, session, provider } = oidc;
      const grant = new provider.Grant({ clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' });
      grant.addOIDCScope('openid');
      grant.addResourceScope(API, 'read');
      await grant.save();
      return grant;
    },
    // The access token names the authentication, as an issuer does on request (RFC 9068, 2.2.1).
    extraTokenClaims({ oidc: { entities } }, token) {
      const { authTime } = entities.AuthorizationCode ?? entities.RefreshToken ?? {};
      return { auth_time: authTime, sid: 'sessionUid' in token ? token.sessionUid : undefined };
    },
  };
}
