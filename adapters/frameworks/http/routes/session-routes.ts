import { withoutCall } from '../../../../src/adapter.ts';
import type { EndState, ListedSession, Policy, RevokeResult, Session, Sessions } from '../../../../src/index.ts';
import { accessToken, json, noContent, problem, RequestProblem, seeOther } from '../answer.ts';
import type { Auth } from '../auth/auth.ts';
import { challengesOf } from '../challenge.ts';
import { describeValue } from '../describe-value.ts';
import type { Answer, HttpExchange } from '../exchange.ts';
import { refuseToken } from '../guard.ts';
import type { Members } from '../members.ts';
import { isNavigation, safeReturnPath } from '../origin.ts';
import type { Authorize, AuthorizedAction, Place } from './options.ts';
import type { RouteName } from './route-name.ts';

export interface RouteRequest {
  readonly auth: Auth;
  readonly sessions: Sessions;
  readonly authorize: Authorize;
  readonly place: Place;
  readonly exchange: HttpExchange;
  readonly session: Session;
  readonly user: string;
  readonly query: URLSearchParams;
  readonly id: string;
  readonly body: Members;
}

export interface SessionRoute {
  readonly name: RouteName;
  readonly action: Exclude<AuthorizedAction, 'change-policy'>;
  /** The action that `authorize` is asked about, if it differs from `action`. */
  readonly asks?: 'change-policy';
  /** The route only concerns the actor, so `?user=` must not name another user. */
  readonly own?: true;
  readonly members?: readonly string[];
  run(request: RouteRequest): Promise<Answer>;
}

export const SESSION_ROUTES: readonly SessionRoute[] = [
  { name: 'GET /', action: 'list', run: listSessions },
  { name: 'POST /sign-out', action: 'sign-out', own: true, members: ['returnTo'], run: signOut },
  {
    name: 'POST /sign-out-others',
    action: 'sign-out-others',
    own: true,
    members: ['kinds', 'returnTo'],
    run: signOutOthers,
  },
  {
    name: 'POST /sign-out-everywhere',
    action: 'sign-out-everywhere',
    members: ['kinds', 'returnTo'],
    run: signOutEverywhere,
  },
  { name: 'GET /policy', action: 'policy', own: true, run: showPolicy },
  { name: 'PUT /policy', action: 'policy', asks: 'change-policy', own: true, members: ['signOut'], run: changePolicy },
  { name: 'DELETE /:sessionId', action: 'end', run: endSession },
  // HTML forms cannot send DELETE.
  { name: 'POST /:sessionId/sign-out', action: 'end', members: ['returnTo'], run: endSession },
];

/** Turns a `TypeError` about the client's input into a bad request. */
async function refusable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof TypeError) throw new RequestProblem(withoutCall(error));
    throw error;
  }
}

async function listSessions({ sessions, place, session, user, query }: RouteRequest): Promise<Answer> {
  const limit = query.get('limit');
  const request = {
    cursor: query.get('cursor'),
    limit: limit === null ? undefined : countOf(limit),
    ended: query.get('ended') === 'true',
  };
  const page = await refusable(() => sessions.list(scopeOf(session, user), request));
  // Attributes stay on the server: the app may keep confidential notes in them.
  const shown = async (listed: ListedSession): Promise<unknown> => {
    const { attributes: _attributes, federated: _federated, end, ...row } = listed;
    return {
      ...row,
      place: placeText(await place(listed)),
      end: end && shownEnd(sessions, end, user),
      current: row.id === session.id,
    };
  };
  return json({ sessions: await Promise.all(page.sessions.map(shown)), cursor: page.cursor });
}

function placeText(place: unknown): string | null {
  if (place === null || typeof place === 'string') return place;
  throw new TypeError(`place returned ${describeValue(place)}. Return a string or null, or a promise of one of these`);
}

/** Parses a count of digits. `Number` would accept empty text, spaces, and other notations. */
function countOf(digits: string): number {
  if (/^[0-9]{1,9}$/.test(digits)) return Number(digits);
  throw new RequestProblem('limit must be a number in digits, such as 20');
}

/**
 * Describes an end for the client. Hides which other user ended the session, from which device, and with which note.
 * The audit log has them.
 */
function shownEnd(sessions: Sessions, end: EndState, user: string): unknown {
  if (end.reason === 'expired') return { reason: end.reason, at: end.at, by: null, fromDevice: null, reasonCode: null };
  const mark = end.reason === 'ended' ? end.ended : end.revocation;
  const own = mark !== null && mark.by === user;
  return {
    reason: end.reason,
    at: mark?.at ?? null,
    by: own ? 'self' : (mark?.by ?? null) === null ? null : 'other',
    fromDevice: own ? mark.fromDevice : null,
    reasonCode: sessions.explain(end),
  };
}

async function showPolicy({ sessions, authorize, session }: RouteRequest): Promise<Answer> {
  return policyAnswer({ authorize, session }, await sessions.policy(session.account));
}

async function changePolicy({ sessions, authorize, session, body }: RouteRequest): Promise<Answer> {
  const { account, user, device } = session;
  if (account === null) throw new RequestProblem('this session belongs to no account');
  const by = { by: user, fromDevice: device.label };
  const { policy } = await refusable(() => sessions.setPolicy(account, body as unknown as Policy, by));
  return policyAnswer({ authorize, session }, policy);
}

async function policyAnswer(
  { session, authorize }: Pick<RouteRequest, 'authorize' | 'session'>,
  policy: Policy,
): Promise<Answer> {
  const { account, user } = session;
  const target = { user, account };
  const mayChange = account !== null && (await authorize({ actor: session, action: 'change-policy', target }));
  return json({ account, ...policy, mayChange });
}

/** Returns the sessions that the actor may act on. An administrator of one account has no rights in other accounts. */
function scopeOf(actor: Session, user: string): { readonly user: string; readonly account?: string } {
  return user === actor.user || actor.account === null ? { user } : { user, account: actor.account };
}

async function endSession(request: RouteRequest): Promise<Answer> {
  const { auth, sessions, session, user, id } = request;
  if (user === session.user && id === session.id) {
    const { ended, effectiveWithin } = await auth.signOut();
    return ended ? done(request, effectiveWithin) : problem('session-not-found');
  }
  const by = { by: session.user, reason: 'signed-out', fromDevice: session.device.label };
  const { ended, effectiveWithin } = await refusable(() => sessions.end(id, { ...scopeOf(session, user), ...by }));
  return ended ? done(request, effectiveWithin) : problem('session-not-found');
}

async function signOut(request: RouteRequest): Promise<Answer> {
  const { effectiveWithin } = await request.auth.signOut();
  return done(request, effectiveWithin);
}

async function signOutOthers(request: RouteRequest): Promise<Answer> {
  const { revoked, ...result } = await refusable(() => request.auth.signOutOthers(kindsOf(request.body)));
  if (!revoked) return noLongerLive(request);
  const { accessToken: next, refreshToken, expiresIn = 0, effectiveWithin } = result;
  // The app's old tokens are no longer valid.
  if (next === undefined) return done(request, effectiveWithin);
  const delay = effectiveWithin === 0 ? {} : { effectiveWithin };
  return accessToken({ accessToken: next, refreshToken, expiresIn }, request.auth.scope?.join(' ') || null, delay);
}

async function signOutEverywhere(request: RouteRequest): Promise<Answer> {
  const { auth, sessions, session, user, body } = request;
  const kinds = kindsOf(body);
  const attribution = { by: session.user, reason: 'signed-out-everywhere', fromDevice: session.device.label };
  const { revoked, effectiveWithin } = await refusable<Pick<RevokeResult, 'revoked' | 'effectiveWithin'>>(() =>
    user === session.user
      ? auth.signOutEverywhere(kinds)
      : sessions.revoke(scopeOf(session, user), { ...attribution, ...kinds }),
  );
  return revoked ? done(request, effectiveWithin) : noLongerLive(request);
}

function kindsOf({ kinds }: Members): { readonly kinds?: readonly string[] | 'all' } {
  if (kinds === undefined) return {};
  if (typeof kinds === 'string') return { kinds: kinds === 'all' ? kinds : [kinds] };
  if (Array.isArray(kinds)) return { kinds };
  throw new RequestProblem("kinds must be an array of kinds, or 'all'");
}

/** Answers that the actor's session was ended or renewed, by this request or by another one meanwhile. */
const noLongerLive = ({ auth: { request } }: RouteRequest): Answer =>
  request.hasBearer ? refuseToken(request) : problem('session-required', {}, challengesOf(request));

/** A program gets 204, or 200 with the delay if there is one. A form goes to its field `returnTo`, or to the login page. */
function done({ auth, exchange, body }: RouteRequest, effectiveWithin: number): Answer {
  const { hasBearer, settings } = auth.request;
  if (hasBearer || !isNavigation(exchange)) return effectiveWithin === 0 ? noContent() : json({ effectiveWithin });
  return seeOther(safeReturnPath(body.returnTo, settings.loginUrl(exchange) ?? '/'));
}
