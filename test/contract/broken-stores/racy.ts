import type { SessionRecord } from '../../../src/model/session.ts';
import { type Faults, pause, rowOf } from './fault.ts';

/** Stores whose verbs are not atomic. They read, let other tasks run, and then write. */
export const RACY: Faults = {
  'ensureEpochs looks, then creates': (store, data) => ({
    async ensureEpochs(requests, now) {
      const missing = requests.filter(({ tag }) => rowOf(data, tag) === undefined);
      await pause();
      for (const { tag } of missing) data.epochs.delete(tag);
      return store.ensureEpochs(requests, now);
    },
  }),
  'add looks, then writes': (store, data) => ({
    async add(session, write) {
      const fits = write.ifVersion === undefined || rowOf(data, session.userTag)?.version === write.ifVersion;
      await pause();
      return fits ? store.add(session, { ...write, ifVersion: undefined }) : 'conflict';
    },
  }),
  'advance looks, then writes': (store, data) => ({
    async advance(tag, advance) {
      const fits = rowOf(data, tag)?.version === advance.ifVersion;
      await pause();
      return fits ? store.advance(tag, { ...advance, ifVersion: rowOf(data, tag)?.version ?? 0 }) : 'conflict';
    },
  }),
  'advance writes, then rotates': (store, data) => ({
    async advance(tag, advance) {
      const { initiator } = advance;
      if (initiator === undefined) return store.advance(tag, advance);
      if (data.sessions.get(initiator.id)?.credential !== initiator.ifCredential) return 'not-live';
      const answer = store.advance(tag, {
        ...advance,
        initiator: { ...initiator, credential: initiator.ifCredential },
      });
      await pause();
      const session = data.sessions.get(initiator.id);
      if (answer === 'advanced' && session !== undefined)
        data.sessions.set(initiator.id, { ...session, credential: initiator.credential });
      return answer;
    },
  }),
  'renew looks, then writes': (store, data) => ({
    async renew(renewal) {
      const fits = data.sessions.get(renewal.session.id)?.credential === renewal.ifCredential;
      await pause();
      const ifCredential = data.sessions.get(renewal.session.id)?.credential ?? '';
      return fits ? store.renew({ ...renewal, ifCredential }) : 'not-live';
    },
  }),
  'end looks, then writes': (store, data) => ({
    async end(ref, ended, audit) {
      const session = data.sessions.get(ref.id);
      if (session?.ended !== null) return false;
      await pause();
      data.sessions.set(ref.id, { ...session, ended: null });
      return store.end(ref, ended, audit);
    },
  }),
  'touch writes the whole row': (_, data) => ({
    async touch(touches) {
      const rows: SessionRecord[] = [];
      for (const { id, at } of touches) {
        const session = data.sessions.get(id);
        if (session !== undefined && session.ended === null)
          rows.push({ ...session, lastUsedAt: Math.max(at, session.lastUsedAt) });
      }
      await pause();
      for (const row of rows) data.sessions.set(row.id, row);
    },
  }),
  'find reads twice': (store) => ({
    async find(realm, refs) {
      const first = store.find(realm, refs);
      await pause();
      const second = store.find(realm, refs);
      return first.map((one, at) => one && { session: one.session, epochs: second[at]?.epochs ?? one.epochs });
    },
  }),
  'list reads twice': (store) => ({
    async list(...given) {
      const first = store.list(...given);
      await pause();
      const { found, more } = store.list(...given);
      return { found: first.found.map((one, at) => ({ ...one, epochs: found[at]?.epochs ?? one.epochs })), more };
    },
  }),
  'prune looks at where it was': (store) => ({
    async prune(batch) {
      await pause();
      return { ...store.prune(batch), after: null };
    },
  }),
};
