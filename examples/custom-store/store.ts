// A session store over two Maps, to read from top to bottom beside docs/writing-a-store.md. The verbs stand in the order in which you
// implement them. It passes the contract suite. Every verb runs without a pause, so it is one atomic step; in a database, make it one
// statement, one transaction or one script.
import {
  type Advance,
  type AuditRecord,
  type Ended,
  type Ending,
  type EndRef,
  type EpochRecord,
  type EpochRequest,
  endOf,
  type FoundSession,
  type InitiatorRotation,
  isLive,
  type ListPage,
  membershipOf,
  memberTag,
  type PruneBatch,
  type Pruned,
  type Renewal,
  realmTag,
  type SessionRecord,
  type SessionRef,
  type SessionStore,
  type Tag,
  type Touch,
  type UsersOf,
  type UserWrite,
  type VersionedEpoch,
} from 'session-revocation/adapter';

export interface EpochRow {
  record: EpochRecord;
  version: number;
  keepUntil: number | null;
}

/** Everything that a store keeps. Two stores may share it, as two processes share a database. */
export interface Data {
  readonly sessions: Map<string, SessionRecord>;
  readonly epochs: Map<Tag, EpochRow>;
}

export class MapStore implements SessionStore {
  readonly data: Data;

  constructor(data: Data = { sessions: new Map(), epochs: new Map() }) {
    this.data = data;
  }

  readEpochs(tags: readonly Tag[]): readonly (VersionedEpoch | null)[] {
    return tags.map((tag) => {
      const row = this.data.epochs.get(tag);
      return row === undefined ? null : this.copy({ record: row.record, version: row.version });
    });
  }

  ensureEpochs(requests: readonly EpochRequest[]): readonly VersionedEpoch[] {
    return requests.map(({ tag, create, version, keepUntil }) => {
      const row = this.data.epochs.get(tag) ?? { record: this.copy(create), version, keepUntil };
      this.data.epochs.set(tag, row);
      this.#raise(tag, keepUntil);
      return this.copy({ record: row.record, version: row.version });
    });
  }

  /** Keeps a record for longer, never for less. The version stays. */
  #raise(tag: Tag | null, keepUntil: number | null): void {
    const row = tag === null ? undefined : this.data.epochs.get(tag);
    if (row === undefined || row.keepUntil === null) return;
    row.keepUntil = keepUntil === null ? null : Math.max(row.keepUntil, keepUntil);
  }

  add(given: SessionRecord, write: UserWrite): 'added' | 'conflict' {
    const session = this.copy(given);
    const { ifVersion, ending, keepUntil, audit } = this.copy(write);
    if (!this.#isVersion(session.userTag, ifVersion) || !this.#hasMembership(session)) return 'conflict';
    if (this.data.sessions.has(session.id)) return 'conflict';
    this.data.sessions.set(session.id, session);
    this.#endOthers(session.userTag, ending);
    this.#raise(session.userTag, keepUntil);
    this.#raise(membershipOfSession(session), keepUntil);
    this.#move(session.userTag);
    this.writeAudit(audit);
    return 'added';
  }

  /** Tells whether a record exists and has this version. `undefined` matches any version. */
  #isVersion(tag: Tag, version: number | undefined): boolean {
    const row = this.data.epochs.get(tag);
    return row !== undefined && (version === undefined || row.version === version);
  }

  #hasMembership(session: SessionRecord): boolean {
    const tag = membershipOfSession(session);
    return tag === null || this.data.epochs.has(tag);
  }

  #endOthers(user: Tag, ending: readonly Ending[]): void {
    for (const { id, ended, audit } of ending) {
      const session = this.#sessionOf({ id, user });
      if (session === null || !isLive(session, ended.at)) continue;
      this.#change(session, { ended });
      this.writeAudit(audit);
    }
  }

  #move(tag: Tag): void {
    const row = this.data.epochs.get(tag);
    if (row !== undefined) row.version += 1;
  }

  /** Replaces a session's row, because a row that was handed out must not change. */
  #change(session: SessionRecord, changes: Partial<SessionRecord>): void {
    this.data.sessions.set(session.id, { ...session, ...changes });
  }

  find(realm: Tag, refs: readonly SessionRef[]): readonly (FoundSession | null)[] {
    return refs.map((ref) => {
      const session = this.#sessionOf(ref);
      return session === null ? null : this.#found(realm, session);
    });
  }

  /** The client supplies the reference, so the stored tags must match it. */
  #sessionOf({ id, user, account }: SessionRef): SessionRecord | null {
    const session = this.data.sessions.get(id);
    if (session === undefined || session.userTag !== user) return null;
    return account === undefined || account === session.accountTag ? session : null;
  }

  #found(realm: Tag, session: SessionRecord): FoundSession {
    const record = (tag: Tag | null): EpochRecord | null =>
      tag === null ? null : (this.data.epochs.get(tag)?.record ?? null);
    const { userTag, accountTag } = session;
    const epochs = {
      ...{ realm: record(realm), user: record(userTag) },
      ...{ account: record(accountTag), member: record(membershipOfSession(session)) },
    };
    return this.copy({ session, epochs });
  }

  list(
    realm: Tag,
    user: Tag,
    { account, born, ended, now, after, limit }: ListPage,
  ): { readonly found: readonly FoundSession[]; readonly more: boolean } {
    const rows = this.#sessionsOf(user)
      .filter(({ accountTag }) => account === undefined || accountTag === account)
      .filter(({ stamps }) => born === undefined || born.user.includes(stamps.user))
      .filter(({ stamps }) => !born?.member || born.member.includes(stamps.member ?? ''))
      .filter((session) => ended || isLive(session, now))
      .filter((session) => after === undefined || youngestFirst(after, session) < 0)
      .sort(youngestFirst);
    return { found: rows.slice(0, limit).map((session) => this.#found(realm, session)), more: rows.length > limit };
  }

  #sessionsOf(user: Tag): SessionRecord[] {
    return [...this.data.sessions.values()].filter(({ userTag }) => userTag === user);
  }

  touch(touches: readonly Touch[], now: () => number): void {
    for (const { id, user, at } of touches) {
      const session = this.#sessionOf({ id, user });
      if (session === null || !isLive(session, Math.max(at, now()))) continue;
      this.#change(session, { lastUsedAt: Math.max(session.lastUsedAt, at) });
    }
  }

  renew(renewal: Renewal): 'renewed' | 'not-live' | 'conflict' {
    const { session, ifCredential, ifVersion, now, moves, ending, keepUntil, audit } = this.copy(renewal);
    const { id, userTag } = session;
    const current = this.#sessionOf({ id, user: userTag });
    if (current === null || current.credential !== ifCredential || !isLive(current, now)) return 'not-live';
    if (ifVersion !== undefined && !this.#isVersion(userTag, ifVersion)) return 'conflict';
    if (ifVersion !== undefined && !this.#hasMembership(session)) return 'conflict';
    const { credential, serial, account, accountTag, stamps } = session;
    const { authenticatedAt, expiresAt, idle, amr, attributes, client } = session;
    this.#change(current, {
      ...{ credential, serial, account, accountTag, authenticatedAt, expiresAt, idle, amr, attributes, client },
      // The stamps of the realm and the user stay: a renewal must not carry a session over a revocation.
      stamps: { ...current.stamps, account: stamps.account, member: stamps.member },
      lastUsedAt: Math.max(current.lastUsedAt, session.lastUsedAt),
    });
    this.#endOthers(userTag, ending);
    this.#raise(userTag, keepUntil);
    this.#raise(membershipOfSession(session), keepUntil);
    if (moves) this.#move(userTag);
    this.writeAudit(audit);
    return 'renewed';
  }

  end(ref: EndRef, given: Ended, records: readonly AuditRecord[]): boolean {
    const [ended, audit] = this.copy([given, records] as const);
    const session = this.#sessionOf(ref);
    if (session === null || session.ended !== null) return false;
    if (session.lastUsedAt > (ref.ifUnusedSince ?? Number.POSITIVE_INFINITY)) return false;
    this.#change(session, { ended });
    this.#move(session.userTag);
    this.writeAudit(audit);
    return true;
  }

  advance(tag: Tag, advance: Advance): 'advanced' | 'conflict' | 'not-live' {
    const { record, member, ifMemberVersion, ifVersion, now, keepUntil, initiator, audit } = this.copy(advance);
    const target = member === undefined ? tag : memberTag(tag, member);
    const row = this.data.epochs.get(target);
    if (row === undefined || !this.#isVersion(tag, ifVersion)) return 'conflict';
    if (member !== undefined && !this.#isVersion(target, ifMemberVersion)) return 'conflict';
    // The last condition, because it writes.
    if (initiator !== undefined && !this.#rotate(tag, initiator, now)) return 'not-live';
    row.record = record;
    for (const each of new Set([target, tag])) {
      this.#raise(each, keepUntil);
      this.#move(each);
    }
    this.writeAudit(audit);
    return 'advanced';
  }

  #rotate(user: Tag, { id, ifCredential, credential, serial }: InitiatorRotation, now: number): boolean {
    const session = this.#sessionOf({ id, user });
    if (session === null || session.credential !== ifCredential || !isLive(session, now)) return false;
    this.#change(session, { credential, serial });
    return true;
  }

  listUsers(
    { realm, account }: UsersOf,
    after: string | null,
    limit: number,
  ): { readonly users: readonly Tag[]; readonly after: string | null } {
    const there = [...this.data.sessions.values()].filter(
      (session) => session.realm === realm && (account === null || session.accountTag === account),
    );
    const { page, next } = pageOf(new Set(there.map(({ userTag }) => userTag)), after, limit);
    return { users: page, after: next };
  }

  memberships(
    user: Tag,
    after: string | null,
    limit: number,
  ): { readonly accounts: readonly Tag[]; readonly after: string | null } {
    const own = [...this.data.epochs.keys()].map(membershipOf).filter((one) => one?.user === user);
    const accounts = own.flatMap((one) => one?.account ?? []);
    const { page, next } = pageOf(accounts, after, limit);
    return { accounts: page, after: next };
  }

  deleteSessions(user: Tag, limit: number): number {
    const gone = this.#sessionsOf(user).slice(0, limit);
    for (const { id } of gone) this.data.sessions.delete(id);
    if (gone.length > 0) this.#move(user);
    return gone.length;
  }

  prune({ sessionsBefore, epochsBefore, limit, after, revoked }: PruneBatch): Pruned {
    const all = [...this.data.sessions.values()];
    const over = all.filter((session) => (endOf(session) ?? Number.POSITIVE_INFINITY) <= sessionsBefore);
    const endless = all.filter((session) => endOf(session) === null).map(({ id }) => id);
    const gone = over.slice(0, limit).map(({ id }) => id);
    // The position is the id of a session. A user's tag would skip the user's other sessions.
    const { page, next } = pageOf(endless, after, limit - gone.length);
    for (const id of page) {
      const session = this.data.sessions.get(id);
      if (session !== undefined && revoked(this.#found(realmTag(session.realm), session))) gone.push(id);
    }
    for (const id of gone) this.data.sessions.delete(id);

    const stale = [...this.data.epochs].filter(([, { keepUntil }]) => keepUntil !== null && keepUntil < epochsBefore);
    for (const [tag] of stale.slice(0, limit)) this.data.epochs.delete(tag);
    const more = over.length > limit || next !== null || stale.length > limit;
    return { sessions: gone.length, epochs: Math.min(stale.length, limit), more, after: page.at(-1) ?? after };
  }

  /**
   * Copies what comes in and what goes out. A database does so by itself. A write copies its arguments before it changes anything,
   * so that it happens wholly or not at all.
   */
  protected copy<Value>(value: Value): Value {
    return structuredClone(value);
  }

  /** A store with the power `audit` writes these entries in the step of the verb. Without the power, there are none. */
  protected writeAudit(_: readonly AuditRecord[]): void {}
}

/** The tag of the membership that a session is in; `null` outside of accounts. */
const membershipOfSession = ({ userTag, accountTag }: SessionRecord): Tag | null =>
  accountTag === null ? null : memberTag(userTag, accountTag);

type Place = Pick<SessionRecord, 'createdAt' | 'id'>;

const youngestFirst = (a: Place, b: Place): number =>
  b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);

/** The next page of some keys after a position; `next` is `null` on the last page. */
function pageOf(
  keys: Iterable<string>,
  after: string | null,
  limit: number,
): { readonly page: readonly string[]; readonly next: string | null } {
  const rest = [...keys].filter((key) => after === null || key > after).sort();
  const page = rest.slice(0, limit);
  return { page, next: rest.length > limit ? (page.at(-1) ?? after ?? '') : null };
}
