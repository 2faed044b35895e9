import {
  isSessionError,
  type ListedSession,
  type Over,
  type Policy,
  type Session,
  type Sessions,
} from '../../../src/index.ts';
import { accessToken, json, noContent, problem, seeOther, storeUnavailable } from './answer.ts';
import type { Auth } from './auth.ts';
import { challengesOf } from './challenge.ts';
import { clientOf } from './client.ts';
import type { Answer, HttpExchange } from './exchange.ts';
import {
  type Guard,
  insufficient,
  type RecentSignInOptions,
  refuseToken,
  requireRecentSignInGuard,
  requireSessionGuard,
} from './guard.ts';
import { type HttpSettings, refuseOther } from './options.ts';
import { isNavigation, safeReturnPath } from './origin.ts';
import { refuseUnknown } from './refuse-unknown.ts';
import { reportForbidden } from './report.ts';
import { RequestProblem } from './request-problem.ts';
import { parseRouteName, type RouteLine, type RouteName } from './route-name.ts';
import { type RouteSchema, schemaOf } from './route-schemas.ts';
import { parseScopes } from './scope.ts';
import { TOKEN_ROUTES, type TokenRoute } from './token-routes.ts';

/** What the routes do. */
export type RouteAction =
  | 'list'
  | 'end'
  | 'sign-out'
  | 'sign-out-others'
  | 'sign-out-everywhere'
  | 'policy'
  | 'refresh'
  | 'token'
  | 'keys';

/** What somebody wants to do through the routes. */
export type AuthorizedAction = Exclude<RouteAction, 'refresh' | 'token' | 'keys'> | 'change-policy';

/** A question to `authorize`. */
export interface AuthorizeRequest {
  /** Who asks. */
  readonly actor: Session;
  readonly action: AuthorizedAction;
  /**
   * Whose sessions it is about. Somebody else's are listed and ended only in the actor's own `account`; one's own in all of
   * them. A policy is that of the account. `null`: the actor's session is in no account, and reaches the whole user.
   */
  readonly target: { readonly user: string; readonly account: string | null };
}

/** Options of `sessionRoutes`, in every framework. */
export interface SessionRoutesOptions {
  /**
   * Whether the actor may. Default: one's own sessions, and nobody changes a policy. With one of your own, `?user=` names
   * somebody else.
   */
  readonly authorize?: ((request: AuthorizeRequest) => boolean | Promise<boolean>) | undefined;
  /** What ending *other* devices, or changing a policy, asks for (ASVS 7.5.2). Default: nothing more than a session. */
  readonly recentSignIn?: RecentSignInOptions | undefined;
  /** Which routes there are; of the others, nothing answers. Default: all. */
  readonly actions?: readonly RouteAction[] | undefined;
  /**
   * What an access token must be for to reach all but `sign-out`, such as `'sessions'`. Default: one that names scopes does not,
   * since it was made for something else.
   */
  readonly scope?: string | undefined;
}

/** Answers a request to the routes, or `null` for a path that is none of them. */
export type RouteHandler = (auth: Auth, exchange: HttpExchange, path: string) => Promise<Answer | null>;

const ownOnly = ({ actor, action, target }: AuthorizeRequest): boolean =>
  target.user === actor.user && action !== 'change-policy';

type Authorize = NonNullable<SessionRoutesOptions['authorize']>;

interface Asked {
  readonly auth: Auth;
  readonly authorize: Authorize;
  readonly exchange: HttpExchange;
  readonly session: Session;
  readonly user: string;
  readonly query: URLSearchParams;
  readonly id: string;
  readonly body: unknown;
}

interface Route {
  readonly name: RouteName;
  readonly action: Exclude<AuthorizedAction, 'change-policy'>;
  /** What is asked of `authorize`, where that is not the action's name. */
  readonly asks?: 'change-policy';
  /** Whether it is about the asker's own session, so that `?user=` with somebody else makes no sense. */
  readonly own?: true;
  run(asked: Asked): Promise<Answer>;
}

const ROUTES: readonly Route[] = [
  { name: 'GET /', action: 'list', run: listSessions },
  { name: 'POST /sign-out', action: 'sign-out', own: true, run: signOut },
  { name: 'POST /sign-out-others', action: 'sign-out-others', own: true, run: signOutOthers },
  { name: 'POST /sign-out-everywhere', action: 'sign-out-everywhere', run: signOutEverywhere },
  { name: 'GET /policy', action: 'policy', own: true, run: showPolicy },
  { name: 'PUT /policy', action: 'policy', asks: 'change-policy', own: true, run: changePolicy },
  { name: 'DELETE /:sessionId', action: 'end', run: endSession },
  // A form knows no DELETE.
  { name: 'POST /:sessionId/sign-out', action: 'end', run: endSession },
];
/** The first one whose path matches says what a path is: `/policy` is no id of a session. */
const ALL: readonly ((Route | TokenRoute) & RouteLine)[] = [...TOKEN_ROUTES, ...ROUTES].map((route) => ({
  ...route,
  ...parseRouteName(route.name),
}));
const ACTIONS: readonly RouteAction[] = [...new Set(ALL.map(({ action }) => action))];

/** A route as a framework may register it by itself, and what an OpenAPI document says of it. */
export interface DescribedRoute extends Pick<RouteLine, 'method' | 'path'> {
  readonly schema: RouteSchema;
}

/** The routes that {@link sessionRouteHandler} answers, where the authentication before them has these settings. */
export function describeRoutes(
  { actions = ACTIONS }: Pick<SessionRoutesOptions, 'actions'>,
  { bearer }: Pick<HttpSettings, 'bearer'>,
): readonly DescribedRoute[] {
  const isThere = (route: Route | TokenRoute): boolean =>
    !('answer' in route) || (bearer !== null && (route.action !== 'token' || bearer.client !== null));
  return ALL.filter((route) => actions.includes(route.action) && isThere(route)).map(({ name, method, path }) => {
    return { method, path, schema: schemaOf(name) };
  });
}

/** The routes of a login-management page: a list, one's ending, three ways to sign out, and the account's policy. */
export function sessionRouteHandler(sessions: Sessions, options: SessionRoutesOptions = {}): RouteHandler {
  refuseOther(sessions);
  refuseUnknown('sessionRoutes', options, ['authorize', 'recentSignIn', 'actions', 'scope']);
  const { authorize = ownOnly, recentSignIn, actions = ACTIONS } = options;
  if (typeof authorize !== 'function') throw new TypeError('authorize must be a function');
  if (!Array.isArray(actions) || !actions.every((action) => ACTIONS.includes(action))) {
    throw new TypeError(`actions must be an array of ${ACTIONS.join(', ')}`);
  }
  const routes = ALL.filter(({ action }) => actions.includes(action));
  const scopes = options.scope === undefined ? null : parseScopes(options.scope);
  const signedIn = requireSessionGuard();
  const recently = recentSignIn === undefined ? signedIn : requireRecentSignInGuard(recentSignIn);

  return async (auth, exchange, path) => {
    const { bearer } = auth.settings;
    const first = routes.find((one) => one.pattern.test(path) && (bearer !== null || !('answer' in one)));
    if (first === undefined) return null;
    const there = routes.filter((one) => one.path === first.path);
    const route = there.find(({ method }) => method === (exchange.method === 'HEAD' ? 'GET' : exchange.method));
    if (route === undefined) {
      // Whatever is one segment long may be a page of the app's.
      if (first.path === '/:sessionId' && !/^\/[\w-]{22}\/?$/.test(path)) return null;
      const allowed = there.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
      return problem('method-not-allowed', {}, { allow: allowed.join(', ') });
    }
    try {
      if ('answer' in route) return bearer && (await route.answer(auth, bearer, exchange));
      const refusal = signedIn(auth) ?? outOfScope(auth, route, scopes);
      if (refusal !== null) return refusal;
      return await answer(route, auth, exchange, path, authorize, recently);
    } catch (error) {
      if (error instanceof RequestProblem) return problem(error.problem, { detail: error.message }, error.headers);
      if (isSessionError(error, 'SESSION_INSUFFICIENT_SCOPE')) return insufficient(auth);
      if (isSessionError(error) && error.status === 503) return storeUnavailable();
      throw error;
    }
  };
}

/** Whoever holds an access token may give it back; what else it may do here is not for a token that was made for something else. */
function outOfScope(auth: Auth, { action }: Route, scopes: readonly string[] | null): Answer | null {
  if (auth.scope === null || action === 'sign-out') return null;
  if (scopes === null) return auth.scope.length === 0 ? null : insufficient(auth);
  return scopes.every((scope) => auth.scope?.includes(scope)) ? null : insufficient(auth, scopes);
}

async function answer(
  route: Route & RouteLine,
  auth: Auth,
  exchange: HttpExchange,
  path: string,
  authorize: Authorize,
  recently: Guard,
): Promise<Answer> {
  const session = auth.session as Session;
  const query = new URLSearchParams(exchange.url.replace(/^[^?]*\??/, ''));
  const user = query.get('user') ?? session.user;
  const id = route.pattern.exec(path)?.[1] ?? '';

  const own = route.method === 'GET' || route.action === 'sign-out' || id === session.id;
  const refusal = own ? null : recently(auth);
  if (refusal !== null) return refusal;
  const action = route.asks ?? route.action;
  const { account } = session;
  // Before anything is waited for: whoever goes away has no address any more.
  const client = clientOf(exchange);
  if (!(await authorize({ actor: session, action, target: { user, account } }))) {
    reportForbidden(auth.settings, client, { actor: session, action, user });
    return problem('forbidden');
  }
  if (route.own === true && user !== session.user) throw new RequestProblem(`${route.action} takes no other user`);
  const body = route.method === 'POST' || route.method === 'PUT' ? await exchange.body() : undefined;
  return route.run({ auth, authorize, exchange, session, user, query, id, body });
}

/** What the core refuses of a client's text is the client's mistake and no fault of the server. */
async function refusable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof TypeError) throw new RequestProblem(error.message);
    throw error;
  }
}

async function listSessions({ auth, session, user, query }: Asked): Promise<Answer> {
  const limit = query.get('limit');
  const request = {
    cursor: query.get('cursor'),
    limit: limit === null ? undefined : Number(limit),
    ended: query.get('ended') === 'true',
  };
  const page = await refusable(() => auth.settings.sessions.list(scopeOf(session, user), request));
  // Attributes are the app's own notes on the server's side: what of them a browser may see is for the app to say.
  const shown = ({ attributes: _, over, ...row }: ListedSession): unknown => {
    return { ...row, over: over && shownOver(auth.settings.sessions, over, user), current: row.id === session.id };
  };
  return json({ sessions: page.sessions.map(shown), cursor: page.cursor });
}

/** Who else ended a session, from where, and in which words, is for the audit log and not for its user. */
function shownOver(sessions: Sessions, over: Over, user: string): unknown {
  if (over.reason === 'expired') return { reason: over.reason, at: over.at, by: null, from: null, cause: null };
  const mark = over.reason === 'ended' ? over.ended : over.revocation;
  const own = mark !== null && mark.by === user;
  return {
    reason: over.reason,
    at: mark?.at ?? null,
    by: own ? 'self' : (mark?.by ?? null) === null ? null : 'other',
    from: own ? mark.from : null,
    cause: sessions.explain(over),
  };
}

async function showPolicy({ auth, authorize, session }: Asked): Promise<Answer> {
  return policyAnswer({ auth, authorize, session }, await auth.settings.sessions.policy(session.account));
}

async function changePolicy({ auth, authorize, session, body }: Asked): Promise<Answer> {
  const { account, user, device } = session;
  if (account === null) throw new RequestProblem('this session belongs to no account');
  if (typeof body !== 'object' || body === null)
    throw new RequestProblem('the body must be JSON or a form with signOut');
  const by = { by: user, from: device.label };
  const { policy } = await refusable(() => auth.settings.sessions.setPolicy(account, body as Policy, by));
  return policyAnswer({ auth, authorize, session }, policy);
}

async function policyAnswer(
  { session, authorize }: Pick<Asked, 'auth' | 'authorize' | 'session'>,
  policy: Policy,
): Promise<Answer> {
  const { account, user } = session;
  const target = { user, account };
  const mayChange = account !== null && (await authorize({ actor: session, action: 'change-policy', target }));
  return json({ account, ...policy, mayChange });
}

/** Of somebody else, only what is in the actor's own account: an administrator of one is nobody in another. */
function scopeOf(actor: Session, user: string): { readonly user: string; readonly account?: string } {
  return user === actor.user || actor.account === null ? { user } : { user, account: actor.account };
}

async function endSession(asked: Asked): Promise<Answer> {
  const { auth, session, user, id } = asked;
  const { sessions } = auth.settings;
  if (user === session.user && id === session.id) {
    const { ended } = await auth.signOut();
    return ended ? done(asked) : problem('session-not-found');
  }
  const by = { by: session.user, reason: 'signed-out', from: session.device.label };
  const { ended } = await refusable(() => sessions.end(id, { ...scopeOf(session, user), ...by }));
  return ended ? done(asked) : problem('session-not-found');
}

async function signOut(asked: Asked): Promise<Answer> {
  await asked.auth.signOut();
  return done(asked);
}

async function signOutOthers(asked: Asked): Promise<Answer> {
  const { revoked, ...result } = await refusable(() => asked.auth.signOutOthers(kindsOf(asked.body)));
  if (!revoked) return over(asked);
  const { accessToken: next, refreshToken, expiresIn = 0 } = result;
  // What the app came with is worth nothing any more.
  if (next === undefined) return done(asked);
  return accessToken({ accessToken: next, refreshToken, expiresIn }, asked.auth.scope?.join(' ') || null);
}

async function signOutEverywhere(asked: Asked): Promise<Answer> {
  const { auth, session, user, body } = asked;
  const kinds = kindsOf(body);
  const cause = { by: session.user, reason: 'signed-out-everywhere', from: session.device.label };
  const { revoked } = await refusable<{ readonly revoked: boolean }>(() =>
    user === session.user
      ? auth.signOutEverywhere(kinds)
      : auth.settings.sessions.revoke(scopeOf(session, user), { ...cause, ...kinds }),
  );
  return revoked ? done(asked) : over(asked);
}

/** Which kinds are named: by an array, or by one field of a form or several. */
function kindsOf(body: unknown): { readonly kinds?: readonly string[] | 'all' } {
  const kinds = typeof body === 'object' && body !== null && 'kinds' in body ? body.kinds : undefined;
  if (kinds === undefined) return {};
  if (typeof kinds === 'string') return { kinds: kinds === 'all' ? kinds : [kinds] };
  return { kinds: kinds as readonly string[] };
}

/** The asker's session was ended, or its secret renewed, while it asked. */
const over = ({ auth }: Asked): Answer =>
  auth.isBorne ? refuseToken(auth) : problem('session-required', {}, challengesOf(auth));

/** 204 for a program; for a form of a page, a redirect to its field `returnTo`, else to the login page. */
function done({ auth, exchange, body }: Asked): Answer {
  if (auth.isBorne || !isNavigation(exchange)) return noContent();
  const returnTo = typeof body === 'object' && body !== null && 'returnTo' in body ? body.returnTo : undefined;
  return seeOther(safeReturnPath(returnTo, auth.settings.loginUrl(exchange) ?? '/'));
}
