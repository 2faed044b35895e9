import { expiryOf } from '../../../src/model/judge.ts';
import { change, every, type Faults, presentStamps, rowOf } from './fault.ts';

/** Stores that break the writes of sessions. */
export const WRITES: Faults = {
  'add forgets attributes': (store) => ({ add: (session, write) => store.add({ ...session, attributes: {} }, write) }),
  'add keeps nothing for ever': (store) => ({
    add: (session, write) => store.add(session, { ...write, keepUntil: write.keepUntil ?? 0 }),
  }),
  'add forgets the client': (store) => ({ add: (session, write) => store.add({ ...session, client: null }, write) }),
  'add writes nothing': () => ({ add: () => 'added' }),
  'add leaves the version': (store, data) => ({
    add(session, write) {
      const row = rowOf(data, session.userTag);
      const version = row?.version;
      const answer = store.add(session, write);
      if (row !== undefined && version !== undefined) row.version = version;
      return answer;
    },
  }),
  'add ignores the version': (store) => ({
    add: (session, write) => store.add(session, { ...write, ifVersion: undefined }),
  }),
  'add wants a version': (store) => ({
    add: (session, write) => (write.ifVersion === undefined ? 'conflict' : store.add(session, write)),
  }),
  'add does half of what conflicts': (store, data) => ({
    add(session, write) {
      const answer = store.add(session, write);
      if (answer === 'conflict') for (const { id, ended } of write.ending) change(data, id, { ended });
      return answer;
    },
  }),
  'add raises what conflicts': (store, data) => ({
    add(session, write) {
      const row = rowOf(data, session.userTag);
      if (row !== undefined && write.keepUntil === null) row.keepUntil = null;
      return store.add(session, write);
    },
  }),
  'add needs no record': (store, data) => ({
    add(session, write) {
      if (rowOf(data, session.userTag) !== undefined) return store.add(session, write);
      data.sessions.set(session.id, structuredClone(session));
      return 'added';
    },
  }),
  'add overwrites': (store, data) => ({
    add(session, write) {
      data.sessions.delete(session.id);
      return store.add(session, write);
    },
  }),
  'add ends nobody': (store) => ({ add: (session, write) => store.add(session, { ...write, ending: [] }) }),
  'add ends everybody': (store, data) => ({
    add(session, write) {
      const answer = store.add(session, write);
      const ended = { at: session.createdAt, by: null, reason: null, fromDevice: null };
      for (const { id, userTag } of every(data))
        if (userTag === session.userTag && id !== session.id) change(data, id, { ended });
      return answer;
    },
  }),
  'add ends strangers': (store, data) => ({
    add(session, write) {
      const answer = store.add(session, write);
      if (answer === 'added') for (const { id, ended } of write.ending) change(data, id, { ended });
      return answer;
    },
  }),
  'add keeps no record': (store) => ({ add: (session, write) => store.add(session, { ...write, keepUntil: 0 }) }),
  'add stamps with the present': (store, data) => ({
    add: (session, write) =>
      store.add({ ...session, stamps: presentStamps(data, session) }, { ...write, ifVersion: undefined }),
  }),
  'add forgets the device': (store) => ({ add: (session, write) => store.add({ ...session, deviceTag: null }, write) }),
  'add forgets the provider': (store) => ({
    add: (session, write) => store.add({ ...session, federated: null }, write),
  }),
  'end leaves the version': (store, data) => ({
    end(ref, ended, audit) {
      const version = rowOf(data, ref.user)?.version;
      const answer = store.end(ref, ended, audit);
      const row = rowOf(data, ref.user);
      if (row !== undefined && version !== undefined) row.version = version;
      return answer;
    },
  }),
  'end forgets why': (store) => ({ end: (ref, ended, audit) => store.end(ref, { ...ended, reason: null }, audit) }),
  'end forgets from where': (store) => ({
    end: (ref, ended, audit) => store.end(ref, { ...ended, fromDevice: null }, audit),
  }),
  'end ends again': (store, data) => ({
    end(ref, ended, audit) {
      if (data.sessions.get(ref.id)?.userTag === ref.user) change(data, ref.id, { ended: null });
      return store.end(ref, ended, audit);
    },
  }),
  'end ends strangers': (store, data) => ({
    end: (ref, ended, audit) =>
      store.end({ ...ref, user: data.sessions.get(ref.id)?.userTag ?? ref.user }, ended, audit),
  }),
  'end ends all of the user': (store, data) => ({
    end(ref, ended, audit) {
      const answer = store.end(ref, ended, audit);
      if (answer) for (const { id, userTag } of every(data)) if (userTag === ref.user) change(data, id, { ended });
      return answer;
    },
  }),
  'end needs a record': (store, data) => ({
    end: (ref, ended, audit) => rowOf(data, ref.user) !== undefined && store.end(ref, ended, audit),
  }),
  'end passes over a use': (store) => ({
    end: (ref, ended, audit) => store.end({ ...ref, ifUnusedSince: undefined }, ended, audit),
  }),
  'end deletes': (store, data) => ({
    end(ref, ended, audit) {
      const answer = store.end(ref, ended, audit);
      if (answer) data.sessions.delete(ref.id);
      return answer;
    },
  }),
  'add passes by what has just expired': (store, data) => ({
    add(session, write) {
      const isOver = (id: string): boolean => {
        const there = data.sessions.get(id);
        return there !== undefined && (expiryOf(there) ?? Infinity) <= write.now;
      };
      return store.add(session, { ...write, ending: write.ending.filter(({ id }) => !isOver(id)) });
    },
  }),
  'touch looks only at the time of the write': (store) => ({
    touch: (touches, now) =>
      store.touch(
        touches.map((one) => ({ ...one, at: Math.min(one.at, now()) })),
        now,
      ),
  }),
  'end leaves what has expired': (store, data) => ({
    end(ref, ended, audit) {
      const session = data.sessions.get(ref.id);
      const due = session === undefined ? null : expiryOf(session);
      return due !== null && due <= ended.at ? false : store.end(ref, ended, audit);
    },
  }),
  'prune counts sessions and records apart': (store) => ({
    prune(batch) {
      const first = store.prune({ ...batch, epochsBefore: 0 });
      if (first.more) return first;
      const second = store.prune({ ...batch, sessionsBefore: 0 });
      return { ...second, sessions: first.sessions + second.sessions };
    },
  }),
  'touch lowers': (_, data) => ({
    touch(touches) {
      for (const { id, user, at: lastUsedAt } of touches) {
        const session = data.sessions.get(id);
        if (session?.userTag === user && session.ended === null && lastUsedAt < (expiryOf(session) ?? Infinity))
          change(data, id, { lastUsedAt });
      }
    },
  }),
  'touch loses uses': () => ({ touch: () => {} }),
  'touch notes uses of the ended': (store, data) => ({
    touch(touches, now) {
      store.touch(touches, now);
      for (const { id, at: lastUsedAt } of touches) if (data.sessions.get(id)?.ended) change(data, id, { lastUsedAt });
    },
  }),
  'touch revives': (store, data) => ({
    touch(touches, now) {
      for (const { id } of touches) change(data, id, { ended: null });
      return store.touch(touches, now);
    },
  }),
  'touch revives the expired': (_, data) => ({
    touch(touches) {
      for (const { id, at: lastUsedAt } of touches) {
        const session = data.sessions.get(id);
        if (session !== undefined && session.ended === null && session.lastUsedAt < lastUsedAt)
          change(data, id, { lastUsedAt });
      }
    },
  }),
  'touch goes by the time of the use alone': (store) => ({
    touch: (touches) => store.touch(touches, () => 0),
  }),
  'touch extends the absolute lifetime': (store, data) => ({
    touch(touches, now) {
      for (const { id, at } of touches) {
        const { expiresAt, lastUsedAt } = data.sessions.get(id) ?? {};
        if (expiresAt && lastUsedAt) change(data, id, { expiresAt: expiresAt + Math.max(0, at - lastUsedAt) });
      }
      return store.touch(touches, now);
    },
  }),
  'touch trusts the id': (store, data) => ({
    touch: (touches, now) =>
      store.touch(
        touches.map((one) => ({ ...one, user: data.sessions.get(one.id)?.userTag ?? one.user })),
        now,
      ),
  }),
  'touch stops at what is gone': (store, data) => ({
    touch(touches, now) {
      const gone = touches.findIndex(({ id }) => !data.sessions.has(id));
      return store.touch(gone === -1 ? touches : touches.slice(0, gone), now);
    },
  }),
  'touch moves the version': (store, data) => ({
    touch(touches, now) {
      for (const { user } of touches) {
        const row = rowOf(data, user);
        if (row !== undefined) row.version += 1;
      }
      return store.touch(touches, now);
    },
  }),
};
