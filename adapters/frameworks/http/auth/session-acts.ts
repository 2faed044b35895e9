import { nameCalls } from '../../../../src/adapter.ts';
import {
  type BuiltInTrigger,
  isSessionError,
  type RevokeRequest,
  type RevokeResult,
  type Scope,
  type Session,
  type SignOutResult,
  type TriggerRequest,
  type TriggerResult,
} from '../../../../src/index.ts';
import type { SignOutRequest, TriggerHttpRequest, WithoutToken } from './requests.ts';

/** The operations behind the acts: those of `sessions`, or those within a transaction. */
export interface ActOperations<EffectiveWithin extends number | null> {
  signOut(session: Session): Promise<SignOutResult<EffectiveWithin>>;
  revoke(scope: Scope, request: RevokeRequest): Promise<RevokeResult<EffectiveWithin>>;
  trigger(name: BuiltInTrigger, request: TriggerRequest): Promise<TriggerResult<EffectiveWithin>>;
}

/** The effect of an act on the session of its request. */
export type SessionOutcome =
  /** The session continues under a new token. */
  | { readonly is: 'renewed'; readonly session: Session; readonly token: string }
  /** `byThisRequest` is `false` if the session had ended before. */
  | { readonly is: 'ended'; readonly byThisRequest: boolean };

/** The request for which an act is done. */
export interface ActingRequest {
  /** Returns the live session or `null`. Throws for a request that may not change anything, and in an outage. */
  sessionToChange(): Session | null;
  /** True if the client's only token is no longer valid, and the session has no newer one for it. */
  readonly hasDeadToken: boolean;
  /** Returns the live session. Throws like {@link sessionToChange}, and without a session. `isEnded`: an earlier act has ended it. */
  requiredSession(isEnded?: boolean): Session;
  /** Rejects if the client could not receive a new token, or must not receive one. */
  ready(): Promise<void>;
  /** Gives the client its new token or removes the old one. Returns the part of the result that the client may see. */
  settle<Result extends object>(result: Result, outcome: SessionOutcome | null): Promise<WithoutToken<Result>>;
}

const byUser = ({ user, device }: Session) => ({ by: user, fromDevice: device.label });

/** The acts that end sessions. An `Auth` changes the client's cookie at once, an `AuthInTransaction` in its `committed()`. */
export class SessionActs<Trigger extends string = BuiltInTrigger, EffectiveWithin extends number | null = number> {
  readonly #operations: ActOperations<EffectiveWithin>;
  readonly #request: ActingRequest;

  /** @internal */
  constructor(operations: ActOperations<EffectiveWithin>, request: ActingRequest) {
    this.#operations = operations;
    this.#request = request;
  }

  /**
   * Ends this session and deletes its cookie. With the account policy `everywhere`, ends all sessions of the user in
   * the account. If the session has already ended, only deletes the cookie. Does nothing without a cookie, and if the
   * session continues under a newer cookie.
   */
  async signOut(): Promise<SignOutResult<EffectiveWithin>> {
    const session = this.#request.sessionToChange();
    if (session === null) {
      if (this.#request.hasDeadToken) await this.#request.settle({}, { is: 'ended', byThisRequest: true });
      return { ended: false, everywhere: false, effectiveWithin: 0 as EffectiveWithin };
    }
    const result = await this.#operations.signOut(session);
    await this.#request.settle({}, { is: 'ended', byThisRequest: result.ended });
    return result;
  }

  /**
   * Ends every other session of this user. This session gets a new secret and a new cookie. Does nothing if this
   * session has ended.
   * @param request the kinds to end, and the reason and note for the audit log. Default: all kinds that a revocation
   * ends.
   * @throws `SESSION_INSUFFICIENT_SCOPE` for an access token that may do less than its session.
   */
  async signOutOthers(request: SignOutRequest = {}): Promise<WithoutToken<RevokeResult<EffectiveWithin>>> {
    const session = this.#request.requiredSession();
    await this.#request.ready();
    const result = await this.#operations.revoke(
      { user: session.user },
      { ...request, reason: request.reason ?? 'signed-out-others', keep: session, ...byUser(session) },
    );
    return this.#request.settle(result, renewed(result));
  }

  /**
   * Ends the user's sessions of the given `kinds`, or of all kinds that a revocation ends. If this session is among
   * them, the cookie is deleted. Does nothing if this session ends meanwhile.
   * @param request the kinds to end, and the reason and note for the audit log. Default: all kinds that a revocation
   * ends.
   * @throws `SESSION_REQUIRED` without a live session.
   */
  async signOutEverywhere(request: SignOutRequest = {}): Promise<WithoutToken<RevokeResult<EffectiveWithin>>> {
    const session = this.#request.requiredSession();
    const result = await this.#operations.revoke(
      { user: session.user },
      { ...request, reason: request.reason ?? 'signed-out-everywhere', ifLive: session, ...byUser(session) },
    );
    const survives = result.revoked && result.kept !== null;
    return this.#request.settle(result, survives ? null : { is: 'ended', byThisRequest: result.revoked });
  }

  /**
   * Reports an event that concerns this user, such as `passwordChanged`, and revokes sessions by the option `triggers`.
   * Under the rule `others` this session continues with a new secret. Under `everywhere` it ends with the rest. If this
   * session has ended, or the request has an access token that may do less than its session, all sessions are revoked.
   * @param name a built-in trigger, or one of the option `triggers`. Another name is a `TypeError`.
   * @param request the account that the event concerns, and the reason and note for the audit log. Default: all
   * accounts.
   */
  async trigger(
    name: Trigger | BuiltInTrigger,
    request: TriggerHttpRequest = {},
  ): Promise<WithoutToken<TriggerResult<EffectiveWithin>>> {
    const session = this.#request.requiredSession();
    const keep = (await this.#mayKeep()) ? session : undefined;
    const about = { ...request, user: session.user, by: session.user, keep };
    // The trigger's name may be unknown. The operation then refuses it.
    const result = await this.#operations.trigger(name as BuiltInTrigger, about);
    const isEnded = result.revoked && result.kept === null;
    return this.#request.settle(
      result,
      isEnded ? { is: 'ended', byThisRequest: result.notKept !== 'not-live' } : renewed(result),
    );
  }

  /** Tells whether the session may be kept. A client that must not get the new secret may report the event all the same. */
  async #mayKeep(): Promise<boolean> {
    try {
      await this.#request.ready();
      return true;
    } catch (error) {
      if (isSessionError(error, 'SESSION_INSUFFICIENT_SCOPE')) return false;
      throw error;
    }
  }
}

const renewed = ({ kept: session, token }: RevokeResult<number | null>): SessionOutcome | null =>
  session === null || token === null ? null : { is: 'renewed', session, token };

/** Puts the name of the call before the messages of errors. */
export const nameActs = (prototype: SessionActs<BuiltInTrigger, number | null>, receiver: string): void =>
  nameCalls(prototype, {
    signOut: `${receiver}.signOut()`,
    signOutOthers: `${receiver}.signOutOthers()`,
    signOutEverywhere: `${receiver}.signOutEverywhere()`,
    trigger: `${receiver}.trigger(name)`,
  });
