import { inCall, parseArguments, parseOAuthScope } from '../../../../src/adapter.ts';
import { isSessionError, type Session, type Sessions } from '../../../../src/index.ts';
import { problem, RequestProblem, storeUnavailable } from '../answer.ts';
import type { Auth } from '../auth/auth.ts';
import { clientInfoOf } from '../client-info.ts';
import { describeValue } from '../describe-value.ts';
import type { Answer, HttpExchange } from '../exchange.ts';
import { type Guard, insufficient, requireRecentSignInGuard, requireSessionGuard } from '../guard.ts';
import { membersOf } from '../members.ts';
import { scopesOf } from '../oauth-scope.ts';
import { type HttpSettings, refuseNoSessions } from '../options/authentication.ts';
import { reportForbidden } from '../report.ts';
import type { Authorize, AuthorizeRequest, Place, RouteAction, SessionRoutesOptions } from './options.ts';
import { parseRouteName, type RouteLine } from './route-name.ts';
import { type RouteSchema, schemaOf } from './schemas.ts';
import { SESSION_ROUTES, type SessionRoute } from './session-routes.ts';
import { TOKEN_ROUTES, type TokenRoute } from './token-routes.ts';

/** Answers a request to one of the routes; `null` for any other path. */
export type RouteHandler = (auth: Auth, exchange: HttpExchange, path: string) => Promise<Answer | null>;

const ownOnly = ({ actor, action, target }: AuthorizeRequest): boolean =>
  target.user === actor.user && action !== 'change-policy';

const strictly =
  (authorize: Authorize): Authorize =>
  async (request) => {
    const answer: unknown = await authorize(request);
    if (typeof answer === 'boolean') return answer;
    throw new TypeError(
      `authorize returned ${describeValue(answer)}. Return true or false, or a promise of one of these`,
    );
  };

/** All routes. The first match counts, so `/policy` is not a session id. */
const ALL: readonly ((SessionRoute | TokenRoute) & RouteLine)[] = [...TOKEN_ROUTES, ...SESSION_ROUTES].map((route) => ({
  ...route,
  ...parseRouteName(route.name),
}));
const ACTIONS: readonly RouteAction[] = [...new Set(ALL.map(({ action }) => action))];

export interface DescribedRoute extends Pick<RouteLine, 'method' | 'path'> {
  readonly schema: RouteSchema;
}

export function describeRoutes(
  { actions = ACTIONS }: Pick<SessionRoutesOptions, 'actions'>,
  { bearer }: Pick<HttpSettings, 'bearer'>,
): readonly DescribedRoute[] {
  const isThere = (route: SessionRoute | TokenRoute): boolean =>
    !('answer' in route) || (bearer !== null && (route.action !== 'token' || bearer.client !== null));
  return ALL.filter((route) => actions.includes(route.action) && isThere(route)).map(({ name, method, path }) => {
    return { method, path, schema: schemaOf(name) };
  });
}

export function sessionRouteHandler(
  sessions: Sessions,
  options: SessionRoutesOptions = {},
  call: string = 'sessionRoutes(sessions, options)',
): RouteHandler {
  return inCall(call, () => routeHandler(sessions, options, call));
}

function routeHandler(sessions: Sessions, options: SessionRoutesOptions, call: string): RouteHandler {
  refuseNoSessions(sessions, call);
  parseArguments('options', options, ['authorize', 'recentSignIn', 'actions', 'scope', 'place']);
  const { authorize = ownOnly, recentSignIn, actions = ACTIONS, place = () => null } = options;
  if (typeof authorize !== 'function') throw new TypeError('authorize must be a function');
  if (typeof place !== 'function') throw new TypeError('place must be a function');
  if (!Array.isArray(actions) || !actions.every((action) => ACTIONS.includes(action))) {
    throw new TypeError(
      `actions are ${JSON.stringify(actions)?.slice(0, 100)}; allowed is an array of ${ACTIONS.join(', ')}`,
    );
  }
  const routes = ALL.filter(({ action }) => actions.includes(action));
  const scopes = options.scope === undefined ? null : scopesOf(parseOAuthScope(options.scope));
  const mayDo = strictly(authorize);
  // Reads the store: the list shows addresses, and the other routes act on sessions.
  const signedIn = requireSessionGuard({ maxStaleness: 0 });
  const recently = recentSignIn === undefined ? signedIn : requireRecentSignInGuard(recentSignIn);

  return async (auth, exchange, path) => {
    const { bearer } = auth.request.settings;
    const first = routes.find((one) => one.pattern.test(path) && (bearer !== null || !('answer' in one)));
    if (first === undefined) return null;
    const there = routes.filter((one) => one.path === first.path);
    const route = there.find(({ method }) => method === (exchange.method === 'HEAD' ? 'GET' : exchange.method));
    if (route === undefined) {
      // Another path with one segment may be a page of the app.
      if (first.path === '/:sessionId' && !/^\/[\w-]{22}\/?$/.test(path)) return null;
      const allowed = there.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
      return problem('method-not-allowed', {}, { allow: allowed.join(', ') });
    }
    try {
      if ('answer' in route) return bearer && (await route.answer(auth, bearer, exchange));
      const refusal = (await signedIn(auth)) ?? outOfScope(auth, route, scopes);
      if (refusal !== null) {
        // The session has already ended, and the user expects the cookie to be deleted.
        const { state } = auth.request;
        if (route.action === 'sign-out' && state.is === 'none' && state.verdict !== null) await auth.signOut();
        return refusal;
      }
      return await answer(route, auth, exchange, path, { authorize: mayDo, place, recently });
    } catch (error) {
      if (error instanceof RequestProblem) return problem(error.problem, { detail: error.message }, error.headers);
      if (isSessionError(error, 'SESSION_INSUFFICIENT_SCOPE')) return insufficient(auth.request);
      if (isSessionError(error) && error.status === 503) return storeUnavailable();
      throw error;
    }
  };
}

/**
 * Refuses an access token without the needed scopes. Every access token may sign out. The other routes need the option
 * `scope`, or a token without scopes.
 */
function outOfScope(auth: Auth, { action }: SessionRoute, scopes: readonly string[] | null): Answer | null {
  if (auth.scope === null || action === 'sign-out') return null;
  if (scopes === null) return auth.scope.length === 0 ? null : insufficient(auth.request);
  return scopes.every((scope) => auth.scope?.includes(scope)) ? null : insufficient(auth.request, scopes);
}

async function answer(
  route: SessionRoute & RouteLine,
  auth: Auth,
  exchange: HttpExchange,
  path: string,
  { authorize, place, recently }: { readonly authorize: Authorize; readonly place: Place; readonly recently: Guard },
): Promise<Answer> {
  const session = auth.session as Session;
  const query = new URLSearchParams(exchange.url.replace(/^[^?]*\??/, ''));
  const [user = session.user, another] = query.getAll('user');
  if (another !== undefined) throw new RequestProblem('the URL names user twice');
  const id = route.pattern.exec(path)?.[1] ?? '';

  // Read before the first `await`: a closed socket has no address.
  const client = clientInfoOf(exchange);
  const own = route.method === 'GET' || route.action === 'sign-out' || id === session.id;
  const refusal = own ? null : await recently(auth);
  if (refusal !== null) return refusal;
  const action = route.asks ?? route.action;
  const { account } = session;
  if (!(await authorize({ actor: session, action, target: { user, account } }))) {
    reportForbidden(auth.request.settings, client, { actor: session, action, user });
    return problem('forbidden');
  }
  if (route.own === true && user !== session.user) throw new RequestProblem(`${route.action} accepts no other user`);
  if (route.method !== 'GET') refuseOtherParameters(query);
  const body = route.method === 'GET' ? {} : membersOf(await exchange.body(), route.members ?? []);
  const { sessions } = auth.request.settings;
  return route.run({ auth, sessions, authorize, place, exchange, session, user, query, id, body });
}

/**
 * Refuses other parameters than `user`. A misspelt `user` would end the actor's own sessions. On safe requests, the app
 * may use parameters of its own.
 */
function refuseOtherParameters(query: URLSearchParams): void {
  const unknown = [...query.keys()].find((name) => name !== 'user');
  if (unknown === undefined) return;
  throw new RequestProblem(`the URL has an unknown parameter ${JSON.stringify(unknown.slice(0, 40))}; known is user`);
}
