import type { EpochRecord } from '../model/epoch.ts';
import type { EndState, RevokedBy, SessionRef } from '../model/session.ts';
import { memberTag, type Tag } from '../model/token.ts';
import type { FoundSession, VersionedEpoch } from '../store/store.ts';
import type { Memory, Reading } from './memory.ts';
import { type FreshnessSettings, MAX_STALENESS } from './options.ts';
import { type BoundRealm, StatedBound } from './stated-bound.ts';

/**
 * Remembers what a realm's checks read, to answer the next ones from memory. Memory only ever accepts. Every refusal is read from the
 * store.
 *
 * All ages are in ms, and all times are Unix ms.
 */
export class Freshness {
  readonly #settings: FreshnessSettings;
  readonly #memory: Memory;
  readonly #realmTag: Tag;
  /** True if memory is never out of date, so that there is no bound to state. */
  readonly #isStrict: boolean;
  readonly #bound: StatedBound;

  constructor(settings: FreshnessSettings, memory: Memory, realm: BoundRealm, failed: (error: unknown) => void) {
    this.#settings = settings;
    this.#memory = memory;
    this.#realmTag = realm.realmTag;
    this.#isStrict = memory.log?.isStrict === true;
    this.#bound = new StatedBound(realm, settings.maxStaleness, failed);
  }

  /** True if a read that is sent now would be remembered. */
  get remembers(): boolean {
    return this.#isStrict || this.#bound.isStated;
  }

  /** Prepares for remembering: see {@link StatedBound}. */
  async setup(): Promise<void> {
    if (!this.#isStrict) await this.#bound.setup();
  }

  /** Returns a remembered session that is fresh enough to accept a request, or `undefined`. */
  session({ id, user, account }: SessionRef, maxAge: number, now: number): FoundSession | undefined {
    if (!this.#isCurrent(maxAge, now)) return undefined;
    const found = this.#memory.sessions.recall(id, maxAge, now);
    // The tags come from the client, and the store compares them too.
    const isNamed = found?.session.userTag === user && (account === undefined || found.session.accountTag === account);
    return isNamed ? found : undefined;
  }

  /** Returns the age in ms of what is remembered of a session. */
  ageOf(id: string, now: number): number {
    return this.#memory.sessions.age(id, now);
  }

  /** Returns remembered epoch records that are fresh enough to accept a request, or `undefined`. */
  epochs(tags: readonly Tag[], maxAge: number, now: number): readonly (VersionedEpoch | null)[] | undefined {
    return this.#isCurrent(maxAge, now) ? this.#memory.epochs.recall(keyOf(tags), maxAge, now) : undefined;
  }

  /** Asks the log, if there is one. Returns `false` if memory cannot accept by knowledge of this age. */
  #isCurrent(maxAge: number, now: number): boolean {
    const { log } = this.#memory;
    if (log !== null && this.#isStrict) return log.askNow();
    if (maxAge <= 0) return false;
    log?.askSoon(this.#settings.maxStaleness / QUESTIONS, now);
    return true;
  }

  /** Begins a read that is sent in the same synchronous step. `null` if its answer must not be remembered. */
  reading(now: number): Reading | null {
    return this.#isStrict || this.#bound.mayRemember() ? this.#memory.reading(now) : null;
  }

  /** Remembers a session that a read has accepted. */
  rememberSession(reading: Reading | null, found: FoundSession): void {
    if (reading === null) return;
    const { id, userTag, accountTag } = found.session;
    const tags =
      accountTag === null
        ? [this.#realmTag, userTag]
        : [this.#realmTag, userTag, accountTag, memberTag(userTag, accountTag)];
    this.#memory.sessions.remember(id, found, reading, tags, this.#allowedBy(found.epochs.realm));
  }

  /** Remembers epoch records by which a token was accepted. One of them is that of the realm. */
  rememberEpochs(
    reading: Reading | null,
    tags: readonly Tag[],
    records: readonly (VersionedEpoch | null)[],
    realm: EpochRecord | null,
  ): void {
    if (reading === null) return;
    this.#memory.epochs.remember(keyOf(tags), records, reading, tags, this.#allowedBy(realm));
  }

  /** Reads a session again at its next check: a use of it is noted in the store. */
  forgetSession(id: string): void {
    this.#memory.sessions.forget(id);
  }

  /**
   * Notices that a read has refused a session, so that no older knowledge accepts it, or another one that ended with it. `found` is what
   * the store has of it, and `end` how it ended. Each end is noticed once: the clients of ended sessions may come back for weeks.
   */
  noticeRefusal({ id, user, account = null }: SessionRef, found: FoundSession | null, end: EndState | null): void {
    if (end?.reason === 'revoked') this.noticeRevocation(end.revocation, { user, account });
    // From here on, the client's secret was right.
    else if (end !== null) this.#memory.noticeOnce(`${id} ended`, [user]);
    else {
      const known = this.#memory.sessions.peek(id)?.session;
      // The client supplies the tags: without this, it could push others out of memory.
      if (known?.userTag !== user || known.accountTag !== account) return;
      // A guess at the secret changes nothing.
      if (found?.session.credential !== known.credential) this.#memory.notices.note([user]);
    }
  }

  /** Notices, once, that a read has shown a revocation. `null` stands for a record that was lost: any of them. */
  noticeRevocation(
    revocation: Pick<RevokedBy, 'scope' | 'at'> | null,
    { user, account }: { readonly user: Tag; readonly account: Tag | null },
  ): void {
    if (revocation === null) {
      this.#memory.noticeOnce(
        `${user} lost`,
        account === null ? [this.#realmTag, user] : [this.#realmTag, user, account],
      );
      return;
    }
    const { scope, at } = revocation;
    const tag = scope === 'realm' ? this.#realmTag : scope === 'account' ? (account ?? user) : user;
    this.#memory.noticeOnce(`${tag} ${at}`, [tag]);
  }

  /** Notices, once, that a read has shown a record that denies tokens. */
  noticeDenial(tag: Tag): void {
    this.#memory.noticeOnce(tag, [tag]);
  }

  /** Reads these records again at the next check of a token that they judge. */
  forgetEpochs(tags: readonly Tag[]): void {
    this.#memory.epochs.forget(keyOf(tags));
  }

  /**
   * Returns the maximum age that the realm's record allows: what this process stated there, or less, if it was or is being lowered. A record that states nothing was
   * lost and made again.
   */
  #allowedBy(realm: EpochRecord | null): number {
    if (this.#isStrict) return MAX_STALENESS;
    const { maxStaleness: stated, allowedStaleness = Infinity } = realm?.notes ?? {};
    if (stated === undefined) this.#bound.lost();
    return Math.min(stated ?? 0, allowedStaleness, this.#settings.maxStaleness);
  }
}

/** In each `maxStaleness`, the log is asked this many times. */
const QUESTIONS = 3;

const keyOf = (tags: readonly Tag[]): string => tags.join(' ');
