import type { SessionRecord } from '../../../src/model/session.ts';
import type { UsersOf } from '../../../src/store/store.ts';
import { change, every, type Faults, rowOf } from './fault.ts';

const isThere = ({ realm, accountTag }: SessionRecord, of: UsersOf): boolean =>
  realm === of.realm && (of.account === null || accountTag === of.account);

/** Stores that break the lists of users, or the removal of their sessions. */
export const USERS: Faults = {
  'listUsers knows nobody': () => ({ listUsers: () => ({ users: [], after: null }) }),
  'listUsers has one page': (store) => ({
    listUsers: (of, after, limit) => ({ ...store.listUsers(of, after, limit), after: null }),
  }),
  'listUsers has no limit': (store) => ({ listUsers: (of, after) => store.listUsers(of, after, 1_000_000) }),
  'listUsers knows no realm': (store, data) => ({
    listUsers(of, after, limit) {
      const realms = of.account === null ? [...new Set(every(data).map(({ realm }) => realm))] : [of.realm];
      const users = realms.flatMap((realm) => store.listUsers({ ...of, realm }, after, limit).users);
      return { users: users.slice(0, limit), after: users.length > limit ? (users.at(limit - 1) ?? null) : null };
    },
  }),
  'listUsers knows no account': (store) => ({
    listUsers: ({ realm }, after, limit) => store.listUsers({ realm, account: null }, after, limit),
  }),
  'listUsers goes on by number': (_, data) => ({
    listUsers(of, after, limit) {
      const there = every(data).filter((session) => isThere(session, of));
      const all = [...new Set(there.map(({ userTag }) => userTag))];
      const begin = Number(after ?? 0);
      const end = begin + limit;
      return { users: all.slice(begin, end), after: end < all.length ? `${end}` : null };
    },
  }),
  'listUsers goes from session to session': (_, data) => ({
    listUsers(of, after, limit) {
      const rows = every(data).filter((session) => isThere(session, of));
      const next = rows.sort((a, b) => (a.id < b.id ? -1 : 1)).filter(({ id }) => id > (after ?? ''));
      const page = next.slice(0, limit);
      return {
        users: page.map(({ userTag }) => userTag),
        after: next.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  }),
  'listUsers remembers': (store) => {
    const known: SessionRecord[] = [];
    return {
      add(session, write) {
        known.push(session);
        return store.add(session, write);
      },
      listUsers(of) {
        const there = known.filter((session) => isThere(session, of));
        return { users: [...new Set(there.map(({ userTag }) => userTag))], after: null };
      },
    };
  },
  'a removal of nothing moves the version': (store, data) => ({
    deleteSessions(user, limit) {
      const row = rowOf(data, user);
      if (row !== undefined) row.version++;
      return store.deleteSessions(user, limit);
    },
  }),
  'deleteSessions has no limit': (store) => ({ deleteSessions: (user) => store.deleteSessions(user, 1_000_000) }),
  'deleteSessions spares what is over': (_, data) => ({
    deleteSessions(user, limit) {
      const rows = every(data).filter(({ userTag, ended }) => userTag === user && ended === null);
      for (const { id } of rows.slice(0, limit)) data.sessions.delete(id);
      return Math.min(rows.length, limit);
    },
  }),
  'deleteSessions takes strangers along': (store, data) => ({
    deleteSessions(user, limit) {
      const name = every(data).find(({ userTag }) => userTag === user)?.user;
      const tags = new Set([user, ...every(data).flatMap((one) => (one.user === name ? [one.userTag] : []))]);
      return [...tags].reduce((removed, tag) => removed + store.deleteSessions(tag, limit - removed), 0);
    },
  }),
  'deleteSessions writes tombstones': (_, data) => ({
    deleteSessions(user, limit) {
      const rows = every(data).filter(({ userTag, ended }) => userTag === user && ended?.reason !== 'removed');
      const ended = { at: 0, by: null, reason: 'removed', fromDevice: null };
      for (const { id } of rows.slice(0, limit)) change(data, id, { ended });
      return Math.min(rows.length, limit);
    },
  }),
  'deleteSessions leaves the version': (store, data) => ({
    deleteSessions(user, limit) {
      const row = rowOf(data, user);
      const version = row?.version;
      const removed = store.deleteSessions(user, limit);
      if (row !== undefined && version !== undefined) row.version = version;
      return removed;
    },
  }),
  'deleteSessions takes the record along': (store, data) => ({
    deleteSessions(user, limit) {
      data.epochs.delete(user);
      return store.deleteSessions(user, limit);
    },
  }),
};
