import type { ListedSession, Session } from '../../../../src/index.ts';
import type { RecentSignInOptions } from '../guard.ts';

/** The actions of the routes. */
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

/** An action that `authorize` decides about. */
export type AuthorizedAction = Exclude<RouteAction, 'refresh' | 'token' | 'keys'> | 'change-policy';

/** A question to `authorize`. */
export interface AuthorizeRequest {
  /** Session of the request. */
  readonly actor: Session;
  /** The action that the request asks for. */
  readonly action: AuthorizedAction;
  /**
   * The user whose sessions the action concerns. Sessions of another user are listed and ended only in the actor's own
   * `account`; the actor's own sessions in all accounts. A policy is that of the account. `null`: the actor's session
   * has no account, and the action reaches the user's sessions in every account.
   */
  readonly target: {
    /** The app's id of the user. */
    readonly user: string;
    /** The account (tenant), or `null`. */
    readonly account: string | null;
  };
}

/** Options of `sessionRoutes`, in every framework. */
export interface SessionRoutesOptions {
  /**
   * Decides whether the actor may do this: `true` or `false`. Any other value, even a truthy one, is a `TypeError`, and
   * nothing is done. Default: users act on their own sessions, and cannot change a policy. `?user=` names another user.
   * @param request the actor, the action and its target.
   */
  readonly authorize?: ((request: AuthorizeRequest) => boolean | Promise<boolean>) | undefined;
  /** Required for ending *other* sessions and for changing a policy (ASVS 7.5.2). Default: a session is enough. */
  readonly recentSignIn?: RecentSignInOptions | undefined;
  /** The routes that exist; any other one answers like an unknown path. Default: all. */
  readonly actions?: readonly RouteAction[] | undefined;
  /**
   * Scopes that an access token needs for all routes except `sign-out`, such as `'sessions'`. Default: a token with any
   * scope is refused, because it was issued for another purpose.
   */
  readonly scope?: string | undefined;
  /**
   * Names the place where a session started, such as `Cologne`, for the list and the card; `null` if unknown. Called
   * once per row, and may return a promise. The library looks up no address: pass `device.ip` to your own database. An
   * error goes to the app's error handler, so return `null` for a failed lookup. Any other value is a `TypeError`.
   * Default: `null` for every session.
   * @param session a row of the list. `device.ip` is `null` if the address is unknown.
   */
  readonly place?: ((session: ListedSession) => string | null | Promise<string | null>) | undefined;
}

export type Authorize = NonNullable<SessionRoutesOptions['authorize']>;
export type Place = NonNullable<SessionRoutesOptions['place']>;
