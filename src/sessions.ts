import { Adoption } from './adopt.ts';
import { AuditLog } from './audit.ts';
import { AUDIT_KEYS, type AuditRequest, type AuditResult, readAudit } from './audit-query.ts';
import { BY_KEYS, type By, parseCause } from './cause.ts';
import { Checks, type Verdict } from './check.ts';
import { type Clock, timeOf } from './clock.ts';
import { type Core, identify, kindSettings, powerOf } from './core.ts';
import { type EndRequest, type EndResult, end, type SignOutResult, signOut } from './end.ts';
import { Events, type SessionEventDetails, type SessionEventType, type SessionListener } from './events.ts';
import { type ForgetRequest, type ForgetResult, forgetUser } from './forget.ts';
import { type EndIdleRequest, type EndIdleResult, endIdle, type IdleScope } from './idle.ts';
import { claimed, parseArguments, parseSwitch, parseText } from './input.ts';
import { type Duration, parseDuration } from './lifetime.ts';
import { LIST_KEYS, type ListRequest, type ListResult, list } from './list.ts';
import { Notes } from './notes.ts';
import { parseOptions, type SessionsOptions } from './options.ts';
import { type Policy, type PolicyResult, policyOf, setPolicy } from './policy.ts';
import type { AuditRecord } from './powers.ts';
import { type PruneRequest, type PruneResult, prune, startPruning } from './pruner.ts';
import { codeOf, markOf, REASON_CODES } from './reason.ts';
import {
  REAUTHENTICATE_KEYS,
  RENEW_KEYS,
  type ReauthenticateRequest,
  type RenewRequest,
  type RenewResult,
  reauthenticate,
  renew,
} from './renew.ts';
import { type Review, type ReviewRequest, review } from './review.ts';
import { type Order, parseScope, type RevokeResult, revoke, type Scope } from './revocation.ts';
import type { Over, Session, SessionDevice } from './session.ts';
import {
  FENCE_KEYS,
  type FenceRequest,
  fence,
  START_KEYS,
  type StartRequest,
  type StartResult,
  start,
} from './start.ts';
import type { Awaitable, Touch } from './store.ts';
import { guardStore } from './store-guard.ts';
import { type Client, Suspicion } from './suspicion.ts';
import { parseToken, realmTag } from './token.ts';
import { InTransaction } from './transaction.ts';
import { type BuiltInTrigger, type TriggerRequest, type TriggerResult, trigger } from './triggers.ts';

/** Options of {@link Sessions.revoke}. */
export interface RevokeRequest extends By {
  /** Only these kinds, or `'all'`. Default: all kinds but those that survive this scope. */
  readonly kinds?: readonly string[] | 'all' | undefined;
  /** The session that stays, alone of its kind, under a new secret: "sign out everywhere else". */
  readonly keep?: Session | undefined;
  /** Only if this session is live; it goes with the others, if its kind is covered. For a request in its own name. */
  readonly ifLive?: Session | undefined;
  /** Only tells what would end. */
  readonly dryRun?: boolean | undefined;
}

/** Options of {@link Sessions.suspend} and {@link Sessions.resume}. */
export interface SuspendRequest extends By {
  /** Only tells what would end. */
  readonly dryRun?: boolean | undefined;
}

/** A request that was refused by what stands before this library: see {@link Sessions.report}. */
export type RefusedRequest = SessionEventDetails['request.refused'];

/** Entries of the log that wait for an outage to end, at the most. */
const MOST_UNWRITTEN = 1_000;

const SUSPEND_KEYS = ['dryRun', ...BY_KEYS];
const REVOKE_KEYS = [...SUSPEND_KEYS, 'kinds', 'keep', 'ifLive'];

/**
 * The sessions of one realm. Made by {@link createSessions}. Every method may throw `SESSION_STORE_UNAVAILABLE` where
 * the store could not find out: that is an outage and never means "signed out"; and `TypeError` for misuse.
 */
export class Sessions<Trigger extends string = BuiltInTrigger, Transaction = never> {
  readonly #core: Core;
  readonly #checks: Checks;
  readonly #codes: ReadonlySet<string>;
  readonly #pruners = new Set<() => void>();

  /** @internal */
  constructor(core: Core) {
    this.#core = core;
    this.#checks = new Checks(core);
    this.#codes = new Set([...REASON_CODES, ...[...core.settings.triggers.keys()].map(codeOf)]);
  }

  /**
   * What the operations on tokens work with, which are beside this class so that only who needs them loads them.
   * @internal
   */
  static coreOf(sessions: unknown): Core {
    if (typeof sessions === 'object' && sessions !== null && #core in sessions) return sessions.#core;
    throw new TypeError('sessions must be what createSessions gave');
  }

  /** The realm that this object serves. */
  get realm(): string {
    return this.#core.settings.realm;
  }

  /**
   * Makes or upgrades the store's tables, and so finds out at the start whether the store answers. Embedded stores do it
   * by themselves at the first question.
   */
  async setup(): Promise<void> {
    await this.#core.store.setup?.();
  }

  /** What this realm goes by to tell the time. */
  get clock(): Clock {
    return this.#core.settings.clock;
  }

  /** Whether `start` wants a `deviceId`: with `replace: 'same-device'`. */
  get usesDeviceId(): boolean {
    return this.#core.settings.replace === 'same-device';
  }

  /**
   * Begins a sign-in: call it *before* the credentials are checked (where the user is known only afterwards, as in
   * OpenID Connect, as soon as it is known and before the user's row is read), and hand the text to {@link start}. It
   * lives for 3 hours, stays on the server, and refuses nobody.
   */
  async fence(request: FenceRequest): Promise<string> {
    return fence(this.#core, parseArguments('fence', request, FENCE_KEYS) as unknown as FenceRequest);
  }

  /**
   * Starts a session for a user whose credentials were checked behind the fence. Refuses as `'superseded'` what was
   * revoked since the fence was taken (sign in again), as `'suspended'` a suspended scope, as `'limit'` one too many.
   */
  async start(request: StartRequest): Promise<StartResult> {
    return start(this.#core, parseArguments('start', request, START_KEYS) as unknown as StartRequest);
  }

  /**
   * For bridges: takes over the sessions that another session layer has begun, until a day, and for at most 30 days after
   * the first sign-in of this realm. A session that was taken over was signed in nobody knows when: its `authenticatedAt` is 0.
   * @throws `TypeError` for a day that is none.
   */
  adoption(options: { readonly until: Date }): Adoption {
    const { until } = parseArguments('adoption', options, ['until']);
    return new Adoption(this.#core, until);
  }

  /**
   * Whether a text is a token of this user's, in this account where one is named (`null` is none), as far as it says: it proves
   * nothing. For bridges to other session layers, which keep a token beside the user's name.
   */
  isTokenOf(token: unknown, user: string, account?: string | null): boolean {
    const ref = parseToken(token)?.ref;
    const { tags } = identify(this.#core, user, account);
    return ref?.user === tags.user && (account === undefined || ref.account === tags.account);
  }

  /**
   * Judges a token. Never throws for what a client sent. One question to the store; the use is noted afterwards. What the
   * request says of its client decides nothing: it is watched for signs of an attack, and told with a refusal.
   */
  check(token: string | null | undefined, client?: Client): Promise<Verdict> {
    // Not `async`, which would wait for its answer's promise with one of its own.
    try {
      return Promise.resolve(this.#checks.check(token, client));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The same, at once where the store answers at once: of a request, waiting for a promise is a good part of the price.
   * @internal
   */
  judge(token: string, client: Client): Awaitable<Verdict> {
    return this.#checks.judge(token, client);
  }

  /**
   * Why a session is over, by a code that anybody may see and an app has a text for: one of this library's, or that of one
   * of the app's triggers. `null` for words of an administrator's, which are for the audit log.
   */
  explain(over: Pick<Extract<Verdict, { ok: false }>, 'ended' | 'revocation'> | Over): string | null {
    const mark = 'reason' in over ? markOf(over) : (over.ended ?? over.revocation);
    const reason = mark?.reason ?? null;
    return reason !== null && this.#codes.has(reason) ? reason : null;
  }

  /**
   * A page of a user's (or a member's) living sessions, the youngest first; with `ended: true` also those that are
   * over, each with the reason, until they are pruned. A page may be short: go on while `cursor` is not `null`.
   */
  async list(
    scope: { readonly user: string; readonly account?: string | undefined },
    request: ListRequest = {},
  ): Promise<ListResult> {
    const { user, account } = parseArguments('list', scope, ['user', 'account']);
    return list(
      this.#core,
      identify(this.#core, user, account),
      parseArguments('list', request, LIST_KEYS) as ListRequest,
    );
  }

  /** Ends one session of a user. */
  async end(id: string, request: EndRequest): Promise<EndResult> {
    return end(this.#core, id, request);
  }

  /**
   * Signs out: ends this session, or, where the account's {@link Policy} says `everywhere`, all of the user's sessions in
   * the account, of every kind. Does nothing where the session is over.
   */
  async signOut(session: Session, request: By = {}): Promise<SignOutResult> {
    return signOut(this.#core, session, request);
  }

  /**
   * Ends every session that the scope covers, in one write: `{ user }`, `{ user, account }` (a member), `{ account }`
   * or `{ realm: true }`. With `keep`, that session stays; with `ifLive`, it goes too. Where that session is over,
   * nothing is done and the answer says so: a request of somebody who is signed out must not sign others out.
   */
  async revoke(scope: Scope, request: RevokeRequest = {}): Promise<RevokeResult> {
    const { keep, ifLive, kinds, dryRun, ...cause } = parseArguments('revoke', request, REVOKE_KEYS) as RevokeRequest;
    return revoke(this.#core, parseScope(this.#core, scope), {
      ...parseCause(cause),
      kinds: this.#parseKinds(kinds),
      keep,
      ifLive,
      dryRun: parseSwitch('dryRun', dryRun),
    });
  }

  /**
   * Does what the option `triggers` says about something that has happened to a user. Call it when it *has* happened: the
   * new password must be the one that counts, or commit with this. Where the session to `keep` is over, all are revoked.
   */
  async trigger(name: Trigger | BuiltInTrigger, request: TriggerRequest): Promise<TriggerResult> {
    return trigger(this.#core, name, request);
  }

  #parseKinds(kinds: unknown): Order['kinds'] {
    if (kinds === undefined) return null;
    if (kinds === 'all') return kinds;
    if (!Array.isArray(kinds) || kinds.length === 0)
      throw new TypeError("kinds must be 'all' or a non-empty array of kinds");
    for (const kind of kinds) kindSettings(this.#core, kind);
    return [...new Set<string>(kinds)];
  }

  /** Revokes all kinds of the scope, and refuses its sign-ins until {@link resume}. */
  async suspend(scope: Scope, request: SuspendRequest = {}): Promise<RevokeResult> {
    return this.#setSuspended('suspend', scope, request, true);
  }

  /**
   * Lets the scope sign in again. Sign-ins begun while it was suspended stay refused. Where it is not suspended, nothing is
   * done and the answer says so.
   */
  async resume(scope: Scope, request: SuspendRequest = {}): Promise<RevokeResult> {
    return this.#setSuspended('resume', scope, request, false);
  }

  async #setSuspended(name: string, scope: Scope, request: SuspendRequest, suspend: boolean): Promise<RevokeResult> {
    const { dryRun, ...said } = parseArguments(name, request, SUSPEND_KEYS);
    const cause = parseCause(said);
    const reason = cause.reason ?? (suspend ? 'suspended' : null);
    const order: Order = { ...cause, reason, kinds: 'all', suspend, dryRun: parseSwitch('dryRun', dryRun) };
    return revoke(this.#core, parseScope(this.#core, scope), order);
  }

  /** The policy of an account, `null` for sessions without one. */
  async policy(account: string | null): Promise<Policy> {
    return policyOf(this.#core, account === null ? null : parseText('account', account));
  }

  /** Sets the policy of an account, with the option `policy: 'stored'`. It holds from the next sign-out on. */
  async setPolicy(account: string, policy: Policy, request: By = {}): Promise<PolicyResult> {
    return setPolicy(this.#core, account, policy, parseArguments('setPolicy', request, BY_KEYS));
  }

  /** Ends every session in an account, or of a user, that was not used for so long. */
  async endIdle(scope: IdleScope, request: EndIdleRequest = {}): Promise<EndIdleResult> {
    return endIdle(this.#core, scope, request);
  }

  /** A page of an account's members with what decides whether to sign somebody out. */
  async review(request: ReviewRequest): Promise<Review> {
    return review(this.#core, request);
  }

  /**
   * Revokes everything of a user and erases what is known of the person, in the audit log too; the generations stay. Do it
   * when the user can no longer sign in.
   */
  async forgetUser(user: string, request: ForgetRequest = {}): Promise<ForgetResult> {
    return forgetUser(this.#core, user, request);
  }

  /** A page of the audit log that the store keeps, with the option `audit`; the youngest entries first. */
  async audit(request: AuditRequest = {}): Promise<AuditResult> {
    powerOf(this.#core, 'audit');
    return readAudit(this.#core, parseArguments('audit', request, AUDIT_KEYS));
  }

  /** Tells, and logs, that something was refused before it came here: by an `authorize`, or for where it came from. */
  report(request: RefusedRequest): void {
    const { reason, action, by, user, account, device } = request;
    if (reason !== 'forbidden' && reason !== 'cross-origin') {
      throw new TypeError(`reason is ${String(reason)}; allowed are 'forbidden' and 'cross-origin'`);
    }
    this.#core.events.emit('request.refused', {
      ...{ reason, action: claimed(action) ?? '', by: claimed(by), user: claimed(user), account: claimed(account) },
      device: device && { ...device, label: claimed(device.label) ?? '', ip: claimed(device.ip) },
    });
  }

  /** What a request says of its client, described. */
  describe(client: Client): SessionDevice | null {
    return this.#core.suspicion.deviceOf(client);
  }

  /**
   * Gives a session a new secret (and new attributes; or, with a fence, another account): the old token is refused from
   * now on, and the expiry stays. Do it when privileges change.
   */
  async renew(session: Session, request: RenewRequest = {}): Promise<RenewResult> {
    return renew(this.#core, session, parseArguments('renew', request, RENEW_KEYS) as RenewRequest);
  }

  /** After a new authentication of the same user: a new secret, time of authentication and absolute lifetime (ASVS 7.2.4). */
  async reauthenticate(session: Session, request: ReauthenticateRequest): Promise<RenewResult> {
    return reauthenticate(
      this.#core,
      session,
      parseArguments('reauthenticate', request, REAUTHENTICATE_KEYS) as unknown as ReauthenticateRequest,
    );
  }

  /**
   * Calls a listener for every event of this name, in this process. What it throws fails nothing.
   * @returns a function that stops it.
   */
  on<Type extends SessionEventType>(type: Type, listener: SessionListener<Type>): () => void {
    return this.#core.events.on(type, listener);
  }

  /** Removes, in bounded batches, what was over for longer than the retention. Any number of processes may prune at once. */
  async prune(request: PruneRequest = {}): Promise<PruneResult> {
    return prune(this.#core, parseArguments('prune', request, ['progress']));
  }

  /**
   * Prunes every so often in the background, with jitter; does not keep the process alive.
   * @returns a function that stops it.
   */
  startPruning(request: { readonly every?: Duration | undefined } = {}): () => void {
    const { every } = parseArguments('startPruning', request, ['every']);
    const stop = startPruning(this.#core, parseDuration('every', every === undefined ? '1h' : every));
    this.#pruners.add(stop);
    return () => {
      stop();
      this.#pruners.delete(stop);
    };
  }

  /**
   * The operations that end sessions, in a transaction that the caller began and will commit: a new password and what it
   * revokes then hold together, or not at all. The type of `transaction` is the store's: what its client has of one. Others
   * hear of nothing before {@link InTransaction.committed}.
   * @throws `SESSION_STORE_LACKS_POWER` where the store cannot (SQLite, Redis, memory: there the type is `never`);
   * `TypeError` for what cannot be a transaction. Each operation is `SESSION_STORE_UNSAFE` where it is in none, or sees an
   * older snapshot that it must not go by.
   */
  within(transaction: Transaction): InTransaction<Trigger> {
    return new InTransaction(this.#core, transaction, (core) => new Sessions(core));
  }

  /** Stops pruning, writes what is noted, and closes the store (another realm's too, if they share it). */
  async close(): Promise<void> {
    for (const stop of this.#pruners) stop();
    this.#pruners.clear();
    await this.#core.suspicion.settled();
    await this.#core.touches.settled();
    await this.#core.log?.close();
    await this.#core.store.close?.();
  }
}

/**
 * Makes the sessions of one realm.
 * @throws `TypeError` for options that are unknown, contradictory, or out of range; `SESSION_STORE_LACKS_POWER` for one
 * that needs what the store does not declare.
 */
export function createSessions<Trigger extends string = never, Transaction = never>(
  options: SessionsOptions<Trigger, Transaction>,
): Sessions<Trigger | BuiltInTrigger, Transaction> {
  const settings = parseOptions(options as SessionsOptions<string>);
  const { realm, clock, audit } = settings;
  const now = (): number => timeOf(clock);
  const store = guardStore(settings.store, settings.deadline);
  const failed = (failure: SessionEventDetails['background.failed']): void => events.emit('background.failed', failure);
  const power = audit?.store === true ? powerOf({ store }, 'audit') : null;
  const logged = power && new Notes<AuditRecord>('audit', (records) => power.append(records), failed, MOST_UNWRITTEN);
  const log = audit && new AuditLog(audit, realm, logged);
  const events = new Events(realm, now, log);
  const touches = new Notes<Touch>('touch', (uses) => store.touch(uses), failed);
  const tag = realmTag(realm);
  const suspicion = new Suspicion({ store, realmTag: tag, events, now });
  return new Sessions({ settings, store, events, log, touches, suspicion, realmTag: tag, now });
}
