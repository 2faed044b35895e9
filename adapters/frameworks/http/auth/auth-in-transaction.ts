import { nameCalls } from '../../../../src/adapter.ts';
import type { BuiltInTrigger, InTransaction, Session } from '../../../../src/index.ts';
import type { IssuedTokens } from '../options/bearer.ts';
import type { WithoutToken } from './requests.ts';
import { type ActingRequest, nameActs, SessionActs, type SessionOutcome } from './session-acts.ts';

/**
 * The acts of {@link Auth} within a transaction of the app: see {@link Auth.within}. They leave the client's cookie as
 * it is until {@link committed} is called after COMMIT.
 */
export class AuthInTransaction<Trigger extends string = BuiltInTrigger> extends SessionActs<Trigger, number | null> {
  readonly #within: InTransaction<Trigger>;
  readonly #request: UncommittedRequest;

  /** @internal */
  constructor(within: InTransaction<Trigger>, request: ActingRequest) {
    const uncommitted = new UncommittedRequest(request);
    super(within, uncommitted);
    this.#within = within;
    this.#request = uncommitted;
  }

  /**
   * Tells whether the transaction was committed, like {@link InTransaction.committed}. If so, sets the cookie of a
   * session that continues and deletes the cookie of an ended session. Call it after COMMIT, even after a failed one,
   * once the connection was given back and before the response's headers are sent.
   * @returns `false` after a rollback. The client keeps its cookie, which is still valid.
   * @throws `SESSION_STORE_UNAVAILABLE` if the store cannot tell. No cookie is changed; call it again.
   * @throws `TypeError` if the headers are sent. The transaction was committed, and the client of a renewed session has
   * lost it.
   */
  async committed(): Promise<boolean> {
    if (!(await this.#within.committed())) return false;
    await this.#request.deliver();
    return true;
  }

  /**
   * Reads how long after the commit a process may still accept what the acts ended, in ms, like
   * {@link InTransaction.effectiveWithin}. In the results of the acts, `effectiveWithin` is `null`, because the time
   * counts from the commit.
   * @throws `TypeError` before {@link committed} has returned `true`.
   */
  effectiveWithin(): Promise<number> {
    return this.#within.effectiveWithin();
  }

  /**
   * New tokens for an app that sent an access token, to be sent in the response body. The app's old tokens are no longer valid. `null`
   * before {@link committed} has returned `true`, for an ended session, and for a request with a cookie.
   */
  get tokens(): IssuedTokens | null {
    return this.#request.tokens;
  }
}

nameActs(AuthInTransaction.prototype, 'authOf(request).within(transaction)');
nameCalls(AuthInTransaction.prototype, { committed: 'authOf(request).within(transaction).committed()' });

/** Holds back the outcome of the acts until COMMIT. */
class UncommittedRequest implements ActingRequest {
  readonly #request: ActingRequest;
  #outcome: SessionOutcome | null = null;
  #isDelivered = true;
  #tokens: IssuedTokens | null = null;

  constructor(request: ActingRequest) {
    this.#request = request;
  }

  get tokens(): IssuedTokens | null {
    return this.#tokens;
  }

  get hasDeadToken(): boolean {
    return this.#request.hasDeadToken;
  }

  sessionToChange(): Session | null {
    const session = this.#request.sessionToChange();
    return this.#isEnded ? null : this.#latest(session);
  }

  requiredSession(): Session {
    return this.#latest(this.#request.requiredSession(this.#isEnded));
  }

  ready(): Promise<void> {
    return this.#request.ready();
  }

  settle<Result extends object>(result: Result, outcome: SessionOutcome | null): Promise<WithoutToken<Result>> {
    if (outcome !== null) {
      this.#outcome = outcome;
      this.#isDelivered = false;
    }
    return this.#request.settle(result, null);
  }

  async deliver(): Promise<void> {
    if (this.#isDelivered) return;
    const tokens = await this.#request.settle({}, this.#outcome);
    this.#tokens = isIssued(tokens) ? tokens : null;
    this.#isDelivered = true;
  }

  get #isEnded(): boolean {
    return this.#outcome?.is === 'ended';
  }

  /** Returns the session as the last act has left it. A second act needs the secret that the first one has set. */
  #latest<Found extends Session | null>(session: Found): Found | Session {
    return this.#outcome?.is === 'renewed' ? this.#outcome.session : session;
  }
}

const isIssued = (tokens: Partial<IssuedTokens>): tokens is IssuedTokens => tokens.accessToken !== undefined;
