import {
  type Advance,
  type AuditRecord,
  type Ended,
  type EndRef,
  type EpochRequest,
  endOf,
  type FoundSession,
  formatEpoch,
  type ListPage,
  membershipOf,
  memberTag,
  type PruneBatch,
  type Pruned,
  RecordCache,
  type Renewal,
  realmTag,
  type SessionRecord,
  type SessionRef,
  type StorePowers,
  type Tag,
  type Touch,
  type UsersOf,
  type UserWrite,
  type VersionedEpoch,
} from '../../../src/adapter.ts';
import type { SessionStore } from '../../../src/index.ts';
import { Journal } from './audit/journal.ts';
import type { Server } from './connection.ts';
import { pageOf } from './indexes/member-index.ts';
import { walk } from './indexes/scan.ts';
import { Upkeep } from './indexes/upkeep.ts';
import { UserSessions } from './indexes/user-sessions.ts';
import { BUCKETS, type Keys, type MemberIndexKeys } from './keys.ts';
import { redisPowers } from './powers.ts';
import { Pruning } from './prune.ts';
import { Readiness, type Tolerance } from './readiness.ts';
import { demandRights } from './rights.ts';
import { type EpochValue, epochValueOf, keepLine } from './rows/epoch.ts';
import { endedLine, renewableLines, sessionValue } from './rows/session.ts';
import { lineOf, numberLine, numberOrNothing } from './rows/text.ts';
import { Call } from './scripts/script.ts';
import { ADD, ADVANCE, ADVANCE_FOR, END, KEEP_RECORD, REMOVE, RENEW, TOUCH } from './scripts/verbs.ts';
import type { Confirmation } from './standing.ts';
import { find } from './verbs/find.ts';
import { list } from './verbs/list.ts';
import { SessionLocations } from './verbs/session-location.ts';

/** Number of users that are checked at once. */
const AT_ONCE = 64;

export interface Setting {
  readonly server: Server;
  readonly keys: Keys;
  readonly tolerance: Tolerance;
  readonly confirmation: Confirmation | null;
}

/** Implements the store port. */
export class RedisStore implements SessionStore {
  readonly powers: StorePowers;
  readonly #server: Server;
  readonly #keys: Keys;
  readonly #confirmation: Confirmation | null;
  readonly #records: RecordCache = new RecordCache();
  readonly #locations: SessionLocations;
  readonly #readiness: Readiness;
  readonly #journal: Journal;
  readonly #upkeep: Upkeep;
  #closed = false;

  constructor({ server, keys, tolerance, confirmation }: Setting) {
    this.#server = server;
    this.#keys = keys;
    this.#confirmation = confirmation;
    this.#locations = new SessionLocations(keys, this.#records);
    this.#readiness = new Readiness(server, keys, tolerance);
    this.#journal = new Journal(server, keys);
    this.#upkeep = new Upkeep(server, keys);
    this.powers = redisPowers({ server, keys, confirmation, journal: this.#journal, open: () => this.#open() });
  }

  async readEpochs(tags: readonly Tag[]): Promise<readonly (VersionedEpoch | null)[]> {
    await this.#open();
    // These records decide which sessions are valid, so the server's role is checked.
    const [values] = await Promise.all([this.#readRecords(tags), this.#readiness.role()]);
    return tags.map((tag) => {
      const value = values.get(tag);
      return value === undefined ? null : versioned(value);
    });
  }

  async ensureEpochs(requests: readonly EpochRequest[], now: number): Promise<readonly VersionedEpoch[]> {
    await this.#open();
    const values = await this.#readRecords(requests.map(({ tag }) => tag));
    const lacking = requests.filter(({ tag, keepUntil }) => !isKept(values.get(tag), keepUntil));
    if (lacking.length > 0) {
      const isOfMember = ({ tag }: EpochRequest): boolean => membershipOf(tag) !== null;
      const keep = async (request: EpochRequest): Promise<void> => {
        values.set(request.tag, await this.#keep(request, now));
      };
      await Promise.all(lacking.filter((one) => !isOfMember(one)).map(keep));
      // The user's record may be newer by now, which makes earlier reads of memberships too old. Read them again.
      const others = requests.filter((one) => isOfMember(one) && !lacking.includes(one));
      const [again] = await Promise.all([
        this.#readRecords(others.map(({ tag }) => tag)),
        ...lacking.filter(isOfMember).map(keep),
      ]);
      for (const [tag, value] of again) values.set(tag, value);
    }
    return requests.map(({ tag }) => {
      const value = values.get(tag);
      if (value === undefined) throw new Error('a record is gone that was there a moment ago');
      return versioned(value);
    });
  }

  /** Reads records by tag. Records of one slot come from one snapshot. */
  async #readRecords(tags: readonly Tag[]): Promise<Map<Tag, EpochValue>> {
    const groups = new Map<Tag, Tag[]>();
    for (const tag of new Set(tags)) {
      const slot = this.#server.isCluster ? (membershipOf(tag)?.user ?? tag) : '';
      groups.set(slot, [...(groups.get(slot) ?? []), tag]);
    }
    const found = new Map<Tag, EpochValue>();
    const read = async (group: readonly Tag[]): Promise<void> => {
      const values = await this.#server.read(group.map((tag) => this.#keys.record(tag)));
      for (const [at, tag] of group.entries()) {
        const value = values[at];
        if (value !== null && value !== undefined) found.set(tag, epochValueOf(value, this.#records));
      }
    };
    await Promise.all([...groups.values()].map(read));
    return found;
  }

  async #keep({ tag, create, version, keepUntil }: EpochRequest, now: number): Promise<EpochValue> {
    // Every other write needs a record, so this is the first write of a store.
    await this.#readiness.mark();
    const call = new Call().key(this.#keys.record(tag)).arg(now, version, keepLine(keepUntil), formatEpoch(create));
    const membership = membershipOf(tag);
    call.arg(membership?.account ?? '');
    if (membership !== null) call.key(this.#keys.memberships(membership.user));
    const [isNew, value] = (await this.#server.run(KEEP_RECORD, call)) as [unknown, string];
    if (Number(isNew) === 1) await this.#upkeep.noteRecord(tag, keepUntil, now);
    return epochValueOf(value, this.#records);
  }

  async add(session: SessionRecord, write: UserWrite): Promise<'added' | 'conflict'> {
    await this.#open();
    const { id, userTag } = session;
    const { now, retention, ifVersion, keepUntil, audit, ending } = write;
    const call = new Call()
      .key(this.#keys.record(userTag), this.#keys.session(userTag, id), this.#keys.sessions(userTag))
      .arg(now, ifVersion ?? '', keepLine(keepUntil), sessionValue(session, retention), id);
    this.#enterMembership(call, userTag, session.accountTag);
    this.#enter(call, userTag, write);

    await this.#upkeep.announce(session, now, retention);
    const run = () => (ending.length === 0 ? this.#server.run(ADD, call) : this.#server.runForGood(ADD, call));
    const [[added, ids = []]] = (await Promise.all([
      this.#journal.write(userTag, [...audit, ...ending.flatMap((one) => one.audit)], run),
      this.#upkeep.noteSession(userTag, earliest(endOf(session), write), now, retention),
    ])) as [[unknown, string[]?], unknown];
    this.#upkeep.tidy(userTag, ids);
    return Number(added) === 1 ? 'added' : 'conflict';
  }

  find(realm: Tag, refs: readonly SessionRef[]): Promise<readonly (FoundSession | null)[]> {
    const opening = this.#open();
    return opening === null ? this.#find(realm, refs) : opening.then(() => this.#find(realm, refs));
  }

  #find(realm: Tag, refs: readonly SessionRef[]): Promise<readonly (FoundSession | null)[]> {
    const role = this.#readiness.role();
    const found = find(this.#server, this.#locations, realm, refs);
    return role === null ? found : Promise.all([role, found]).then(([, answer]) => answer);
  }

  async list(
    realm: Tag,
    user: Tag,
    page: ListPage,
  ): Promise<{ readonly found: readonly FoundSession[]; readonly more: boolean }> {
    await this.#open();
    const role = this.#readiness.role();
    const listing = list(this.#server, this.#keys, realm, new UserSessions(this.#server, this.#keys, user), page);
    const [{ found, more, gone, aside }] = await Promise.all([listing, role]);
    this.#upkeep.tidy(user, gone);
    this.#upkeep.setAside(user, aside);
    return { found, more };
  }

  async touch(touches: readonly Touch[], now: () => number): Promise<void> {
    await this.#open();
    const calls = touches.map(({ id, user, at }) =>
      new Call().key(this.#keys.session(user, id), this.#keys.sessions(user)).arg(at, Math.max(at, now())),
    );
    await Promise.all(calls.map((call) => this.#server.run(TOUCH, call)));
  }

  async renew(renewal: Renewal): Promise<'renewed' | 'not-live' | 'conflict'> {
    await this.#open();
    const { session, ifCredential, ifVersion, now, retention, moves, keepUntil, audit, ending } = renewal;
    const { id, userTag } = session;
    const call = new Call()
      .key(this.#keys.record(userTag), this.#keys.session(userTag, id), this.#keys.sessions(userTag))
      .arg(now, lineOf(ifCredential), ifVersion ?? '', keepLine(keepUntil), moves ? '1' : '0')
      .arg(lineOf(session.credential), numberLine(session.serial), session.lastUsedAt)
      .arg(session.expiresAt ?? '', numberOrNothing(session.idle), numberLine(retention))
      .arg(session.authenticatedAt, renewableLines(session));
    this.#enterMembership(call, userTag, session.accountTag);
    this.#enter(call, userTag, renewal);

    // A renewal may move the session to another account and extend it, so announce it again.
    await this.#upkeep.announce(session, now, retention);
    const [outcome] = await Promise.all([
      this.#journal.write(userTag, [...audit, ...ending.flatMap((one) => one.audit)], () =>
        this.#server.runForGood(RENEW, call),
      ),
      this.#upkeep.noteSession(userTag, earliest(endOf(session), renewal), now, retention),
    ]);
    return outcome as 'renewed' | 'not-live' | 'conflict';
  }

  async end(
    { id, user, account, ifUnusedSince }: EndRef,
    ended: Ended,
    audit: readonly AuditRecord[],
  ): Promise<boolean> {
    await this.#open();
    const call = new Call()
      .key(this.#keys.record(user), this.#keys.session(user, id))
      .arg(endedLine(ended), account === undefined ? '1' : '0', lineOf(account ?? null), ifUnusedSince ?? '');
    this.#journal.enter(call, user, audit);
    const [done] = await Promise.all([
      this.#journal.write(user, audit, () => this.#server.runForGood(END, call)),
      this.#upkeep.noteSession(user, ended.at, ended.at, null),
    ]);
    return Number(done) === 1;
  }

  async advance(tag: Tag, advance: Advance): Promise<'advanced' | 'conflict' | 'not-live'> {
    await this.#open();
    const { record, member, ifMemberVersion, ifVersion, now, keepUntil, initiator, audit } = advance;
    const call = new Call().key(this.#keys.record(tag)).arg(now, ifVersion, keepLine(keepUntil), formatEpoch(record));
    this.#enterMembership(call, tag, member ?? null);
    call.arg(ifMemberVersion ?? '');
    if (initiator !== undefined) {
      call.key(this.#keys.session(tag, initiator.id));
      call.arg(lineOf(initiator.ifCredential), lineOf(initiator.credential), numberLine(initiator.serial));
    }
    this.#journal.enter(call, tag, audit);
    const script = initiator === undefined ? ADVANCE : ADVANCE_FOR;
    const outcome = await this.#journal.write(tag, audit, () => this.#server.runForGood(script, call));
    return outcome as 'advanced' | 'conflict' | 'not-live';
  }

  async listUsers(
    of: UsersOf,
    after: string | null,
    limit: number,
  ): Promise<{ readonly users: readonly Tag[]; readonly after: string | null }> {
    await this.#open();
    const group = of.account ?? realmTag(of.realm);
    const users: Tag[] = [];
    let left = limit;
    for (let [bucket, last] = placeIn(after); bucket < BUCKETS; bucket++, last = null) {
      const memberIndex = this.#keys.users(group, bucket);
      const page = await pageOf(this.#server, memberIndex, last, left);
      users.push(...(await this.#present(of, memberIndex, page)));
      left -= page.length;
      if (left === 0) return { users, after: `${bucket}:${page.at(-1)}` };
    }
    return { users, after: null };
  }

  /** Returns the users of a page who have sessions there. The others leave the member index. */
  async #present(of: UsersOf, memberIndex: MemberIndexKeys, page: readonly Tag[]): Promise<readonly Tag[]> {
    const present: Tag[] = [];
    for (let at = 0; at < page.length; at += AT_ONCE) {
      const some = page.slice(at, at + AT_ONCE);
      const isThere = await Promise.all(some.map((user) => this.#upkeep.isThere(of, user)));
      present.push(...some.filter((_, nth) => isThere[nth]));
      this.#upkeep.dismiss(
        memberIndex,
        some.filter((_, nth) => !isThere[nth]),
      );
    }
    return present;
  }

  async memberships(
    user: Tag,
    after: string | null,
    limit: number,
  ): Promise<{ readonly accounts: readonly Tag[]; readonly after: string | null }> {
    await this.#open();
    const [, score, member = ''] = /^(\S+) (.*)$/s.exec(after ?? '') ?? [];
    const position = score === undefined ? undefined : { score: Number(score), member };
    const way = { direction: 'up', after: position, chunk: limit } as const;
    for await (const positions of walk(this.#server, this.#keys.memberships(user), way)) {
      const page = positions.slice(0, limit);
      const last = page.at(-1);
      return { accounts: page.map((one) => one.member), after: last ? `${last.score} ${last.member}` : null };
    }
    return { accounts: [], after: null };
  }

  async deleteSessions(user: Tag, limit: number): Promise<number> {
    await this.#open();
    const indexes = [this.#keys.sessions(user), this.#keys.aside(user)];
    let removed = 0;
    for (const index of indexes) {
      while (removed < limit) {
        const ids = (await this.#server.ask(index, 'ZRANGE', index, '0', String(limit - removed - 1))) as string[];
        if (ids.length === 0) break;
        const call = new Call().key(this.#keys.record(user), ...indexes).arg(...ids);
        call.key(...ids.map((id) => this.#keys.session(user, id)));
        removed += Number(await this.#server.runForGood(REMOVE, call));
      }
    }
    return removed;
  }

  async prune(batch: PruneBatch): Promise<Pruned> {
    await this.#open();
    return new Pruning(this.#server, this.#keys, batch).run();
  }

  async setup(): Promise<void> {
    this.#refuseIfClosed();
    await this.#readiness.check();
    await demandRights(this.#server, this.#keys, this.#confirmation);
    await this.#readiness.mark();
  }

  /** Leaves the connections open: the caller owns them. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#upkeep.background.settled();
  }

  /** Returns `null` if the server was already found reliable. */
  #open(): Promise<void> | null {
    this.#refuseIfClosed();
    return this.#readiness.ready();
  }

  #refuseIfClosed(): void {
    if (this.#closed) throw new Error('the store is closed');
  }

  #enterMembership(call: Call, user: Tag, account: Tag | null): void {
    call.arg(account ?? '');
    if (account !== null) call.key(this.#keys.record(memberTag(user, account)), this.#keys.memberships(user));
  }

  /** Adds the common arguments of a write to a call: its entries, and the sessions to end, each with its entries. */
  #enter(call: Call, user: Tag, { audit, ending }: UserWrite): void {
    this.#journal.enter(call, user, audit);
    call.arg(ending.length);
    for (const { id, ended, audit: told } of ending) {
      call.key(this.#keys.session(user, id)).arg(endedLine(ended));
      this.#journal.enter(call, user, told);
    }
  }
}

/** Parses the cursor of a page of users: a bucket, and the last user in it. A malformed cursor means the start. */
function placeIn(after: string | null): [bucket: number, last: Tag | null] {
  const [, bucket, last] = /^(\d{1,2}):(.*)$/s.exec(after ?? '') ?? [];
  return bucket === undefined ? [0, null] : [Number(bucket), last ?? null];
}

const versioned = ({ record, version }: EpochValue): VersionedEpoch => ({ record, version });

/** Returns true if the record exists and is already kept at least until `keepUntil`. */
const isKept = (value: EpochValue | undefined, keepUntil: number | null): boolean =>
  value !== undefined && (value.keepUntil === null || (keepUntil !== null && value.keepUntil >= keepUntil));

/** Returns the earliest time at which a session of this write is over: the session itself, or one that it ends. */
function earliest(over: number | null, { ending }: UserWrite): number | null {
  const times = [over, ...ending.map(({ ended }) => ended.at)].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}
