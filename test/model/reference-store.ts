import {
  type Advance,
  type AskerRotation,
  type AuditRecord,
  type Ended,
  type EpochRecord,
  type EpochRequest,
  expiryOf,
  type FoundSession,
  type ListPage,
  overAt,
  type PruneBatch,
  type Pruned,
  type Renewal,
  type SessionRecord,
  type SessionRef,
  type SessionStore,
  type Tag,
  type Touch,
  type UsersOf,
  type UserWrite,
  type VersionedEpoch,
} from 'session-revocation';
import { realmTag } from '../../src/token.ts';
import { ReferenceLog, ReferencePolicies } from './reference-powers.ts';

interface Row {
  readonly record: EpochRecord;
  readonly version: number;
  readonly keepUntil: number | null;
}

/**
 * The port in its plainest words: two maps, one process, no bounds, nothing but what the port's comments say. It is
 * what the explorer steps through; and it can lose a record, which no real store offers.
 */
export class ReferenceStore implements SessionStore {
  readonly log: ReferenceLog = new ReferenceLog();
  readonly policies: ReferencePolicies = new ReferencePolicies(this.log);
  readonly powers: { readonly audit: ReferenceLog; readonly policies: ReferencePolicies } = {
    ...{ audit: this.log, policies: this.policies },
  };
  readonly #sessions = new Map<string, SessionRecord>();
  readonly #epochs = new Map<Tag, Row>();

  /** All that is kept, as text. */
  dump(): string {
    const { entries } = this.log;
    const [sessions, epochs, policies] = [[...this.#sessions.values()], [...this.#epochs], [...this.policies.values]];
    return JSON.stringify({ sessions, epochs, entries, policies }, null, 1);
  }

  /** A record, without creating it. */
  peek(tag: Tag): EpochRecord | null {
    return this.#epochs.get(tag)?.record ?? null;
  }

  /** A session's row. */
  row(id: string): SessionRecord | null {
    return this.#sessions.get(id) ?? null;
  }

  /** Writes a session's row, whatever is there: only what is broken on purpose does so. */
  overwrite(session: SessionRecord): void {
    this.#sessions.set(session.id, session);
  }

  /** Forgets a record. */
  lose(tag: Tag): void {
    this.#epochs.delete(tag);
  }

  /** Forgets the records of users of whom no session is there. */
  loseUnlisted(isUser: (tag: Tag) => boolean): void {
    const users = new Set([...this.#sessions.values()].map(({ userTag }) => userTag));
    for (const tag of this.#epochs.keys()) if (isUser(tag) && !users.has(tag)) this.#epochs.delete(tag);
  }

  epochs(requests: readonly EpochRequest[]): readonly (VersionedEpoch | null)[] {
    return requests.map(({ tag, create, version, keepUntil }) => {
      const there = this.#epochs.get(tag);
      if (create === null) return there === undefined ? null : { record: there.record, version: there.version };
      const row = there ?? { record: create, version, keepUntil };
      this.#epochs.set(tag, raised(row, keepUntil));
      return { record: row.record, version: row.version };
    });
  }

  add(session: SessionRecord, write: UserWrite): 'added' | 'conflict' {
    if (!this.#isVersion(session.userTag, write.ifVersion) || this.#sessions.has(session.id)) return 'conflict';
    this.#sessions.set(session.id, session);
    this.#writeUser(session.userTag, write, true);
    this.log.append(write.audit);
    return 'added';
  }

  find(realm: Tag, refs: readonly SessionRef[]): readonly (FoundSession | null)[] {
    return refs.map(({ id, user, account }) => {
      const session = this.#sessions.get(id);
      if (session === undefined || session.userTag !== user) return null;
      if (account !== undefined && session.accountTag !== account) return null;
      return this.#found(realm, session);
    });
  }

  list(realm: Tag, user: Tag, page: ListPage): { readonly found: readonly FoundSession[]; readonly more: boolean } {
    const { account, over, now, after, limit } = page;
    const rows = [...this.#sessions.values()]
      .filter((session) => session.userTag === user && (account === undefined || session.accountTag === account))
      .filter((session) => over || isUsable(session, now))
      .sort(youngestFirst)
      .filter((session) => after === undefined || youngestFirst(after, session) < 0);
    return {
      found: rows.slice(0, limit).map((session) => this.#found(realm, session)),
      more: rows.length > limit,
    };
  }

  touch(touches: readonly Touch[]): void {
    for (const { id, user, at } of touches) {
      const session = this.#sessions.get(id);
      if (session === undefined || session.userTag !== user || !isUsable(session, at)) continue;
      this.#sessions.set(id, { ...session, lastUsedAt: Math.max(session.lastUsedAt, at) });
    }
  }

  renew({ session, ifHash, now, moves, ...write }: Renewal): 'renewed' | 'not-live' | 'conflict' {
    const current = this.#sessions.get(session.id);
    if (current === undefined || current.userTag !== session.userTag) return 'not-live';
    if (current.hash !== ifHash || !isUsable(current, now)) return 'not-live';
    if (write.ifVersion !== undefined && !this.#isVersion(session.userTag, write.ifVersion)) return 'conflict';
    const { hash, serial, account, accountTag, stamps, authenticatedAt, expiresAt, idle, amr, attributes } = session;
    this.#sessions.set(session.id, {
      ...current,
      ...{ hash, serial, account, accountTag, authenticatedAt, expiresAt, idle, amr, attributes },
      stamps: { ...current.stamps, account: stamps.account, member: stamps.member },
      lastUsedAt: Math.max(current.lastUsedAt, session.lastUsedAt),
    });
    this.#writeUser(session.userTag, write, moves);
    this.log.append(write.audit);
    return 'renewed';
  }

  end({ id, user }: SessionRef, ended: Ended, audit: readonly AuditRecord[]): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined || session.userTag !== user || session.ended !== null) return false;
    this.#sessions.set(id, { ...session, ended });
    this.#writeUser(user, NOTHING_MORE, true);
    this.log.append(audit);
    return true;
  }

  advance(
    tag: Tag,
    { record, ifVersion, now, keepUntil, asker, audit }: Advance,
  ): 'advanced' | 'conflict' | 'not-live' {
    const row = this.#epochs.get(tag);
    if (row === undefined || row.version !== ifVersion) return 'conflict';
    if (asker !== undefined && !this.#rotate(tag, asker, now)) return 'not-live';
    this.#epochs.set(tag, raised({ ...row, record, version: row.version + 1 }, keepUntil));
    this.log.append(audit);
    return 'advanced';
  }

  #rotate(user: Tag, { id, ifHash, hash, serial }: AskerRotation, now: number): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined || session.userTag !== user || session.hash !== ifHash) return false;
    if (!isUsable(session, now)) return false;
    this.#sessions.set(id, { ...session, hash, serial });
    return true;
  }

  users(
    { realm, account }: UsersOf,
    after: string | null,
    limit: number,
  ): { users: readonly Tag[]; after: string | null } {
    const there = [...this.#sessions.values()].filter(
      (session) => session.realm === realm && (account === null || session.accountTag === account),
    );
    const users = [...new Set(there.map(({ userTag }) => userTag))]
      .sort()
      .filter((tag) => after === null || tag > after);
    const page = users.slice(0, limit);
    return { users: page, after: users.length > limit ? page.at(-1)! : null };
  }

  remove(user: Tag, limit: number): number {
    const sessions = [...this.#sessions.values()].filter(({ userTag }) => userTag === user).slice(0, limit);
    for (const { id } of sessions) this.#sessions.delete(id);
    this.#writeUser(user, NOTHING_MORE, true);
    return sessions.length;
  }

  prune({ sessionsBefore, epochsBefore, revoked }: PruneBatch): Pruned {
    const sessions = [...this.#sessions.values()].filter((session) => {
      const over = overAt(session);
      return over === null ? revoked(this.#found(realmTag(session.realm), session)) : over <= sessionsBefore;
    });
    for (const { id } of sessions) this.#sessions.delete(id);
    const epochs = [...this.#epochs].filter(([, { keepUntil }]) => keepUntil !== null && keepUntil < epochsBefore);
    for (const [tag] of epochs) this.#epochs.delete(tag);
    return { sessions: sessions.length, epochs: epochs.length, more: false, after: null };
  }

  #found(realm: Tag, session: SessionRecord): FoundSession {
    const { userTag, accountTag } = session;
    const account = accountTag === null ? null : this.peek(accountTag);
    return { session, epochs: { realm: this.peek(realm), user: this.peek(userTag), account } };
  }

  #isVersion(user: Tag, version: number | undefined): boolean {
    const row = this.#epochs.get(user);
    return row !== undefined && (version === undefined || row.version === version);
  }

  #writeUser(user: Tag, { ending, keepUntil }: Pick<UserWrite, 'ending' | 'keepUntil'>, moves: boolean): void {
    for (const { id, ended, audit } of ending) {
      const session = this.#sessions.get(id);
      if (session?.userTag !== user || !isUsable(session, ended.at)) continue;
      this.#sessions.set(id, { ...session, ended });
      this.log.append(audit);
    }
    const row = this.#epochs.get(user);
    if (row !== undefined)
      this.#epochs.set(user, raised({ ...row, version: row.version + (moves ? 1 : 0) }, keepUntil));
  }
}

const NOTHING_MORE = { ending: [], keepUntil: 0 };

function raised(row: Row, keepUntil: number | null): Row {
  if (row.keepUntil === null || keepUntil === null) return { ...row, keepUntil: null };
  return { ...row, keepUntil: Math.max(row.keepUntil, keepUntil) };
}

/** Without a tombstone, and within its lifetimes. */
function isUsable(session: SessionRecord, now: number): boolean {
  const expiry = expiryOf(session);
  return session.ended === null && (expiry === null || now < expiry);
}

type Place = Pick<SessionRecord, 'createdAt' | 'id'>;
const youngestFirst = (a: Place, b: Place): number =>
  b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
