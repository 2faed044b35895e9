import type { SessionsOptions } from 'session-revocation';
import type { AuthenticationOptions, BearerOptions, IssuedTokens } from 'session-revocation/express';
import { type AccessTokenOptions, type AccessTokens, accessTokens, generateKey } from 'session-revocation/jwt';
import { type Answer, type Browser, type Headers, UNKNOWN_ORIGIN } from './browser.ts';
import type { Framework, Page, PageRequest } from './framework.ts';
import { type Outcome, outcomeOf } from './pages.ts';
import { open, type Site, type SiteOptions } from './site.ts';

/** The name of the cookie that keeps a browser's refresh token. */
export const REFRESH_COOKIE = '__Host-default-refresh';

export const JSON_BODY = { 'content-type': 'application/json' };
export const FORM_BODY = { 'content-type': 'application/x-www-form-urlencoded' };

/** One key for all tests, because its generation takes time. */
export const KEY = generateKey('EdDSA', 'key-1');

/** The options of a site with access tokens. */
export interface TokenSiteOptions extends Omit<SiteOptions, 'authentication' | 'sessions'> {
  readonly sessions?: Omit<SessionsOptions<string>, 'store' | 'clock'>;
  readonly authentication?: AuthenticationOptions;
  readonly bearer?: Omit<BearerOptions, 'tokens'>;
  readonly accessTokens?: Partial<AccessTokenOptions>;
  /** Wraps the tokens, for tests that replace one of their methods. */
  readonly around?: (tokens: AccessTokens) => BearerOptions['tokens'];
}

/** Returns the same tokens as a plain object, for tests that replace one of their methods. */
export const passing = (tokens: AccessTokens): BearerOptions['tokens'] => ({
  check: (...args) => tokens.check(...args),
  mint: (...args) => tokens.mint(...args),
  refresh: (...args) => tokens.refresh(...args),
  jwks: () => tokens.jwks(),
  isTokenOf: (...args) => tokens.isTokenOf(...args),
});

/** The tokens of an app, as `signIn` and the routes return them. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Returns the tokens in the answer of a page. */
export const tokensOf = ({ json }: Answer): Tokens => json?.tokens as Tokens;

/** A site that accepts access tokens. */
export interface TokenSite extends Site {
  readonly tokens: AccessTokens;
  /** Signs in for an app that stores its refresh token itself. */
  appTokens(user?: string, query?: string): Promise<Tokens & { readonly id: string }>;
}

/** Serves an app that accepts access tokens for the duration of a test. */
export async function openTokenSite(framework: Framework, options: TokenSiteOptions = {}): Promise<TokenSite> {
  const { authentication, bearer, accessTokens: special, around = (one) => one, ...others } = options;
  let tokens: AccessTokens | undefined;
  const site = await open(framework, {
    ...others,
    pages: [...(others.pages ?? []), ...TOKEN_PAGES],
    authentication: (sessions) => {
      const audience = 'https://api.example.org';
      tokens = accessTokens(sessions, { issuer: 'https://app.example.org', audience, keys: [KEY], ...special });
      return { bearer: { tokens: around(tokens), client: 'web', ...bearer }, ...authentication };
    },
  });
  if (tokens === undefined) throw new Error('the site has no access tokens');
  return {
    ...site,
    tokens,
    async appTokens(user = 'alice', query = '') {
      const answer = await site.browser().post(`/token-sign-in?refresh=body&client=shop&user=${user}${query}`, APP);
      return { ...tokensOf(answer), id: String(answer.json?.id) };
    },
  };
}

/** Headers of a program, which is no browser and does not tell its origin. */
export const APP: Headers = { ...UNKNOWN_ORIGIN, accept: '*/*' };

/** Adds an access token to the headers. */
export const bearing = (accessToken: unknown, headers: Headers = APP): Headers => ({
  ...headers,
  authorization: `Bearer ${String(accessToken)}`,
});

/** Requests the next tokens like an app. */
export const refresh = (
  { browser }: Pick<Site, 'browser'>,
  refreshToken: unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> => {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: String(refreshToken), ...more });
  return browser().post('/sessions/refresh', { ...APP, ...FORM_BODY }, String(body));
};

/** Returns a browser whose page uses access tokens. */
export async function signedInPage(
  { browser: open_ }: Site,
  query = '',
): Promise<{ browser: Browser; access: string }> {
  const browser = open_();
  const answer = await browser.post(`/token-sign-in?refresh=cookie${query}`);
  return { browser, access: tokensOf(answer).accessToken };
}

/** Returns the outcome with the new tokens, if there are any. */
const outcomeWithTokens = (result: Outcome & Partial<IssuedTokens>): unknown => {
  const { accessToken, refreshToken, expiresIn } = result;
  const tokens = accessToken === undefined ? undefined : { accessToken, refreshToken, expiresIn };
  return { ...(outcomeOf(result) as Outcome), tokens };
};

const post = (path: string, act: (request: PageRequest) => Promise<Outcome & Partial<IssuedTokens>>): Page => ({
  method: 'post',
  path,
  run: async (request) => outcomeWithTokens(await act(request)),
});

const say = ({ auth, session }: PageRequest): unknown => {
  const { scope, client } = auth();
  return { user: session().user, id: session().id, scope, client };
};

const TOKEN_PAGES: readonly Page[] = [
  { method: 'get', path: '/who', guard: {}, run: say },
  { method: 'post', path: '/who', guard: {}, run: say },
  { method: 'get', path: '/orders', guard: { scope: 'orders:read' }, run: say },
  { method: 'get', path: '/both', guard: { scope: 'orders:read orders:write' }, run: say },
  post('/token-sign-in', ({ auth, query }) =>
    auth().signIn({
      user: query.get('user') ?? 'alice',
      kind: query.get('kind') ?? undefined,
      amr: ['pwd'],
      tokens: {
        refresh: query.get('refresh') as 'body',
        client: query.get('client') ?? undefined,
        scope: query.get('scope') ?? undefined,
      },
      verify: () => query.get('password') !== 'wrong',
    }),
  ),
  post('/bearer/renew', ({ auth }) => auth().renew()),
  post('/bearer/reauthenticate', ({ auth }) => auth().reauthenticate({ verify: () => true })),
  post('/bearer/trigger', ({ auth, query }) => auth().trigger(query.get('name') ?? '')),
  post('/bearer/sign-out-others', ({ auth }) => auth().signOutOthers()),
];
