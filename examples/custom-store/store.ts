// A session store over two Maps. Read it from top to bottom, beside docs/writing-a-store.md. The verbs come in the
// order in which you implement them. Helpers come after them. The store passes the contract suite. Every verb is
// synchronous, so it is one atomic step. In a database, make it one statement, one transaction or one script.
import {
  type AuditRecord,
  type Ending,
  type EpochRecord,
  endOf,
  type FoundSession,
  isLive,
  membershipOf,
  memberTag,
  realmTag,
  type SessionRecord,
  type SessionRef,
  type SessionStore,
  type Tag,
} from 'session-revocation/adapter';

/** A record, its version, and the time in Unix ms until which it is kept; `null` keeps it for ever. */
export type EpochRow = { record: EpochRecord; version: number; keepUntil: number | null };

/** Everything that a store keeps. Two stores may share it, as two processes share a database. */
export interface Data {
  readonly sessions: Map<string, SessionRecord>;
  readonly epochs: Map<Tag, EpochRow>;
  /** Stays empty until the store declares the power `audit`. */
  readonly audit: AuditRecord[];
}

export const emptyData = (): Data => ({ sessions: new Map(), epochs: new Map(), audit: [] });

/**
 * Creates the store. It applies `copy` to all arguments and results, because a database also returns copies. A write
 * copies its arguments before it changes anything. If a copy fails, nothing has changed.
 */
export function mapStore(data: Data = emptyData(), copy: <Value>(value: Value) => Value = structuredClone) {
  const { sessions, epochs } = data;

  return {
    readEpochs(tags) {
      return tags.map((tag) => {
        const row = epochs.get(tag);
        return row === undefined ? null : copy({ record: row.record, version: row.version });
      });
    },

    ensureEpochs(requests) {
      return requests.map(({ tag, create, version, keepUntil }) => {
        const row = epochs.get(tag) ?? { record: copy(create), version, keepUntil };
        epochs.set(tag, row);
        raise(tag, keepUntil);
        return copy({ record: row.record, version: row.version });
      });
    },

    add(given, write) {
      const session = copy(given);
      const { ifVersion, ending, keepUntil, audit } = copy(write);
      const records = recordsOf(session);
      if (!records.every((tag) => epochs.has(tag)) || !isVersion(session.userTag, ifVersion)) return 'conflict';
      if (sessions.has(session.id)) return 'conflict';
      sessions.set(session.id, session);
      endOthers(session.userTag, ending);
      for (const tag of records) raise(tag, keepUntil);
      move(session.userTag);
      data.audit.push(...audit);
      return 'added';
    },

    find(realm, refs) {
      return refs.map((ref) => {
        const session = sessionOf(ref);
        return session === null ? null : foundOf(realm, session);
      });
    },

    list(realm, user, { account, born, ended, now, after, limit }) {
      const rows = sessionsOf(user)
        .filter(({ accountTag }) => account === undefined || accountTag === account)
        .filter(({ stamps }) => born === undefined || born.user.includes(stamps.user))
        .filter(({ stamps }) => !born?.member || born.member.includes(stamps.member ?? ''))
        .filter((session) => ended || isLive(session, now))
        .filter((session) => after === undefined || youngestFirst(after, session) < 0)
        .sort(youngestFirst);
      return { found: rows.slice(0, limit).map((session) => foundOf(realm, session)), more: rows.length > limit };
    },

    touch(touches, now) {
      for (const { id, user, at } of touches) {
        const session = sessionOf({ id, user });
        if (session === null || !isLive(session, Math.max(at, now()))) continue;
        change(session, { lastUsedAt: Math.max(session.lastUsedAt, at) });
      }
    },

    renew(renewal) {
      const { session, ifCredential, ifVersion, now, moves, ending, keepUntil, audit } = copy(renewal);
      const { userTag, credential, serial, account, accountTag, stamps } = session;
      const { authenticatedAt, expiresAt, idle, amr, attributes, client } = session;
      const current = sessionOf({ id: session.id, user: userTag });
      if (current?.credential !== ifCredential || !isLive(current, now)) return 'not-live';
      const records = recordsOf(session);
      const isChecked = ifVersion !== undefined;
      if (isChecked && !(records.every((tag) => epochs.has(tag)) && isVersion(userTag, ifVersion))) return 'conflict';
      change(current, {
        ...{ credential, serial, account, accountTag, authenticatedAt, expiresAt, idle, amr, attributes, client },
        // The stamps of the realm and the user stay: a renewal must not carry a session over a revocation.
        stamps: { ...current.stamps, account: stamps.account, member: stamps.member },
        lastUsedAt: Math.max(current.lastUsedAt, session.lastUsedAt),
      });
      endOthers(userTag, ending);
      for (const tag of records) raise(tag, keepUntil);
      if (moves) move(userTag);
      data.audit.push(...audit);
      return 'renewed';
    },

    end(ref, given, records) {
      const [ended, audit] = copy([given, records] as const);
      const session = sessionOf(ref);
      if (session === null || session.ended !== null) return false;
      if (ref.ifUnusedSince !== undefined && session.lastUsedAt > ref.ifUnusedSince) return false;
      change(session, { ended });
      move(session.userTag);
      data.audit.push(...audit);
      return true;
    },

    advance(tag, advance) {
      const { record, member, ifMemberVersion, ifVersion, now, keepUntil, initiator, audit } = copy(advance);
      const target = member === undefined ? tag : memberTag(tag, member);
      const row = epochs.get(target);
      if (row === undefined || !isVersion(tag, ifVersion)) return 'conflict';
      if (member !== undefined && !isVersion(target, ifMemberVersion)) return 'conflict';
      if (initiator !== undefined) {
        const { id, ifCredential, credential, serial } = initiator;
        const session = sessionOf({ id, user: tag });
        if (session?.credential !== ifCredential || !isLive(session, now)) return 'not-live';
        change(session, { credential, serial });
      }
      row.record = record;
      for (const each of new Set([target, tag])) {
        raise(each, keepUntil);
        move(each);
      }
      data.audit.push(...audit);
      return 'advanced';
    },

    listUsers({ realm, account }, after, limit) {
      const users = [...sessions.values()]
        .filter((session) => session.realm === realm && (account === null || session.accountTag === account))
        .map(({ userTag }) => userTag);
      const { page, next } = pageOf(new Set(users), after, limit);
      return { users: page, after: next };
    },

    memberships(user, after, limit) {
      const own = [...epochs.keys()].map(membershipOf).filter((membership) => membership?.user === user);
      const { page, next } = pageOf(
        own.flatMap((membership) => membership?.account ?? []),
        after,
        limit,
      );
      return { accounts: page, after: next };
    },

    deleteSessions(user, limit) {
      const gone = sessionsOf(user).slice(0, limit);
      for (const { id } of gone) sessions.delete(id);
      if (gone.length > 0) move(user);
      return gone.length;
    },

    prune({ sessionsBefore, epochsBefore, limit, after, revoked }) {
      const all = [...sessions.values()];
      const over = all.filter((session) => (endOf(session) ?? Number.POSITIVE_INFINITY) <= sessionsBefore);
      const endless = all.filter((session) => endOf(session) === null).map(({ id }) => id);
      const gone = over.slice(0, limit).map(({ id }) => id);
      // The position is the id of a session. A position by user would skip the user's other sessions.
      const { page, next } = pageOf(endless, after, limit - gone.length);
      for (const id of page) {
        const session = sessions.get(id);
        if (session !== undefined && revoked(foundOf(realmTag(session.realm), session))) gone.push(id);
      }
      for (const id of gone) sessions.delete(id);

      const room = limit - gone.length;
      const stale = [...epochs].filter(([, { keepUntil }]) => keepUntil !== null && keepUntil < epochsBefore);
      for (const [tag] of stale.slice(0, room)) epochs.delete(tag);
      const more = over.length > limit || next !== null || stale.length > room;
      return { sessions: gone.length, epochs: Math.min(stale.length, room), more, after: page.at(-1) ?? after };
    },
  } satisfies SessionStore;

  /** Finds a session by reference. The client supplies the reference, so the stored tags must match it. */
  function sessionOf({ id, user, account }: SessionRef): SessionRecord | null {
    const session = sessions.get(id);
    if (session === undefined || session.userTag !== user) return null;
    return account === undefined || account === session.accountTag ? session : null;
  }

  function sessionsOf(user: Tag): SessionRecord[] {
    return [...sessions.values()].filter(({ userTag }) => userTag === user);
  }

  function foundOf(realm: Tag, session: SessionRecord): FoundSession {
    const tags = [realm, session.accountTag, ...recordsOf(session)];
    const records = tags.map((tag) => (tag === null ? undefined : epochs.get(tag)?.record));
    const [ofRealm = null, account = null, user = null, member = null] = records;
    return copy({ session, epochs: { realm: ofRealm, account, user, member } });
  }

  /** Replaces a session's row. It never edits a row, because a caller may still hold it. */
  function change(session: SessionRecord, changes: Partial<SessionRecord>): void {
    sessions.set(session.id, { ...session, ...changes });
  }

  function endOthers(user: Tag, ending: readonly Ending[]): void {
    for (const { id, ended, audit } of ending) {
      const session = sessionOf({ id, user });
      if (session === null || !isLive(session, ended.at)) continue;
      change(session, { ended });
      data.audit.push(...audit);
    }
  }

  /** Compares a record's version. `undefined` matches any version. */
  function isVersion(tag: Tag, version: number | undefined): boolean {
    return version === undefined || epochs.get(tag)?.version === version;
  }

  function move(tag: Tag): void {
    const row = epochs.get(tag);
    if (row !== undefined) row.version += 1;
  }

  /** Extends the time for which a record is kept. It never shortens it. The version stays. */
  function raise(tag: Tag, keepUntil: number | null): void {
    const row = epochs.get(tag);
    if (row === undefined || row.keepUntil === null) return;
    row.keepUntil = keepUntil === null ? null : Math.max(row.keepUntil, keepUntil);
  }
}

/** Returns the tags of the records that a session needs: its user's and, in an account, the membership's. */
const recordsOf = ({ userTag, accountTag }: SessionRecord): readonly Tag[] =>
  accountTag === null ? [userTag] : [userTag, memberTag(userTag, accountTag)];

type Place = Pick<SessionRecord, 'createdAt' | 'id'>;

const youngestFirst = (a: Place, b: Place): number =>
  b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);

/** Returns the next page of keys after a position. `next` is `null` on the last page. */
function pageOf(keys: Iterable<string>, after: string | null, limit: number) {
  const rest = [...keys].filter((key) => after === null || key > after).sort();
  const page = rest.slice(0, limit);
  return { page, next: rest.length > limit ? (page.at(-1) ?? after ?? '') : null };
}
