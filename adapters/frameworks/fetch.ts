/**
 * Whatever has `Request` and `Response` (the Fetch Standard): Hono, h3, Elysia, a route handler, a worker. There is no
 * request to decorate: `authentication` makes a function that gives the `Auth` of a request; the guards and the routes
 * take that and give the `Response` to answer with, or `null` to go on; its `commit` puts the cookies on your own.
 *
 * ```ts
 * const open = authentication(sessions, { loginUrl: '/login', origins: ['https://app.example.org'] });
 * const routes = sessionRoutes(sessions, { path: '/sessions' });
 * const guard = requireSession();
 *
 * const auth = await open(request, { ip });
 * const answer = (await routes(auth)) ?? guard(auth);
 * return answer ?? auth.commit(Response.json({ user: sessionOf(auth).user }));
 * ```
 * @module
 */
import type { BuiltInTrigger, Session, Sessions } from '../../src/index.ts';
import * as http from './http/index.ts';

export type {
  AuthorizedAction,
  AuthorizeRequest,
  BearerOptions,
  BearerTokens,
  CookieOptions,
  HttpExchange,
  IssuedTokens,
  ReauthenticateHttpRequest,
  ReauthenticateResult,
  RecentSignInOptions,
  Refusal,
  RequireSessionOptions,
  RouteAction,
  SignInRequest,
  SignInResult,
  SignInTokens,
  SignOutRequest,
  TriggerHttpRequest,
  WithoutToken,
} from './http/index.ts';
export { safeReturnPath } from './http/index.ts';

/** Options of {@link authentication}. There is no request to put a property on. */
export type AuthenticationOptions = Omit<http.AuthenticationOptions, 'property'>;

/** Options of {@link sessionRoutes}. */
export interface SessionRoutesOptions extends http.SessionRoutesOptions {
  /** Where the routes are, such as `'/sessions'`: that path and what is below it. */
  readonly path: string;
}

/** What the host knows of a request, and `Request` has no place for. */
export interface Peer {
  /** The client's address. Behind a proxy that is for the host to find out; nothing is read from `X-Forwarded-For`. */
  readonly ip?: string | undefined;
}

// A registered symbol, so that the ESM and the CJS build find each other's.
const EXCHANGE: unique symbol = Symbol.for('session-revocation.exchange');

/** Who makes a request, and what it may do about it. */
export interface Auth<Trigger extends string = BuiltInTrigger> extends http.Auth<Trigger> {
  /**
   * The response with the cookies that were set and deleted, beside those that it has; the one that is given is left as it
   * is. From then on no cookie can be set: that is a `TypeError`. What was committed once may be so again, say by a
   * middleware around a guard: it comes out the same.
   */
  commit(response: Response): Response;
  /** @internal */
  readonly [EXCHANGE]: FetchExchange;
}

/** Reads the session cookie of a request. Answers nothing by itself: an outage is the guards' to tell. */
export function authentication<Trigger extends string = BuiltInTrigger>(
  sessions: Sessions<Trigger>,
  options?: AuthenticationOptions,
): (request: Request, peer?: Peer) => Promise<Auth<Trigger>>;
export function authentication(
  sessions: Sessions,
  options: AuthenticationOptions = {},
): (request: Request, peer?: Peer) => Promise<Auth> {
  if ('property' in options) throw new TypeError('there is no request to put a property on: open gives the Auth');
  const settings = http.parseAuthenticationOptions(sessions, options);
  return async function open(request, { ip } = {}) {
    const exchange = new FetchExchange(request, ip);
    const auth = await http.openAuth(settings, exchange);
    return Object.assign(auth, { [EXCHANGE]: exchange, commit: (response: Response) => exchange.commit(response) });
  };
}

/** Lets pass whoever has a live session: else 401, a redirect of a page to `loginUrl`, 403 across origins, 503 in an outage. */
export function requireSession(options: http.RequireSessionOptions = {}): (auth: Auth) => Response | null {
  const guard = http.requireSessionGuard(options);
  return (auth) => committed(auth, guard(authFor(auth, options.sessions)));
}

/** Lets pass whoever authenticated lately, in the ways that are asked for: else 401 with the challenge of RFC 9470. */
export function requireRecentSignIn(options: http.RecentSignInOptions): (auth: Auth) => Response | null {
  const guard = http.requireRecentSignInGuard(options);
  return (auth) => committed(auth, guard(authFor(auth, options.sessions)));
}

/**
 * The routes of a login-management page; `null` for every other path. The body is read where a route has a use for it.
 * @throws `TypeError` where it was read already, or the sessions are not those of the `Auth`.
 */
export function sessionRoutes(
  sessions: Sessions,
  options: SessionRoutesOptions,
): (auth: Auth) => Promise<Response | null> {
  const mount = http.parseMount(options?.path);
  const { path: _, ...others } = options;
  const handle = http.sessionRouteHandler(sessions, others);
  return async function routes(auth) {
    const below = http.pathBelow(mount, authFor(auth)[EXCHANGE].path);
    return below === null ? null : committed(auth, await handle(authFor(auth, sessions), auth[EXCHANGE], below));
  };
}

/**
 * The session of a request, never `null`.
 * @throws `SESSION_REQUIRED` (401), `SESSION_CROSS_ORIGIN` (403) or `SESSION_STORE_UNAVAILABLE` (503).
 */
export const sessionOf = (auth: Auth): Session => http.sessionOf(auth);

/** Remembers what is to be on a response that does not exist yet. */
class FetchExchange implements http.HttpExchange {
  readonly ip: string | undefined;
  /** Without the query. */
  readonly path: string;
  readonly url: string;
  headersSent = false;
  readonly #request: Request;
  readonly #headers = new Map<string, string>();
  #setCookies: readonly string[] = [];

  constructor(request: Request, ip: string | undefined) {
    const { pathname, search } = new URL(request.url);
    this.#request = request;
    this.ip = ip;
    this.path = pathname;
    this.url = pathname + search;
  }

  get method(): string {
    return this.#request.method;
  }

  header = (name: string): string | undefined => this.#request.headers.get(name) ?? undefined;

  /** `Headers` has them joined. */
  headerLines(name: string): readonly string[] {
    const value = this.header(name);
    return value === undefined ? [] : [value];
  }

  async body(): Promise<unknown> {
    const { body, bodyUsed } = this.#request;
    if (bodyUsed)
      throw new TypeError('the body was read already: open a clone() of the request, or read it afterwards');
    return body === null ? undefined : http.readBody(this.header('content-type'), body);
  }

  setCookies = (): readonly string[] => this.#setCookies;

  replaceSetCookies(lines: readonly string[]): void {
    this.#mayChange();
    this.#setCookies = lines;
  }

  setHeader(name: string, value: string): void {
    this.#mayChange();
    this.#headers.set(name, value);
  }

  commit(response: Response): Response {
    this.headersSent = true;
    if (this.#headers.size === 0 && this.#setCookies.length === 0) return response;
    // Those of a response that was fetched, or of a redirect, cannot be changed.
    const copy = new Response(response.body, response);
    for (const [name, value] of this.#headers) copy.headers.set(name, value);
    // At most one line for a cookie (RFC 6265bis 4.1.1).
    const names = new Set(this.#setCookies.map(nameOf));
    const others = response.headers.getSetCookie().filter((line) => !names.has(nameOf(line)));
    copy.headers.delete('set-cookie');
    for (const line of [...others, ...this.#setCookies]) copy.headers.append('set-cookie', line);
    return copy;
  }

  #mayChange(): void {
    if (this.headersSent) throw new TypeError('the response was committed: the cookie can no longer be set');
  }
}

const nameOf = (line: string): string => line.slice(0, line.indexOf('='));

function authFor(auth: Auth, sessions?: Sessions): Auth {
  if (auth?.[EXCHANGE] === undefined) {
    throw new TypeError('an Auth is needed: await open(request), where open is authentication(sessions)');
  }
  if (sessions !== undefined && auth.settings.sessions !== sessions) {
    throw new TypeError('the Auth is of other sessions than those that are asked for');
  }
  return auth;
}

/** The answer of the library as a whole response. */
const committed = (auth: Auth, answer: http.Answer | null): Response | null =>
  answer && auth.commit(new Response(answer.body, { status: answer.status, headers: answer.headers }));
