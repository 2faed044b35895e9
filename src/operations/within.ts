import type { Core } from '../core/context.ts';
import { effectiveWithin } from '../core/effective-within.ts';
import type { BuiltInTrigger } from '../core/trigger-rules.ts';
import type { HeldEvents } from '../events/events.ts';
import { noticing } from '../freshness/noticing-store.ts';
import { nameCalls } from '../lib/call.ts';
import { isSessionError, SessionError } from '../lib/errors.ts';
import type { AttributionRequest } from '../model/attribution.ts';
import type { Policy } from '../model/policy.ts';
import type { Scope } from '../model/scope.ts';
import type { Session } from '../model/session.ts';
import { newId, type Tag } from '../model/token.ts';
import { ensuring, malformed, UNTIL_WRITTEN } from '../store/ensure-epochs.ts';
import { requirePower } from '../store/require-power.ts';
import type { EpochRequest, SessionStore, VersionedEpoch } from '../store/store.ts';
import { type EndRequest, type EndResult, end } from './end.ts';
import { type PolicyResult, setPolicy } from './policy.ts';
import { type RevokeRequest, type RevokeResult, revoke } from './revoke.ts';
import { type SignOutResult, signOut } from './sign-out.ts';
import { resume, type SuspendRequest, suspend } from './suspend.ts';
import { type TriggerRequest, type TriggerResult, trigger } from './trigger.ts';

/** A record that each operation creates in the transaction. It exists exactly if the operation was committed. */
type Witness = Pick<EpochRequest, 'tag' | 'version'> & { readonly keepUntil: number };

/** How long a witness is kept, in ms. Pruning removes it afterwards. */
const WITNESS_KEPT = 24 * 3600e3;

const AT_ONCE = 256;

/**
 * The operations of {@link Sessions.within}. Their writes, including the audit log, are part of the caller's
 * transaction.
 *
 * Each operation locks the records that it writes, and the record of the user whose session it looks up, until the
 * transaction ends. Run them last.
 *
 * Results hold from the commit on, and a new token may be given to its client only then. `effectiveWithin` counts from
 * there and is `null` until then: read it with {@link InTransaction.effectiveWithin}. If an operation fails, roll back;
 * the whole transaction may be repeated. There is no check of tokens here: the transaction's snapshot may be out of
 * date.
 */
export class InTransaction<Trigger extends string = BuiltInTrigger> {
  readonly #core: Core;
  /** The same core, but it writes in the transaction and holds events back. */
  readonly #held: Core;
  readonly #events: HeldEvents;
  readonly #within: SessionStore;
  readonly #witnesses: Witness[] = [];
  readonly #touched = new Set<Tag>();
  #isCommitted = false;

  /** @internal */
  constructor(core: Core, transaction: unknown) {
    this.#core = core;
    const within: SessionStore = requirePower(core.store, 'transactions').within(transaction as never);
    this.#within = noticing(within, (tags) => {
      for (const tag of tags) this.#touched.add(tag);
    });
    this.#events = core.events.hold();
    this.#held = {
      ...core,
      store: lockingFirst(core, this.#within),
      events: this.#events,
      freshness: null,
      isWithin: true,
    };
  }

  /**
   * See {@link Sessions.revoke}.
   * @param scope the sessions to cover.
   * @param request as outside of a transaction.
   */
  async revoke(scope: Scope, request: RevokeRequest = {}): Promise<RevokeResult<number | null>> {
    return this.#uncommitted(() => revoke(this.#held, scope, request));
  }

  /**
   * See {@link Sessions.trigger}.
   * @param name a built-in trigger, or one of the option `triggers`.
   * @param request as outside of a transaction.
   */
  async trigger(name: Trigger | BuiltInTrigger, request: TriggerRequest): Promise<TriggerResult<number | null>> {
    return this.#uncommitted(() => trigger(this.#held, name, request));
  }

  /**
   * See {@link Sessions.end}.
   * @param id the session's public id.
   * @param request the session's user, and who ends it.
   */
  async end(id: string, request: EndRequest): Promise<EndResult<number | null>> {
    return this.#uncommitted(() => end(this.#held, id, request));
  }

  /**
   * See {@link Sessions.signOut}.
   * @param session a session that was checked or started.
   * @param request who does it, why, and a note.
   */
  async signOut(session: Session, request: AttributionRequest = {}): Promise<SignOutResult<number | null>> {
    return this.#uncommitted(() => signOut(this.#held, session, request));
  }

  /**
   * See {@link Sessions.suspend}.
   * @param scope the sessions to cover.
   * @param request as outside of a transaction.
   */
  async suspend(scope: Scope, request: SuspendRequest = {}): Promise<RevokeResult<number | null>> {
    return this.#uncommitted(() => suspend(this.#held, scope, request));
  }

  /**
   * See {@link Sessions.resume}.
   * @param scope the scope that was suspended.
   * @param request who does it, why, and a note.
   */
  async resume(scope: Scope, request: SuspendRequest = {}): Promise<RevokeResult<number | null>> {
    return this.#uncommitted(() => resume(this.#held, scope, request));
  }

  /**
   * See {@link Sessions.setPolicy}.
   * @param account the account.
   * @param policy the new policy.
   * @param request who does it, why, and a note.
   */
  async setPolicy(account: string, policy: Policy, request: AttributionRequest = {}): Promise<PolicyResult> {
    return this.#witnessed(() => setPolicy(this.#held, account, policy, request));
  }

  /**
   * Tells whether the transaction was committed. If so, it passes the events to the listeners of {@link Sessions.on}
   * and the entries to the audit log's `sink`. Revocations hold without this call.
   *
   * Call it after COMMIT, even if COMMIT failed, and outside of the `try` that rolls back. Give the transaction's
   * connection back first: this call uses another connection, and a pool whose connections all wait here has none left.
   * While the transaction is open, the call waits for its end, at most for the option `timeout`. It works for 24 hours
   * after the last operation.
   * @returns `true` where every operation that succeeded was committed. `false` where the transaction or a savepoint in
   * it was rolled back, or no operation succeeded. For `false`, no listener is called, and the answer is final.
   * @throws `SESSION_STORE_UNAVAILABLE` where the store does not answer, or the transaction is still open. Committed
   * changes hold, and a new token is valid then, but no listener was called yet: call it again. `SESSION_STORE_UNSAFE`
   * after the 24 hours.
   */
  async committed(): Promise<boolean> {
    if (this.#isCommitted) return true;
    this.#core.notices.note(this.#touched);
    if (this.#witnesses.length === 0) return false;
    try {
      return await this.#core.activity.run(() => this.#find());
    } finally {
      // Also if it is unknown how the transaction ended, because it may have been committed.
      this.#core.notices.note(this.#touched);
      this.#core.announcer?.announce(this.#touched);
    }
  }

  async #find(): Promise<boolean> {
    for (let at = 0; at < this.#witnesses.length; at += AT_ONCE) {
      if (!(await this.#areThere(this.#witnesses.slice(at, at + AT_ONCE)))) return false;
    }
    this.#isCommitted = true;
    this.#events.release();
    return true;
  }

  async #areThere(witnesses: readonly Witness[]): Promise<boolean> {
    const { store, now } = this.#core;
    const at = now();
    try {
      const seen = await store.readEpochs(witnesses.map(({ tag }) => tag));
      if (isEach(witnesses, seen)) return true;
      // A pruned witness would look like a rollback.
      if (witnesses.some(({ keepUntil }) => keepUntil <= at)) throw tooLate();
      // Creating the same record waits for the end of the transaction. The record then shows for good how it ended.
      const made = await store.ensureEpochs(
        witnesses.map(({ tag, keepUntil }) => ensuring(tag, at, keepUntil)),
        at,
      );
      return isEach(witnesses, made);
    } catch (error) {
      throw isSessionError(error, 'SESSION_STORE_UNAVAILABLE') ? notKnown(error) : error;
    }
  }

  /**
   * Reads how long after the commit a process may still accept what the operations ended, in ms: see `effectiveWithin`
   * of {@link RevokeResult}.
   * @throws `TypeError` before {@link InTransaction.committed} has answered `true`: a process may still raise it.
   */
  async effectiveWithin(): Promise<number> {
    if (!this.#isCommitted) throw new TypeError('await committed() first: the time counts from the commit');
    return this.#core.activity.run(() => effectiveWithin(this.#core));
  }

  async #uncommitted<Result extends { readonly effectiveWithin: number }>(operation: () => Promise<Result>) {
    return { ...(await this.#witnessed(operation)), effectiveWithin: null };
  }

  #witnessed<Result>(operation: () => Promise<Result>): Promise<Result> {
    return this.#core.activity.run(() => this.#withWitness(operation));
  }

  async #withWitness<Result>(operation: () => Promise<Result>): Promise<Result> {
    const result = await operation();
    const at = this.#core.now();
    const keepUntil = at + WITNESS_KEPT;
    const request = ensuring(newId(), at, keepUntil);
    const [made] = await this.#within.ensureEpochs([request], at);
    if (!made) throw malformed('ensureEpochs');
    this.#witnesses.push({ tag: request.tag, version: made.version, keepUntil });
    return result;
  }
}

nameCalls(InTransaction.prototype, {
  revoke: 'sessions.within(transaction).revoke(scope)',
  trigger: 'sessions.within(transaction).trigger(name, { user })',
  end: 'sessions.within(transaction).end(id, { user })',
  signOut: 'sessions.within(transaction).signOut(session)',
  suspend: 'sessions.within(transaction).suspend(scope)',
  resume: 'sessions.within(transaction).resume(scope)',
  setPolicy: 'sessions.within(transaction).setPolicy(account, policy)',
  committed: 'sessions.within(transaction).committed()',
  effectiveWithin: 'sessions.within(transaction).effectiveWithin()',
});

function lockingFirst({ now }: Core, within: SessionStore): SessionStore {
  return {
    ...within,
    find: async (realm, refs) => {
      // An older snapshot lacks the session of a new sign-in. The lock makes the store notice the old snapshot, because
      // a sign-in writes the user's record.
      const at = now();
      await within.ensureEpochs(
        refs.map(({ user }) => ensuring(user, at, at + UNTIL_WRITTEN)),
        at,
      );
      return within.find(realm, refs);
    },
  };
}

const notKnown = (cause: SessionError): SessionError =>
  new SessionError(
    'SESSION_STORE_UNAVAILABLE',
    'it is unknown how the transaction ended: it is still open, or the store does not answer. Call it again, ' +
      'after the transaction has ended and its connection was given back',
    { cause },
  );

const tooLate = (): SessionError =>
  new SessionError(
    'SESSION_STORE_UNSAFE',
    'this was called more than 24 hours after the last operation in the transaction, and what tells of a commit is kept for ' +
      'so long: see in your own tables whether it was committed',
  );

const isEach = (witnesses: readonly Witness[], found: readonly (VersionedEpoch | null)[]): boolean =>
  witnesses.every(({ version }, at) => found[at]?.version === version);
