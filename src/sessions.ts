import { type Core, coreOf, keepCore } from './core/context.ts';
import type { BuiltInTrigger } from './core/trigger-rules.ts';
import type { Verdict } from './core/verdict.ts';
import type { SessionEventType, SessionListener } from './events/event-types.ts';
import { detached, nameCalls, named } from './lib/call.ts';
import type { Clock } from './lib/clock.ts';
import { markMade } from './lib/copies.ts';
import type { AttributionRequest } from './model/attribution.ts';
import type { FederatedLogout } from './model/federated.ts';
import type { Policy } from './model/policy.ts';
import { codeOf, markOf, REASON_CODES } from './model/reason.ts';
import type { Scope } from './model/scope.ts';
import type { EndState, Session } from './model/session.ts';
import { type AuditRequest, type AuditResult, readAudit } from './operations/audit.ts';
import { CHECK, type CheckRequest, Checks } from './operations/check.ts';
import { type EndRequest, type EndResult, end } from './operations/end.ts';
import { type EndIdleRequest, type EndIdleResult, endIdle, type IdleScope } from './operations/end-idle.ts';
import { type EndFederatedResult, endFederated } from './operations/federated.ts';
import { type FenceRequest, fence, type IssuerFenceRequest } from './operations/fence.ts';
import { type ForgetRequest, type ForgetResult, forgetUser } from './operations/forget-user.ts';
import { type Health, health } from './operations/health.ts';
import { type ListRequest, type ListResult, type ListScope, list } from './operations/list.ts';
import { type PolicyResult, readPolicy, setPolicy } from './operations/policy.ts';
import { type PruneRequest, type PruneResult, type PruningSchedule, prune, startPruning } from './operations/prune.ts';
import { type ReauthenticateRequest, reauthenticate } from './operations/reauthenticate.ts';
import { type RenewRequest, type RenewResult, renew } from './operations/renew.ts';
import { type Review, type ReviewRequest, review } from './operations/review.ts';
import { type RevokeRequest, type RevokeResult, revoke } from './operations/revoke.ts';
import { type SignOutResult, signOut } from './operations/sign-out.ts';
import { type SignalOwner, Signals } from './operations/signal.ts';
import { type StartRequest, type StartResult, start } from './operations/start.ts';
import { resume, type SuspendRequest, suspend } from './operations/suspend.ts';
import { type TriggerRequest, type TriggerResult, trigger } from './operations/trigger.ts';
import { InTransaction } from './operations/within.ts';

/**
 * Manages the sessions of one realm. {@link createSessions} creates it. {@link Sessions.fence} shows a sign-in, and
 * {@link Sessions.revoke} a sign-out everywhere. Every method that asks the store may throw
 * `SESSION_STORE_UNAVAILABLE` where the store gave no answer. That is an outage and never means "signed out". Misuse
 * throws a `TypeError`.
 */
export class Sessions<Trigger extends string = BuiltInTrigger, Transaction = never> {
  readonly #core: Core;
  readonly #checks: Checks;
  readonly #signals: Signals;
  readonly #codes: ReadonlySet<string>;
  readonly #pruners = new Set<() => void>();

  /** @internal */
  constructor(core: Core) {
    keepCore(this, core);
    this.#core = core;
    this.#checks = new Checks(core);
    this.#signals = new Signals(core);
    this.#codes = new Set([...REASON_CODES, ...[...core.settings.triggers.keys()].map(codeOf)]);
  }

  /**
   * The realm that this object serves.
   * @category Operation
   */
  get realm(): string {
    return this.#core.settings.realm;
  }

  /**
   * Creates or upgrades the store's tables. At startup, it also shows whether the store answers. Embedded stores do
   * this by themselves on first use.
   * @category Operation
   */
  async setup(): Promise<void> {
    await this.#core.store.setup?.();
    await this.#core.freshness?.setup();
  }

  /**
   * The clock of this realm.
   * @category Operation
   */
  get clock(): Clock {
    return this.#core.settings.clock;
  }

  /**
   * Begins a sign-in and returns a fence, a text to hand to {@link start}. Call it *before* the credentials are
   * checked. In OpenID Connect the user is known only later: call it as soon as the user is known, before the user's
   * row is read. A fence lives for 3 hours and must stay on the server. Taking one never refuses a sign-in.
   *
   * In OpenID Connect, take a second fence of the provider, by `fence({ issuer })`, before the user is sent there. It goes
   * into `federated` of {@link start}: see {@link endFederated}.
   * @param request the user who signs in, and the account that the session will be in; or the provider.
   * @example
   * ```ts
   * const fence = await sessions.fence({ user: 'ann' });
   * if (!(await passwordIsRight('ann', password))) throw new Error('wrong password');
   * const started = await sessions.start({ user: 'ann', fence, userAgent, ip, amr: ['pwd'] });
   * if (!started.ok) throw new Error(started.reason);
   * const { token } = started; // for the client's cookie only
   * ```
   * @category Sessions
   */
  async fence(request: FenceRequest | IssuerFenceRequest): Promise<string> {
    return fence(this.#core, request);
  }

  /**
   * Starts a session for a user whose credentials were checked after the fence was taken. Refuses with the reason
   * `'superseded'` where a revocation came after the fence: sign in again. `'suspended'` is a suspended scope.
   * `'limit'` means that the user has too many sessions (option `limit`).
   * @param request the user, the fence, and what is known of the client and the authentication.
   * @category Sessions
   */
  async start(request: StartRequest): Promise<StartResult> {
    return start(this.#core, request);
  }

  /**
   * Checks a token. Never throws for anything that a client sent. Reads the store once, unless memory is fresh enough to
   * accept (option `freshness`), and writes the last use afterwards. The client's details do not affect the verdict:
   * they are watched for signs of an attack, and the event of a refusal carries them.
   * @param token the client's token, as it came. `null` and `undefined` are refused as `'malformed'`.
   * @param request the client, for events; `maxStaleness`, to ask for younger knowledge than the option `freshness`
   * does.
   * @example
   * ```ts
   * const verdict = await sessions.check('the token from the cookie');
   * const user = verdict.ok ? verdict.session.user : null;
   * ```
   * @category Sessions
   */
  check(token: string | null | undefined, request?: CheckRequest): Promise<Verdict> {
    // Not `async`: that would wrap the promise of the verdict in a second promise.
    try {
      return Promise.resolve(this.#checks.check(token, request));
    } catch (error) {
      return Promise.reject(named(CHECK, this === undefined ? detached() : error));
    }
  }

  /**
   * Returns the reason code for the end of a session: a code of this library, or that of one of the app's triggers.
   * Codes are safe to show to users. Returns `null` for an administrator's own words, which are for the audit log only.
   * @param end the `end` of a refused verdict or of a list's row.
   * @example
   * ```ts
   * const verdict = await sessions.check('the token from the cookie');
   * const code = verdict.ok ? null : sessions.explain(verdict.end); // such as 'password-changed'
   * ```
   * @category Sessions
   */
  explain(end: EndState | null): string | null {
    const reason = markOf(end)?.reason ?? null;
    return reason !== null && this.#codes.has(reason) ? reason : null;
  }

  /**
   * Returns a page of the living sessions of a user, or of a member, newest first. With `ended: true` it includes
   * sessions that are over, with the reason, until they are pruned. A page may be short: continue while `cursor` is not
   * `null`.
   * @param scope the user, and optionally one account.
   * @param request the page: `limit` (1 to 1,000, default 100), `cursor`, and `ended`.
   * @example
   * ```ts
   * const page = await sessions.list({ user: 'ann' }, { limit: 20 });
   * for (const { id, device, lastUsedAt } of page.sessions) console.log(id, device.label, new Date(lastUsedAt));
   * ```
   * @category Sessions
   */
  async list(scope: ListScope, request: ListRequest = {}): Promise<ListResult> {
    return list(this.#core, scope, request);
  }

  /**
   * Ends one session of a user.
   * @param id the session's public id, from a list.
   * @param request the session's user, and who ends it. The id of another user's session ends nothing.
   * @example
   * ```ts
   * const { ended } = await sessions.end('the id from a list', { user: 'ann', by: 'admin' });
   * ```
   * @category Sessions
   */
  async end(id: string, request: EndRequest): Promise<EndResult> {
    return end(this.#core, id, request);
  }

  /**
   * Ends the sessions that began from a session or a user at an identity provider (`federated` of {@link start}), because
   * they were logged out there. A sign-in from before that logout which is still under way is refused, too. Receivers of
   * logouts call this. An unknown session or user is no error: it is remembered for 4 hours.
   * @param logout the provider, and what ended there: `sid` for one session, or `sub` for all of the user's.
   * @param request who does it, why, and a note. The default of `reason` is `'signed-out-at-provider'`.
   * @example
   * ```ts
   * const issuer = 'https://id.example.org';
   * const fence = await sessions.fence({ issuer }); // before the user is sent to the provider
   * // … and when the user is back, with an ID token:
   * const federated = { issuer, sid: 'sid of the ID token', sub: 'sub of the ID token', fence };
   * await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }), federated });
   * // … and when the provider says that this session is over:
   * const { ended } = await sessions.endFederated({ issuer, sid: 'sid of the ID token' });
   * ```
   * @category Revocation
   */
  async endFederated(logout: FederatedLogout, request: AttributionRequest = {}): Promise<EndFederatedResult> {
    return endFederated(this.#core, logout, request);
  }

  /**
   * Signs out. Ends this session, or, where the account's {@link Policy} says `everywhere`, all of the user's sessions
   * in the account, of every kind. Does nothing where the session is already over.
   * @param session a session that was checked or started, not a row of a list.
   * @param request who does it, why, and a note, for the audit log.
   * @example
   * ```ts
   * await sessions.signOut(session, { by: session.user });
   * ```
   * @category Sessions
   */
  async signOut(session: Session, request: AttributionRequest = {}): Promise<SignOutResult> {
    return signOut(this.#core, session, request);
  }

  /**
   * Ends every session that the scope covers, in one write. The scope is `{ user }`, `{ user, account }` (a member),
   * `{ account }` or `{ realm: true }`. The session in `keep` stays. The session in `ifLive` ends with the others. If
   * either of them is over, nothing is revoked and the result says so: a request from a signed-out client must not sign
   * out others.
   * @param scope the sessions to cover: `{ user }`, `{ user, account }`, `{ account }` or `{ realm: true }`.
   * @param request the session to keep, the kinds, who does it and why, or `dryRun`.
   * @example
   * ```ts
   * await sessions.revoke({ user: 'ann' }, { by: 'admin', reason: 'offboarding' }); // everywhere
   * const others = await sessions.revoke({ user: 'ann' }, { keep: session }); // all but this one
   * const token = others.token; // the new token of the session that stays
   * ```
   * @category Revocation
   */
  async revoke(scope: Scope, request: RevokeRequest = {}): Promise<RevokeResult> {
    return revoke(this.#core, scope, request);
  }

  /**
   * Applies the rule that the option `triggers` has for this change to a user, such as a new password. Call it *after*
   * the change took effect, or commit both in one transaction ({@link Sessions.within}). Where the session in `keep` is
   * over, all sessions are revoked.
   * @param name a built-in trigger, or one of the option `triggers`.
   * @param request the user, the account, the session to keep, who does it and why, or `dryRun`.
   * @example
   * ```ts
   * await users.setPassword('ann', password);
   * const { token } = await sessions.trigger('passwordChanged', { user: 'ann', keep: session });
   * ```
   * @category Policies and triggers
   */
  async trigger(name: Trigger | BuiltInTrigger, request: TriggerRequest): Promise<TriggerResult> {
    return trigger(this.#core, name, request);
  }

  /**
   * Revokes all kinds of sessions of the scope, and refuses new sign-ins until {@link resume}.
   * @param scope the sessions to cover: `{ user }`, `{ user, account }`, `{ account }` or `{ realm: true }`.
   * @param request who does it, why, a note, or `dryRun`.
   * @example
   * ```ts
   * await sessions.suspend({ user: 'ann' }, { by: 'admin', reason: 'account under review' });
   * await sessions.resume({ user: 'ann' }, { by: 'admin' });
   * ```
   * @category Revocation
   */
  async suspend(scope: Scope, request: SuspendRequest = {}): Promise<RevokeResult> {
    return suspend(this.#core, scope, request);
  }

  /**
   * Allows sign-ins of a suspended scope again. Sign-ins that began during the suspension stay refused. Where the scope
   * is not suspended, nothing is done and the result says so.
   * @param scope the scope that was suspended.
   * @param request who does it, why, and a note.
   * @category Revocation
   */
  async resume(scope: Scope, request: SuspendRequest = {}): Promise<RevokeResult> {
    return resume(this.#core, scope, request);
  }

  /**
   * Returns the policy of an account. Pass `null` for sessions without an account.
   * @param account the account, or `null`.
   * @category Policies and triggers
   */
  async policy(account: string | null): Promise<Policy> {
    return readPolicy(this.#core, account);
  }

  /**
   * Sets the policy of an account. Needs the option `policy: 'stored'`. The policy applies from the next sign-out on.
   * @param account the account.
   * @param policy the new policy.
   * @param request who does it, why, and a note, for the audit log.
   * @example
   * ```ts
   * await sessions.setPolicy('acme', { signOut: 'everywhere' }, { by: 'admin' });
   * ```
   * @category Policies and triggers
   */
  async setPolicy(account: string, policy: Policy, request: AttributionRequest = {}): Promise<PolicyResult> {
    return setPolicy(this.#core, account, policy, request);
  }

  /**
   * Ends every session of an account or a user that was not used for the time `unusedFor`.
   * @param scope the account or the user, and the time without a use.
   * @param request who does it, why, a note, or `dryRun`.
   * @example
   * ```ts
   * const { ended } = await sessions.endIdle({ account: 'acme', unusedFor: '30d' }, { by: 'cron' });
   * ```
   * @category Revocation
   */
  async endIdle(scope: IdleScope, request: EndIdleRequest = {}): Promise<EndIdleResult> {
    return endIdle(this.#core, scope, request);
  }

  /**
   * Returns a page of an account's members, with the facts that help to decide whom to sign out.
   * @param request the account, the time after which a session counts as idle, a function that gives the roles of a
   * user, and the page.
   * @example
   * ```ts
   * const { members } = await sessions.review({ account: 'acme', roles: rolesOf });
   * const atRisk = members.filter(({ secondFactor }) => !secondFactor);
   * ```
   * @category Audit and review
   */
  async review(request: ReviewRequest): Promise<Review> {
    return review(this.#core, request);
  }

  /**
   * Revokes all sessions of a user, and erases the personal data, also from the audit log. The generations stay, so
   * that old tokens stay refused. Call it when the user can no longer sign in.
   * @param user the user.
   * @param request who does it, why, a note, or `dryRun`.
   * @example
   * ```ts
   * await sessions.forgetUser('ann', { by: 'admin', reason: 'account closed' });
   * ```
   * @category Revocation
   */
  async forgetUser(user: string, request: ForgetRequest = {}): Promise<ForgetResult> {
    return forgetUser(this.#core, user, request);
  }

  /**
   * Returns a page of the audit log in the store, newest entries first. Needs the option `audit`.
   * @param request filters (`user`, `account`, `by`, `types`, `since`, `until` in Unix ms), and the page. Default: the
   * newest 100 entries.
   * @example
   * ```ts
   * const { entries } = await sessions.audit({ user: 'ann', types: ['sessions.revoked'], limit: 20 });
   * ```
   * @category Audit and review
   */
  async audit(request: AuditRequest = {}): Promise<AuditResult> {
    return readAudit(this.#core, request);
  }

  /**
   * Gives a session a new secret. The old token is refused from now on, and the expiry stays. It can also set new
   * attributes or, with a fence, switch to another account. Call it when the user's privileges change.
   * @param session a session that was checked or started, not a row of a list.
   * @param request the changes. Default: a new secret only.
   * @example
   * ```ts
   * const renewed = await sessions.renew(session, { attributes: { role: 'admin' } });
   * const token = renewed.ok ? renewed.token : null; // for the client's cookie only
   * ```
   * @category Sessions
   */
  async renew(session: Session, request: RenewRequest = {}): Promise<RenewResult> {
    return renew(this.#core, this.#signals, session, request);
  }

  /**
   * Records that the same user has authenticated again. The session gets a new secret, authentication time and absolute
   * lifetime (ASVS 7.2.4).
   * @param session a session that was checked or started, not a row of a list.
   * @param request a fence that was taken before the credentials were checked, and the methods that were proved.
   * @example
   * ```ts
   * const fence = await sessions.fence({ user: session.user });
   * if (!(await passwordIsRight(session.user, password))) throw new Error('wrong password');
   * const renewed = await sessions.reauthenticate(session, { fence, amr: ['pwd'] });
   * ```
   * @category Sessions
   */
  async reauthenticate(session: Session, request: ReauthenticateRequest): Promise<RenewResult> {
    return reauthenticate(this.#core, session, request);
  }

  /**
   * Returns a signal that fires when the session is over, for what outlives a request: WebSockets, event streams, jobs.
   * Its `reason` is a `SessionError`: `SESSION_OVER`, with `cause: { reason, end }` as in a refused verdict, or
   * `SESSION_STORE_UNAVAILABLE` after a long outage (option `signal`). A renewal of the session's secret fires it, too,
   * as `'superseded'`: the holder of the old secret must not stay connected. `renew(session, { keepSignals: true })` does
   * not.
   *
   * This process tells at once what it ended itself. What another process ended, and an expiry, fire the signal within
   * the option `signal.every`.
   * @param session the session of the request that opened the connection.
   * @param owner what the signal belongs to: a WebSocket, a request, a response, or an `AbortSignal`. The library lets
   * go of the signal when it closes. Without that, each connection would leave something behind.
   * @throws `TypeError` if `owner` is none of these.
   * @example
   * ```ts
   * app.get('/events', requireSession(), (request, response) => {
   *   const signal = sessions.signal(sessionOf(request), response);
   *   signal.addEventListener('abort', () => response.end());
   * });
   * ```
   * @category Sessions
   */
  signal(session: Session, owner: SignalOwner): AbortSignal {
    return this.#signals.signal(session, owner);
  }

  /**
   * Calls a listener for every event of this name in this process. An error in the listener does not fail the
   * operation.
   * @param type the name of the event.
   * @param listener receives the event. Its promise, if it returns one, is not awaited.
   * @returns a function that removes the listener.
   * @example
   * ```ts
   * const stop = sessions.on('session.suspicious', ({ sign, user, device }) => {
   *   console.warn(sign, user, device?.label);
   * });
   * ```
   * @category Events
   */
  on<Type extends SessionEventType>(type: Type, listener: SessionListener<Type>): () => void {
    return this.#core.events.on(type, listener);
  }

  /**
   * Removes sessions that were over for longer than the retention, and records and log entries that are no longer
   * needed. Works in bounded batches. Several processes may prune at the same time.
   * @param request `progress`, which is called after each batch.
   * @example
   * ```ts
   * const { sessions: removed } = await sessions.prune({ progress: (soFar) => console.log(soFar) });
   * ```
   * @category Operation
   */
  async prune(request: PruneRequest = {}): Promise<PruneResult> {
    return prune(this.#core, request);
  }

  /**
   * Prunes at intervals in the background, with jitter. Its timer does not keep the process alive.
   * @param request the mean interval, `every`. Default 1 hour.
   * @returns a function that stops the pruning.
   * @category Operation
   */
  startPruning(request: PruningSchedule = {}): () => void {
    const stop = startPruning(this.#core, request);
    this.#pruners.add(stop);
    return () => {
      stop();
      this.#pruners.delete(stop);
    };
  }

  /**
   * Asks the store one small question, for a readiness probe, and tells what this process knows. Takes no longer than
   * the option `timeout`, and never throws for an outage: then `ok` is false.
   * @example
   * ```ts
   * app.get('/ready', async (_request, response) => {
   *   const health = await sessions.health();
   *   response.status(health.ok ? 200 : 503).json(health);
   * });
   * ```
   * @category Operation
   */
  async health(): Promise<Health> {
    return health(this.#core);
  }

  /**
   * Returns the operations that end sessions, as part of a transaction that the caller began and will commit. A new
   * password and the revocation then take effect together, or not at all. The type of `transaction` is that of the
   * store's database client. Listeners receive no event before {@link InTransaction.committed}.
   * @param transaction the open transaction, as the store's client represents it.
   * @throws `SESSION_STORE_LACKS_POWER` where the store has no transactions (SQLite, Redis, memory: there the type is
   * `never`). `TypeError` for a value that cannot be a transaction. Each operation throws `SESSION_STORE_UNSAFE` where
   * no transaction is open, or where it sees a snapshot that is too old to decide by.
   * @example
   * ```ts
   * import { createSessions } from 'session-revocation';
   * import { postgresStore } from 'session-revocation/postgres';
   * import pg from 'pg';
   *
   * const pool = new pg.Pool();
   * const shop = createSessions({ store: postgresStore(pool) });
   * const client = await pool.connect();
   * await client.query('BEGIN');
   * await client.query('UPDATE users SET password_hash = $1 WHERE id = $2', ['the new hash', 'ann']);
   * const within = shop.within(client);
   * await within.trigger('passwordChanged', { user: 'ann' });
   * await client.query('COMMIT'); // docs/transactions.md shows what to do if this fails
   * client.release();
   * await within.committed();
   * ```
   * @category Revocation
   */
  within(transaction: Transaction): InTransaction<Trigger> {
    return new InTransaction(this.#core, transaction);
  }

  /**
   * Closes these sessions and the store. Operations under way finish. Later ones are refused with
   * `SESSION_STORE_UNAVAILABLE`. Pruning stops after its batch. Noted uses and log entries are written. A store that
   * several realms share is closed for all of them. Call it when the server takes no more requests, before the database
   * client is closed.
   * @category Operation
   */
  async close(): Promise<void> {
    const { activity, anomalies, announcer, touches, log, store } = this.#core;
    this.#signals.close();
    activity.close();
    for (const stop of this.#pruners) stop();
    this.#pruners.clear();
    await activity.idle();
    await anomalies.settled();
    await touches.settled();
    await log?.close();
    await announcer?.close();
    // A second realm on the same store may still be writing its notes.
    await activity.idle();
    await store.close?.();
  }
}

markMade(Sessions.prototype);

// `check` adds its name to errors itself, to create no extra promise.
nameCalls(
  Sessions.prototype,
  {
    setup: 'sessions.setup()',
    fence: 'sessions.fence({ user })',
    start: 'sessions.start({ user, fence })',
    list: 'sessions.list({ user })',
    end: 'sessions.end(id, { user })',
    endFederated: 'sessions.endFederated({ issuer, sid })',
    signOut: 'sessions.signOut(session)',
    revoke: 'sessions.revoke(scope)',
    trigger: 'sessions.trigger(name, { user })',
    suspend: 'sessions.suspend(scope)',
    resume: 'sessions.resume(scope)',
    policy: 'sessions.policy(account)',
    setPolicy: 'sessions.setPolicy(account, policy)',
    endIdle: 'sessions.endIdle({ user, unusedFor })',
    review: 'sessions.review({ account })',
    forgetUser: 'sessions.forgetUser(user)',
    audit: 'sessions.audit()',
    renew: 'sessions.renew(session)',
    reauthenticate: 'sessions.reauthenticate(session, { fence })',
    prune: 'sessions.prune()',
  },
  (sessions, run) => coreOf(sessions).activity.run(run),
);

nameCalls(Sessions.prototype, {
  on: 'sessions.on(event, listener)',
  signal: 'sessions.signal(session, owner)',
  startPruning: 'sessions.startPruning({ every })',
  health: 'sessions.health()',
  within: 'sessions.within(transaction)',
  close: 'sessions.close()',
});
