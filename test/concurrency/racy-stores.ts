import { setTimeout as wait } from 'node:timers/promises';
import type { SessionRecord, SessionStore } from 'session-revocation';
import type { Data, SyncStore } from '../contract/reference-store.ts';

type Race = (store: SyncStore, data: Data) => Partial<SessionStore>;

/** How long the moment between a look and a write is, in ms: that of a round trip to a busy server. */
const MOMENT = 6;

/** Stores whose verbs are not one step, as somebody would write them who has never met a second process. */
export const RACY_STORES: Readonly<Record<string, Race>> = {
  'add looks, then writes': (store, data) => ({
    async add(session, write) {
      const fits = write.ifVersion === undefined || data.epochs.get(session.userTag)?.version === write.ifVersion;
      await wait(MOMENT);
      return fits ? store.add(session, { ...write, ifVersion: undefined }) : 'conflict';
    },
  }),
  'advance looks, then writes': (store, data) => ({
    async advance(tag, advance) {
      const fits = data.epochs.get(tag)?.version === advance.ifVersion;
      await wait(MOMENT);
      return fits ? store.advance(tag, { ...advance, ifVersion: data.epochs.get(tag)?.version ?? 0 }) : 'conflict';
    },
  }),
  'renew looks, then writes': (store, data) => ({
    async renew(renewal) {
      const fits = data.sessions.get(renewal.session.id)?.hash === renewal.ifHash;
      await wait(MOMENT);
      const ifHash = data.sessions.get(renewal.session.id)?.hash ?? '';
      return fits ? store.renew({ ...renewal, ifHash }) : 'not-live';
    },
  }),
  'touch writes the whole row': (_, data) => ({
    async touch(touches) {
      const rows: SessionRecord[] = [];
      for (const { id, at } of touches) {
        const session = data.sessions.get(id);
        if (session?.ended === null) rows.push({ ...session, lastUsedAt: Math.max(at, session.lastUsedAt) });
      }
      await wait(MOMENT);
      for (const row of rows) data.sessions.set(row.id, row);
    },
  }),
  'one advance of fifty is lost': (store) => {
    let count = 0;
    return {
      advance: (tag, advance) => (++count % 50 === 0 ? 'advanced' : store.advance(tag, advance)),
    };
  },
  'a session is found as it was 50 ms ago': (store) => {
    const memory = new Map<string, { readonly at: number; readonly found: ReturnType<SyncStore['find']> }>();
    return {
      find(realm, refs) {
        const key = JSON.stringify(refs);
        const known = memory.get(key);
        if (known !== undefined && performance.now() - known.at < 50) return known.found;
        const found = store.find(realm, refs);
        memory.set(key, { at: performance.now(), found });
        return found;
      },
    };
  },
};
