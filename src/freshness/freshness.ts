import type { EpochRecord } from '../model/epoch.ts';
import type { EndState, RevokedBy, SessionRecord, SessionRef } from '../model/session.ts';
import { memberTag, type Tag } from '../model/token.ts';
import type { FoundSession, VersionedEpoch } from '../store/store.ts';
import type { Memory } from './memory.ts';
import { type Moment, momentOf } from './moment.ts';
import { type FreshnessSettings, MAX_STALENESS } from './options.ts';
import type { Reading } from './recollection.ts';
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
  /** True if the store is asked for changes at each check. Memory is then never out of date, and there is no bound to state. */
  readonly #isStrict: boolean;
  readonly #bound: StatedBound;

  constructor(settings: FreshnessSettings, memory: Memory, realm: BoundRealm, failed: (error: unknown) => void) {
    this.#settings = settings;
    this.#memory = memory;
    this.#realmTag = realm.realmTag;
    this.#isStrict = settings.maxStaleness === 0 && memory.log?.isSynchronous === true;
    this.#bound = new StatedBound(realm, settings.maxStaleness, failed);
  }

  /** True if a read that is sent now would be remembered. */
  get remembers(): boolean {
    return this.#isStrict || this.#bound.isStated;
  }

  /** States the bound of this process, without which it remembers nothing. See {@link StatedBound}. */
  async setup(): Promise<void> {
    if (!this.#isStrict) await this.#bound.setup();
  }

  /**
   * Returns a remembered session that is fresh enough to accept a request, or `undefined`. No scope has revoked it. It may have expired
   * meanwhile, and its secret is still to be compared.
   */
  session({ id, user, account }: SessionRef, maxAge: number, now: number): SessionRecord | undefined {
    const moment = momentOf(now);
    if (!this.#isCurrent(maxAge, moment)) return undefined;
    const session = this.#memory.sessions.recall(id, maxAge, moment, this.#logAge(moment));
    // The tags come from the client, and the store compares them too.
    const isNamed = session?.userTag === user && (account === undefined || session.accountTag === account);
    return isNamed ? session : undefined;
  }

  /** Returns the age in ms of what is remembered of a session. */
  ageOf(id: string, now: number): number {
    const moment = momentOf(now);
    return this.#memory.sessions.age(id, moment, this.#logAge(moment));
  }

  /** Returns remembered epoch records that are fresh enough to accept a request, or `undefined`. */
  epochs(tags: readonly Tag[], maxAge: number, now: number): readonly (VersionedEpoch | null)[] | undefined {
    const moment = momentOf(now);
    if (!this.#isCurrent(maxAge, moment)) return undefined;
    return this.#memory.epochs.recall(keyOf(tags), maxAge, moment, this.#logAge(moment));
  }

  /**
   * Tells whether memory may be used now. In strict mode, asks the change log in this step, and returns `false` if it does not reply.
   * Otherwise asks the change log, if there is one, in the background, and returns `false` only if `maxAge` is 0.
   */
  #isCurrent(maxAge: number, now: Moment): boolean {
    const { log } = this.#memory;
    if (log !== null && this.#isStrict) return log.askNow();
    if (maxAge <= 0) return false;
    log?.askSoon(this.#settings.maxStaleness / QUESTIONS, now);
    return true;
  }

  /** Returns the age in ms of the change log's last reply: 0 in strict mode, `null` for a store without a change log. */
  #logAge(now: Moment): number | null {
    if (this.#isStrict) return 0;
    return this.#memory.log?.age(now) ?? null;
  }

  /**
   * Returns the clocks and the count of notices for a read that the caller sends in the same synchronous step. Returns `null` if the
   * result of that read must not be remembered.
   */
  reading(now: number): Reading | null {
    return this.#isStrict || this.#bound.mayRemember() ? this.#memory.reading(now) : null;
  }

  /** Remembers a session that was read from the store and accepted. Remembers nothing if `reading` is `null`. */
  rememberSession(reading: Reading | null, { session, epochs }: FoundSession): void {
    if (reading === null) return;
    const { id, userTag, accountTag } = session;
    const tags =
      accountTag === null
        ? [this.#realmTag, userTag]
        : [this.#realmTag, userTag, accountTag, memberTag(userTag, accountTag)];
    this.#memory.sessions.remember(id, session, reading, tags, this.#allowedBy(epochs.realm));
  }

  /** Remembers epoch records by which a token was accepted. `realm` is the realm's record among them, or `null` if it is lost. */
  rememberEpochs(
    reading: Reading | null,
    tags: readonly Tag[],
    records: readonly (VersionedEpoch | null)[],
    realm: EpochRecord | null,
  ): void {
    if (reading === null) return;
    this.#memory.epochs.remember(keyOf(tags), records, reading, tags, this.#allowedBy(realm));
  }

  /** Forgets a session, because its last use is about to be written. Its next check reads it. */
  forgetSession(id: string): void {
    this.#memory.sessions.forget(id);
  }

  /**
   * Notices that a session was read and refused, so that memory accepts neither this session nor another one that ended with it. `found`
   * is the session as the store has it. `end` tells how the session ended; it is `null` if the client's secret was wrong. Each end is
   * noticed once: the clients of ended sessions may come back for weeks.
   */
  noticeRefusal({ id, user, account = null }: SessionRef, found: FoundSession | null, end: EndState | null): void {
    if (end?.reason === 'revoked') this.noticeRevocation(end.revocation, { user, account });
    else if (end !== null) this.#memory.noticeOnce(`${id} ${end.reason} ${endedAt(end)}`, [user]);
    else {
      const known = this.#memory.sessions.peek(id);
      // The client chose these tags. Without this comparison, it could drop the sessions of other users.
      if (known?.userTag !== user || known.accountTag !== account) return;
      // A guess at the secret changes nothing.
      if (found?.session.credential === known.credential) return;
      this.#memory.notices.note([user]);
      this.#memory.sessions.forget(id);
    }
  }

  /**
   * Notices a revocation that a read has shown, each only once. `revocation` is `null` if a record is missing. It is then unknown which
   * one, so the tags of realm, user and account are all noticed.
   */
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
    this.#memory.noticeOnce(`${scope} ${tag} ${at}`, [tag]);
  }

  /** Notices that a read has shown a record that denies tokens. `tag` is the record's tag, and is noticed only once. */
  noticeDenial(tag: Tag): void {
    this.#memory.noticeOnce(tag, [tag]);
  }

  /** Forgets the epoch records of these tags. The next check of a token that they judge reads them from the store. */
  forgetEpochs(tags: readonly Tag[]): void {
    this.#memory.epochs.forget(keyOf(tags));
  }

  /**
   * Returns the maximum age, in ms, at which memory may accept by a read that showed this realm record. It is the smallest of three: the
   * bound that the record states, the lower value while that bound is being lowered, and the option of this process. A record that states
   * no bound was lost and created again. Then the maximum is 0.
   */
  #allowedBy(realm: EpochRecord | null): number {
    if (this.#isStrict) return MAX_STALENESS;
    const { maxStaleness: stated, allowedStaleness = Infinity } = realm?.notes ?? {};
    if (stated === undefined) this.#bound.lost();
    return Math.min(stated ?? 0, allowedStaleness, this.#settings.maxStaleness);
  }
}

/** Returns when a session ended, Unix ms. Two ends of one session differ in this time. */
const endedAt = (end: Exclude<EndState, { reason: 'revoked' }>): number =>
  end.reason === 'ended' ? end.ended.at : end.at;

/** The change log is asked at most this many times in each period of `maxStaleness`. */
const QUESTIONS = 3;

const keyOf = (tags: readonly Tag[]): string => tags.join(' ');
