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

  /** Prepares for remembering: see {@link StatedBound}. */
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

  /** Asks the log, if there is one. Returns `false` if memory may not answer: the log did not, or `maxAge` is 0. */
  #isCurrent(maxAge: number, now: Moment): boolean {
    const { log } = this.#memory;
    if (log !== null && this.#isStrict) return log.askNow();
    if (maxAge <= 0) return false;
    log?.askSoon(this.#settings.maxStaleness / QUESTIONS, now);
    return true;
  }

  /** In ms: how long ago the store last told its changes. `null` if it does not tell them. */
  #logAge(now: Moment): number | null {
    if (this.#isStrict) return 0;
    return this.#memory.log?.age(now) ?? null;
  }

  /** Begins a read that is sent in the same synchronous step. `null` if its answer must not be remembered. */
  reading(now: number): Reading | null {
    return this.#isStrict || this.#bound.mayRemember() ? this.#memory.reading(now) : null;
  }

  /** Remembers a session that a read has accepted. */
  rememberSession(reading: Reading | null, { session, epochs }: FoundSession): void {
    if (reading === null) return;
    const { id, userTag, accountTag } = session;
    const tags =
      accountTag === null
        ? [this.#realmTag, userTag]
        : [this.#realmTag, userTag, accountTag, memberTag(userTag, accountTag)];
    this.#memory.sessions.remember(id, session, reading, tags, this.#allowedBy(epochs.realm));
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

  /** Forgets a session, because its last use is about to be written. Its next check reads it. */
  forgetSession(id: string): void {
    this.#memory.sessions.forget(id);
  }

  /**
   * Notices that a read has refused a session, so that memory accepts neither it nor another one that ended with it. `found` is what the
   * store has of it. `end` tells how it ended, and is known only if the secret was right. Each end is noticed once: the clients of ended
   * sessions may come back for weeks.
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

  /** Notices, once, that a read has shown a revocation. `null`: a record is missing, and it is not known which. */
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

  /** Notices, once, that a read has shown a record that denies tokens. */
  noticeDenial(tag: Tag): void {
    this.#memory.noticeOnce(tag, [tag]);
  }

  /** Forgets these records. The next check of a token that they judge reads them. */
  forgetEpochs(tags: readonly Tag[]): void {
    this.#memory.epochs.forget(keyOf(tags));
  }

  /**
   * Returns the smallest of: what the realm's record states, what it allows while that is being lowered, and the option of this process. A
   * record that states nothing was lost and created again.
   */
  #allowedBy(realm: EpochRecord | null): number {
    if (this.#isStrict) return MAX_STALENESS;
    const { maxStaleness: stated, allowedStaleness = Infinity } = realm?.notes ?? {};
    if (stated === undefined) this.#bound.lost();
    return Math.min(stated ?? 0, allowedStaleness, this.#settings.maxStaleness);
  }
}

/** When it ended: two ends of one session differ in this. */
const endedAt = (end: Exclude<EndState, { reason: 'revoked' }>): number =>
  end.reason === 'ended' ? end.ended.at : end.at;

/** In each `maxStaleness`, the log is asked this many times. */
const QUESTIONS = 3;

const keyOf = (tags: readonly Tag[]): string => tags.join(' ');
