import { isSessionError, type ListedSession, type Over, type Session, type Sessions } from '../../../src/index.ts';
import { challenge, json, noContent, problem, seeOther, storeUnavailable } from './answer.ts';
import type { Auth } from './auth.ts';
import type { Answer, HttpExchange } from './exchange.ts';
import { type Guard, type RecentSignInOptions, requireRecentSignInGuard, requireSessionGuard } from './guard.ts';
import { refuseOther, refuseUnknown } from './options.ts';
import { isNavigation, safeReturnPath } from './origin.ts';
import { RequestProblem } from './request-problem.ts';

/** What somebody wants to do through the routes. */
export type RouteAction = 'list' | 'end' | 'sign-out' | 'sign-out-others' | 'sign-out-everywhere';

/** A question to `authorize`. */
export interface AuthorizeRequest {
  /** Who asks. */
  readonly actor: Session;
  readonly action: RouteAction;
  /** Whose sessions it is about. */
  readonly target: { readonly user: string };
}

/** Options of `sessionRoutes`, in every framework. */
export interface SessionRoutesOptions {
  /** Whether the actor may. Default: one's own sessions only. With one of your own, `?user=` names somebody else. */
  readonly authorize?: ((request: AuthorizeRequest) => boolean | Promise<boolean>) | undefined;
  /** What ending *other* devices asks for (ASVS 7.5.2). Default: nothing more than a session. */
  readonly recentSignIn?: RecentSignInOptions | undefined;
}

/** Answers a request to the routes, or `null` for a path that is none of them. */
export type RouteHandler = (auth: Auth, exchange: HttpExchange, path: string) => Promise<Answer | null>;

const ownOnly = ({ actor, target }: AuthorizeRequest): boolean => target.user === actor.user;

interface Asked {
  readonly auth: Auth;
  readonly exchange: HttpExchange;
  readonly session: Session;
  readonly user: string;
  readonly query: URLSearchParams;
  readonly id: string;
  readonly body: unknown;
}

interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: RegExp;
  readonly action: RouteAction;
  /** Whether it is about the asker's own session, so that `?user=` with somebody else makes no sense. */
  readonly own?: true;
  run(asked: Asked): Promise<Answer>;
}

const ROUTES: readonly Route[] = [
  { method: 'GET', path: /^\/?$/, action: 'list', run: listSessions },
  { method: 'POST', path: /^\/sign-out\/?$/, action: 'sign-out', own: true, run: signOut },
  { method: 'POST', path: /^\/sign-out-others\/?$/, action: 'sign-out-others', own: true, run: signOutOthers },
  { method: 'POST', path: /^\/sign-out-everywhere\/?$/, action: 'sign-out-everywhere', run: signOutEverywhere },
  { method: 'DELETE', path: /^\/([^/]+)\/?$/, action: 'end', run: endSession },
];

/** The routes of a login-management page: a list, one's ending, and three ways to sign out. */
export function sessionRouteHandler(sessions: Sessions, options: SessionRoutesOptions = {}): RouteHandler {
  refuseOther(sessions);
  refuseUnknown('sessionRoutes', options, ['authorize', 'recentSignIn']);
  const { authorize = ownOnly, recentSignIn } = options;
  if (typeof authorize !== 'function') throw new TypeError('authorize must be a function');
  const signedIn = requireSessionGuard();
  const recently = recentSignIn === undefined ? signedIn : requireRecentSignInGuard(recentSignIn);

  return async (auth, exchange, path) => {
    const route = ROUTES.find((one) => one.path.test(path));
    if (route === undefined) return null;
    if (auth.settings.sessions !== sessions) {
      throw new TypeError('sessionRoutes must be given the sessions that authentication was given before it');
    }
    const allowed = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method];
    if (!allowed.includes(exchange.method)) return problem('method-not-allowed', {}, { allow: allowed.join(', ') });
    try {
      const refusal = signedIn(auth, exchange);
      if (refusal !== null) return refusal;
      return await answer(route, auth, exchange, path, authorize, recently);
    } catch (error) {
      if (error instanceof RequestProblem) return problem(error.problem, { detail: error.message });
      if (isSessionError(error) && error.status === 503) return storeUnavailable();
      throw error;
    }
  };
}

async function answer(
  route: Route,
  auth: Auth,
  exchange: HttpExchange,
  path: string,
  authorize: NonNullable<SessionRoutesOptions['authorize']>,
  recently: Guard,
): Promise<Answer> {
  const session = auth.session as Session;
  const query = new URLSearchParams(exchange.url.replace(/^[^?]*\??/, ''));
  const user = query.get('user') ?? session.user;
  const id = route.path.exec(path)?.[1] ?? '';

  const own = route.action === 'list' || route.action === 'sign-out' || id === session.id;
  const refusal = own ? null : recently(auth, exchange);
  if (refusal !== null) return refusal;
  if (!(await authorize({ actor: session, action: route.action, target: { user } }))) return problem('forbidden');
  if (route.own === true && user !== session.user) throw new RequestProblem(`${route.action} takes no other user`);
  const body = route.method === 'POST' ? await exchange.body() : undefined;
  return route.run({ auth, exchange, session, user, query, id, body });
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
  const page = await refusable(() => auth.settings.sessions.list({ user }, request));
  // Attributes are the app's own notes on the server's side: what of them a browser may see is for the app to say.
  const shown = ({ attributes: _, over, ...row }: ListedSession): unknown => {
    return { ...row, over: over === null ? null : shownOver(over, user), current: row.id === session.id };
  };
  return json({ sessions: page.sessions.map(shown), cursor: page.cursor });
}

/** Who else ended a session, and in which words, is for the audit and not for its user. */
function shownOver(over: Over, user: string): unknown {
  if (over.reason === 'expired') return { reason: over.reason, at: over.at };
  const mark = over.reason === 'ended' ? over.ended : over.revocation;
  const own = mark !== null && mark.by === user;
  return { reason: over.reason, at: mark?.at ?? null, by: own ? user : null, cause: own ? mark.reason : null };
}

async function endSession({ auth, session, user, id }: Asked): Promise<Answer> {
  const { sessions } = auth.settings;
  if (user === session.user && id === session.id) {
    const { ended } = await auth.signOut();
    return ended ? noContent() : problem('session-not-found');
  }
  const { ended } = await refusable(() => sessions.end(id, { user, by: session.user, reason: 'signed-out' }));
  return ended ? noContent() : problem('session-not-found');
}

async function signOut(asked: Asked): Promise<Answer> {
  await asked.auth.signOut();
  return done(asked);
}

async function signOutOthers(asked: Asked): Promise<Answer> {
  const { revoked } = await asked.auth.signOutOthers();
  return revoked ? done(asked) : over(asked);
}

async function signOutEverywhere(asked: Asked): Promise<Answer> {
  const { auth, session, user } = asked;
  const cause = { by: session.user, reason: 'signed-out-everywhere' };
  const { revoked } =
    user === session.user
      ? await auth.signOutEverywhere()
      : await refusable(() => auth.settings.sessions.revoke({ user }, cause));
  return revoked ? done(asked) : over(asked);
}

/** The asker's session was ended, or its secret renewed, while it asked. */
const over = ({ auth }: Asked): Answer => problem('session-required', {}, challenge(auth.settings.sessions.realm));

/** 204 for a program; for a form of a page, a redirect to its field `returnTo`, else to the login page. */
function done({ auth, exchange, body }: Asked): Answer {
  if (!isNavigation(exchange)) return noContent();
  const returnTo = typeof body === 'object' && body !== null && 'returnTo' in body ? body.returnTo : undefined;
  return seeOther(safeReturnPath(returnTo, auth.settings.loginUrl(exchange) ?? '/'));
}
