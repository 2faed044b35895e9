import type { EpochRecord } from '../../src/epoch.ts';
import type { AuditRecord, DiagnosisPower, Finding, StorePowers, TransactionPower } from '../../src/powers.ts';
import { expiryOf, overAt, type SessionRecord } from '../../src/session.ts';
import type { Ending, FoundSession, SessionStore } from '../../src/store.ts';
import { realmTag, type Tag } from '../../src/token.ts';
import { referencePowers } from './reference-powers.ts';

/** A record, its version, and until when it is kept at least. */
export interface EpochRow {
  record: EpochRecord;
  version: number;
  keepUntil: number | null;
}

/** What a store holds; several stores may share it, as processes share a database. */
export interface Data {
  readonly sessions: Map<string, SessionRecord>;
  readonly epochs: Map<Tag, EpochRow>;
  readonly audit: AuditRecord[];
  readonly policies: Map<Tag, string>;
}

/** Verbs that answer at once. */
type Sync<Verbs> = {
  readonly [Verb in keyof Verbs]-?: NonNullable<Verbs[Verb]> extends (...given: infer Given) => infer Answer
    ? (...given: Given) => Awaited<Answer>
    : never;
};

/** Powers that answer at once. */
export type SyncPowers = { readonly [Name in 'audit' | 'policies']-?: Sync<NonNullable<StorePowers[Name]>> };

/** Those, and the others. */
export interface ReferencePowers extends SyncPowers {
  readonly transactions: TransactionPower<Data>;
  readonly diagnosis: DiagnosisPower;
}

/** A store that answers at once, with every power. */
export type SyncStore = Sync<Omit<SessionStore, 'setup' | 'powers'>> & { readonly powers: ReferencePowers };

const WELL: Finding = { subject: 'connection', level: 'ok', found: 'the data are in this process', advice: null };

export const emptyData = (): Data => ({ sessions: new Map(), epochs: new Map(), audit: [], policies: new Map() });

/** The port, as plainly as it can be written: for reading beside it, and for breaking. */
export function referenceStore(data: Data = emptyData()): SyncStore {
  const { sessions, epochs } = data;
  const copy = structuredClone;
  let closed = false;
  const open = (): void => {
    if (closed) throw new Error('the store is closed');
  };

  const raise = (row: EpochRow | undefined, until: number | null): void => {
    if (row === undefined || row.keepUntil === null) return;
    if (until === null || until > row.keepUntil) row.keepUntil = until;
  };
  const move = (row: EpochRow | undefined): void => {
    if (row !== undefined) row.version += 1;
  };
  const within = (session: SessionRecord, at: number): boolean => {
    const expiry = expiryOf(session);
    return session.ended === null && (expiry === null || at < expiry);
  };
  const log = (records: readonly AuditRecord[]): void => {
    data.audit.push(...records);
  };
  const endAll = (user: Tag, ending: readonly Ending[]): void => {
    for (const { id, ended, audit } of ending) {
      const session = sessions.get(id);
      if (session?.userTag !== user || session.ended !== null) continue;
      sessions.set(id, { ...session, ended });
      log(audit);
    }
  };
  const record = (tag: Tag | null): EpochRecord | null => (tag === null ? null : (epochs.get(tag)?.record ?? null));
  const found = (realm: Tag, session: SessionRecord): FoundSession =>
    copy({
      session,
      epochs: { realm: record(realm), account: record(session.accountTag), user: record(session.userTag) },
    });

  return {
    powers: {
      ...referencePowers(data, open),
      transactions: { within: (transaction) => referenceStore(transaction) },
      diagnosis: { diagnose: () => [WELL] },
    },

    epochs(requests) {
      open();
      return requests.map(({ tag, create, version, keepUntil }) => {
        const there = epochs.get(tag);
        if (create === null) return there === undefined ? null : copy({ record: there.record, version: there.version });
        const row = there ?? { record: copy(create), version, keepUntil };
        epochs.set(tag, row);
        raise(row, keepUntil);
        return copy({ record: row.record, version: row.version });
      });
    },

    add(given, write) {
      open();
      const { ifVersion, keepUntil } = write;
      const [session, ending, audit] = copy([given, write.ending, write.audit] as const);
      const row = epochs.get(session.userTag);
      if (row === undefined || (ifVersion !== undefined && row.version !== ifVersion) || sessions.has(session.id))
        return 'conflict';
      sessions.set(session.id, session);
      endAll(session.userTag, ending);
      raise(row, keepUntil);
      move(row);
      log(audit);
      return 'added';
    },

    find(realm, refs) {
      open();
      return refs.map(({ id, user, account }) => {
        const session = sessions.get(id);
        if (session?.userTag !== user || (account !== undefined && account !== session.accountTag)) return null;
        return found(realm, session);
      });
    },

    list(realm, user, { account, over, now, after, limit }) {
      open();
      const rows = [...sessions.values()]
        .filter((session) => session.userTag === user && (account === undefined || session.accountTag === account))
        .filter((session) => over || within(session, now))
        .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
        .filter(
          ({ createdAt, id }) =>
            !after || createdAt < after.createdAt || (createdAt === after.createdAt && id < after.id),
        );
      return { found: rows.slice(0, limit).map((session) => found(realm, session)), more: rows.length > limit };
    },

    touch(touches) {
      open();
      for (const { id, user, at } of touches) {
        const session = sessions.get(id);
        if (session?.userTag !== user || !within(session, at) || at <= session.lastUsedAt) continue;
        sessions.set(id, { ...session, lastUsedAt: at });
      }
    },

    renew(renewal) {
      open();
      const { session, ifHash, now, ifVersion, ending, keepUntil, moves, audit } = copy(renewal);
      const old = sessions.get(session.id);
      const row = epochs.get(session.userTag);
      if (old?.userTag !== session.userTag || old.hash !== ifHash || !within(old, now)) return 'not-live';
      if (ifVersion !== undefined && row?.version !== ifVersion) return 'conflict';
      const { hash, serial, account, accountTag, authenticatedAt, expiresAt, idle, amr, attributes } = session;
      sessions.set(old.id, {
        ...old,
        ...{ hash, serial, account, accountTag, authenticatedAt, expiresAt, idle, amr, attributes },
        stamps: { ...old.stamps, account: session.stamps.account, member: session.stamps.member },
        lastUsedAt: Math.max(old.lastUsedAt, session.lastUsedAt),
      });
      endAll(session.userTag, ending);
      raise(row, keepUntil);
      if (moves) move(row);
      log(audit);
      return 'renewed';
    },

    end({ id, user }, ...given) {
      open();
      const [ended, audit] = copy(given);
      const session = sessions.get(id);
      if (session?.userTag !== user || session.ended !== null) return false;
      endAll(user, [{ id, ended, audit }]);
      move(epochs.get(user));
      return true;
    },

    advance(tag, advance) {
      open();
      const { record: next, ifVersion, now, keepUntil, asker, audit } = copy(advance);
      const row = epochs.get(tag);
      if (row?.version !== ifVersion) return 'conflict';
      if (asker !== undefined) {
        const session = sessions.get(asker.id);
        if (session?.userTag !== tag || session.hash !== asker.ifHash || !within(session, now)) return 'not-live';
        sessions.set(asker.id, { ...session, hash: asker.hash, serial: asker.serial });
      }
      row.record = next;
      raise(row, keepUntil);
      move(row);
      log(audit);
      return 'advanced';
    },

    users({ realm, account }, after, limit) {
      open();
      const there = [...sessions.values()].filter(
        (session) => session.realm === realm && (account === null || session.accountTag === account),
      );
      const tags = [...new Set(there.map(({ userTag }) => userTag))].sort();
      const users = tags.filter((tag) => tag > (after ?? '')).slice(0, limit);
      return { users, after: users.length === limit ? (users.at(-1) ?? null) : null };
    },

    remove(user, limit) {
      open();
      const rows = [...sessions.values()].filter(({ userTag }) => userTag === user).slice(0, limit);
      for (const { id } of rows) sessions.delete(id);
      if (rows.length > 0) move(epochs.get(user));
      return rows.length;
    },

    prune({ sessionsBefore, epochsBefore, limit, after, revoked }) {
      open();
      const rows = [...sessions.values()];
      const over = rows.filter((session) => (overAt(session) ?? Infinity) <= sessionsBefore).slice(0, limit);
      const eternal = rows.filter((session) => overAt(session) === null && (after === null || session.id > after));
      const looked = eternal.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, Math.max(0, limit - over.length));
      const gone = [...over, ...looked.filter((session) => revoked(found(realmTag(session.realm), session)))];
      for (const { id } of gone) sessions.delete(id);

      const stale = [...epochs]
        .filter(([, { keepUntil }]) => keepUntil !== null && keepUntil < epochsBefore)
        .slice(0, limit);
      for (const [tag] of stale) epochs.delete(tag);
      const more = over.length === limit || looked.length < eternal.length || stale.length === limit;
      return { sessions: gone.length, epochs: stale.length, more, after: looked.at(-1)?.id ?? after };
    },

    close() {
      closed = true;
    },
  };
}
