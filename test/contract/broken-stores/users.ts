import type { SessionRecord } from '../../../src/session.ts';
import type { UsersOf } from '../../../src/store.ts';
import { change, every, type Faults, rowOf } from './fault.ts';

const isThere = ({ realm, accountTag }: SessionRecord, of: UsersOf): boolean =>
  realm === of.realm && (of.account === null || accountTag === of.account);

/** Broken ways to name users, and to remove their sessions. */
export const USERS: Faults = {
  'users knows nobody': () => ({ users: () => ({ users: [], after: null }) }),
  'users has one page': (store) => ({
    users: (of, after, limit) => ({ ...store.users(of, after, limit), after: null }),
  }),
  'users has no limit': (store) => ({ users: (of, after) => store.users(of, after, 1_000_000) }),
  'users knows no realm': (store, data) => ({
    users(of, after, limit) {
      const realms = of.account === null ? [...new Set(every(data).map(({ realm }) => realm))] : [of.realm];
      const users = realms.flatMap((realm) => store.users({ ...of, realm }, after, limit).users);
      return { users: users.slice(0, limit), after: users.length > limit ? (users.at(limit - 1) ?? null) : null };
    },
  }),
  'users knows no account': (store) => ({
    users: ({ realm }, after, limit) => store.users({ realm, account: null }, after, limit),
  }),
  'users goes on by number': (_, data) => ({
    users(of, after, limit) {
      const there = every(data).filter((session) => isThere(session, of));
      const all = [...new Set(there.map(({ userTag }) => userTag))];
      const begin = Number(after ?? 0);
      const end = begin + limit;
      return { users: all.slice(begin, end), after: end < all.length ? `${end}` : null };
    },
  }),
  'users goes from session to session': (_, data) => ({
    users(of, after, limit) {
      const rows = every(data).filter((session) => isThere(session, of));
      const next = rows.sort((a, b) => (a.id < b.id ? -1 : 1)).filter(({ id }) => id > (after ?? ''));
      const page = next.slice(0, limit);
      return {
        users: page.map(({ userTag }) => userTag),
        after: next.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  }),
  'users remembers': (store) => {
    const known: SessionRecord[] = [];
    return {
      add(session, write) {
        known.push(session);
        return store.add(session, write);
      },
      users(of) {
        const there = known.filter((session) => isThere(session, of));
        return { users: [...new Set(there.map(({ userTag }) => userTag))], after: null };
      },
    };
  },
  'remove has no limit': (store) => ({ remove: (user) => store.remove(user, 1_000_000) }),
  'remove spares what is over': (_, data) => ({
    remove(user, limit) {
      const rows = every(data).filter(({ userTag, ended }) => userTag === user && ended === null);
      for (const { id } of rows.slice(0, limit)) data.sessions.delete(id);
      return Math.min(rows.length, limit);
    },
  }),
  'remove takes strangers along': (store, data) => ({
    remove(user, limit) {
      const name = every(data).find(({ userTag }) => userTag === user)?.user;
      const tags = new Set([user, ...every(data).flatMap((one) => (one.user === name ? [one.userTag] : []))]);
      return [...tags].reduce((removed, tag) => removed + store.remove(tag, limit - removed), 0);
    },
  }),
  'remove writes tombstones': (_, data) => ({
    remove(user, limit) {
      const rows = every(data).filter(({ userTag, ended }) => userTag === user && ended?.reason !== 'removed');
      const ended = { at: 0, by: null, reason: 'removed', from: null };
      for (const { id } of rows.slice(0, limit)) change(data, id, { ended });
      return Math.min(rows.length, limit);
    },
  }),
  'remove leaves the version': (store, data) => ({
    remove(user, limit) {
      const row = rowOf(data, user);
      const version = row?.version;
      const removed = store.remove(user, limit);
      if (row !== undefined && version !== undefined) row.version = version;
      return removed;
    },
  }),
  'remove takes the record along': (store, data) => ({
    remove(user, limit) {
      data.epochs.delete(user);
      return store.remove(user, limit);
    },
  }),
};
