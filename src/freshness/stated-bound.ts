import { withStaleness } from '../model/epoch-notes.ts';
import type { Tag } from '../model/token.ts';
import { ensureEpoch } from '../store/ensure-epochs.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import type { SessionStore } from '../store/store.ts';

/** The realm in whose record the bound is stated. */
export interface BoundRealm {
  readonly store: SessionStore;
  readonly realmTag: Tag;
  readonly timeout: number;
  now(): number;
}

/** The shortest time between a failure and the next attempt, in ms. */
const RETRY_AFTER = 1_000;

/**
 * Writes the bound of this process, its `maxStaleness`, into the realm's record. After its commit, every revocation reads the bound
 * there, and tells its caller when the revocation is in force everywhere. So a process may remember only reads that it sends after the
 * store has acknowledged the bound.
 */
export class StatedBound {
  readonly #realm: BoundRealm;
  readonly #maxStaleness: number;
  readonly #failed: (error: unknown) => void;
  #isStated = false;
  #stating: Promise<void> | null = null;
  #retryAt = 0;

  /** `maxStaleness` is in ms. `failed` receives the errors of attempts that no caller waits for. */
  constructor(realm: BoundRealm, maxStaleness: number, failed: (error: unknown) => void) {
    this.#realm = realm;
    this.#maxStaleness = maxStaleness;
    this.#failed = failed;
  }

  /** True if the realm's record states the bound. */
  get isStated(): boolean {
    return this.#isStated;
  }

  /** Tells whether a read that is sent now may be remembered. If not, states the bound in the background. */
  mayRemember(): boolean {
    if (!this.#isStated && this.#stating === null && performance.now() >= this.#retryAt) {
      this.#state(false).catch((error: unknown) => {
        this.#retryAt = performance.now() + RETRY_AFTER;
        this.#failed(error);
      });
    }
    return this.#isStated;
  }

  /** States the bound, and creates the record if it is missing. */
  async setup(): Promise<void> {
    await this.#stating?.catch(() => {});
    await this.#state(true);
  }

  /**
   * States the bound, unless the record states it already, or a higher one. With `create`, creates a missing record. A check must not
   * create it: guards of other issuers' tokens refuse all tokens while the realm's record is lost.
   */
  #state(create: boolean): Promise<void> {
    this.#stating ??= this.#write(create)
      .then((isStated) => {
        this.#isStated = isStated;
        if (!isStated) this.#retryAt = performance.now() + RETRY_AFTER;
      })
      .finally(() => {
        this.#stating = null;
      });
    return this.#stating;
  }

  /** Notes that the realm's record was lost, and the bound with it. The next read states the bound again. */
  lost(): void {
    this.#isStated = false;
  }

  async #write(create: boolean): Promise<boolean> {
    const { store, realmTag, timeout } = this.#realm;
    return retryOnConflict({ timeout }, async () => {
      const now = this.#realm.now();
      const found = create
        ? await ensureEpoch(this.#realm, realmTag, now, null)
        : (await store.readEpochs([realmTag]))[0];
      if (!found) return false;
      const { record, version } = found;
      if ((record.notes?.maxStaleness ?? 0) >= this.#maxStaleness) return true;
      const stated = withStaleness(record, this.#maxStaleness);
      const write = { record: stated, ifVersion: version, now, keepUntil: null, audit: [] };
      return (await store.advance(realmTag, write)) === 'advanced' ? true : 'conflict';
    });
  }
}
