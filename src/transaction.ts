import type { By } from './cause.ts';
import { type Core, keepEpoch, keeping, powerOf, UNTIL_WRITTEN } from './core.ts';
import type { EndRequest, EndResult, SignOutResult } from './end.ts';
import { hasReached } from './epoch.ts';
import type { HeldEvents } from './events.ts';
import type { Policy, PolicyResult } from './policy.ts';
import type { RevokeResult, Scope } from './revocation.ts';
import type { Session } from './session.ts';
import type { RevokeRequest, Sessions, SuspendRequest } from './sessions.ts';
import type { SessionStore } from './store.ts';
import type { BuiltInTrigger, TriggerRequest, TriggerResult } from './triggers.ts';

/** Whether a write of the transaction is there for everybody. */
type Witness = () => Promise<boolean>;

/**
 * What {@link Sessions.within} gives: operations whose writes, the audit log's among them, are part of the caller's
 * transaction. They lock what they write until its end, and the record of the user whose session they look for, so do them
 * last. What they answer holds from the commit on: that is from when `effectiveWithin` counts, and when a new token may be
 * given to its client. Whatever fails there, the caller should roll back, and may do it all again. Tokens are never checked
 * here: a transaction may see what was true before it.
 */
export class InTransaction<Trigger extends string = BuiltInTrigger> {
  readonly #sessions: Sessions<Trigger>;
  readonly #events: HeldEvents;
  readonly #witnesses = new Map<string, Witness>();

  /** @internal */
  constructor(core: Core, transaction: unknown, make: (core: Core) => Sessions<Trigger>) {
    const within = powerOf(core, 'transactions').within(transaction as never);
    this.#events = core.events.hold();
    this.#sessions = make({ ...core, store: this.#witnessed(core, within), events: this.#events, isWithin: true });
  }

  /** See {@link Sessions.revoke}. */
  async revoke(scope: Scope, request: RevokeRequest = {}): Promise<RevokeResult> {
    return this.#sessions.revoke(scope, request);
  }

  /** See {@link Sessions.trigger}. */
  async trigger(name: Trigger | BuiltInTrigger, request: TriggerRequest): Promise<TriggerResult> {
    return this.#sessions.trigger(name, request);
  }

  /** See {@link Sessions.end}. */
  async end(id: string, request: EndRequest): Promise<EndResult> {
    return this.#sessions.end(id, request);
  }

  /** See {@link Sessions.signOut}. */
  async signOut(session: Session, request: By = {}): Promise<SignOutResult> {
    return this.#sessions.signOut(session, request);
  }

  /** See {@link Sessions.suspend}. */
  async suspend(scope: Scope, request: SuspendRequest = {}): Promise<RevokeResult> {
    return this.#sessions.suspend(scope, request);
  }

  /** See {@link Sessions.resume}. */
  async resume(scope: Scope, request: SuspendRequest = {}): Promise<RevokeResult> {
    return this.#sessions.resume(scope, request);
  }

  /** See {@link Sessions.setPolicy}. */
  async setPolicy(account: string, policy: Policy, request: By = {}): Promise<PolicyResult> {
    return this.#sessions.setPolicy(account, policy, request);
  }

  /**
   * Call it after the commit, outside of the `try` that rolls back: it looks whether all of it is there, and then tells the
   * listeners of {@link Sessions.on} and the audit log's `sink`. Revocations hold without it. It asks over another connection
   * than the transaction's, so give that back first: a pool whose connections all wait here has none left to ask over. While
   * the transaction is open, it may wait for its locks, until the deadline.
   * @returns `false`, and nothing is told, where the transaction, or a savepoint in it, was not committed.
   * @throws `SESSION_STORE_UNAVAILABLE` where that cannot be found out: what was committed stays so, a new token is good, and
   * nothing is told yet; call it again for that.
   */
  async committed(): Promise<boolean> {
    for (const [key, isThere] of this.#witnesses) {
      if (!(await isThere())) return false;
      this.#witnesses.delete(key);
    }
    this.#events.release();
    return true;
  }

  /** Remembers of each write how to see, from outside, that it is there. Of several to one record, the last one counts. */
  #witnessed({ store, realmTag, now }: Core, within: SessionStore): SessionStore {
    const { policies } = within.powers ?? {};
    const committed = store.powers?.policies;
    return {
      ...within,
      find: async (realm, refs) => {
        // Whoever signs in moves the user's record. Where the transaction has an older snapshot, in which their session is not
        // there, the store comes upon that by the lock, and need not take it for missing.
        const at = now();
        await within.epochs(
          refs.map(({ user }) => keeping(user, at, at + UNTIL_WRITTEN)),
          at,
        );
        return within.find(realm, refs);
      },
      advance: async (tag, advance) => {
        const { record, now } = advance;
        const outcome = await within.advance(tag, advance);
        if (outcome === 'advanced') {
          // One made anew is told by its incarnation.
          this.#witnesses.set(`record ${tag}`, async () =>
            hasReached((await keepEpoch({ store }, tag, now, now)).record, record),
          );
        }
        return outcome;
      },
      end: async (ref, ended, audit) => {
        const done = await within.end(ref, ended, audit);
        if (done) {
          this.#witnesses.set(`session ${ref.id}`, async () => {
            const [found] = await store.find(realmTag, [ref]);
            // Pruned since, or there with its tombstone.
            return found === null || found?.session.ended !== null;
          });
        }
        return done;
      },
      powers: {
        ...within.powers,
        policies: policies && {
          ...policies,
          set: async (write) => {
            const outcome = await policies.set(write);
            const { account, value } = write;
            if (outcome === 'set') {
              this.#witnesses.set(`policy ${account}`, async () => (await committed?.get(account)) === value);
            }
            return outcome;
          },
        },
      },
    };
  }
}
