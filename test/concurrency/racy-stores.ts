import type { SessionStore } from 'session-revocation';
import type { SessionRecord, Touch } from 'session-revocation/adapter';
import type { Data, SyncStore } from '../contract/reference-store.ts';
import { IDLE } from './population.ts';

type Race = (store: SyncStore, data: Data) => Partial<SessionStore>;

/** The number of event-loop turns between a read and the write that depends on it. Other processes run in between. */
const TURNS = 12;

/** How many times `find` repeats an old answer before it reads again. */
const STALE = 3;

/** Lets other processes run. */
async function moment(): Promise<void> {
  for (let turns = 0; turns < TURNS; turns++) await new Promise((resolve) => setImmediate(resolve));
}

/** Stores whose verbs are not one atomic step. They work as long as only one process uses them. */
export const RACY_STORES: Readonly<Record<string, Race>> = {
  'add looks, then writes': (store, data) => ({
    async add(session, write) {
      const fits = write.ifVersion === undefined || data.epochs.get(session.userTag)?.version === write.ifVersion;
      await moment();
      return fits ? store.add(session, { ...write, ifVersion: undefined }) : 'conflict';
    },
  }),
  'advance looks, then writes': (store, data) => ({
    async advance(tag, advance) {
      const fits = data.epochs.get(tag)?.version === advance.ifVersion;
      await moment();
      return fits ? store.advance(tag, { ...advance, ifVersion: data.epochs.get(tag)?.version ?? 0 }) : 'conflict';
    },
  }),
  'renew looks, then writes': (store, data) => ({
    async renew(renewal) {
      const fits = data.sessions.get(renewal.session.id)?.credential === renewal.ifCredential;
      await moment();
      const ifCredential = data.sessions.get(renewal.session.id)?.credential ?? '';
      return fits ? store.renew({ ...renewal, ifCredential }) : 'not-live';
    },
  }),
  'touch writes the whole row': (_, data) => ({
    async touch(touches) {
      const rows: SessionRecord[] = [];
      for (const { id, at } of touches) {
        const session = data.sessions.get(id);
        if (session?.ended === null) rows.push({ ...session, lastUsedAt: Math.max(at, session.lastUsedAt) });
      }
      await moment();
      for (const row of rows) data.sessions.set(row.id, row);
    },
  }),
  // Writes the touch half-way between the old expiry and the new one, although the session has expired by then.
  'a note counts as of its use': (store, data) => ({
    async touch(touches, now) {
      const late = async (touch: Touch): Promise<void> => {
        const { lastUsedAt } = data.sessions.get(touch.id) ?? { lastUsedAt: touch.at };
        while (now() < (lastUsedAt + touch.at) / 2 + IDLE) await new Promise((resolve) => setImmediate(resolve));
        store.touch([touch], () => 0);
      };
      await Promise.all(touches.map(late));
    },
  }),
  'one advance of fifty is lost': (store) => {
    let count = 0;
    return {
      advance: (tag, advance) => (++count % 50 === 0 ? 'advanced' : store.advance(tag, advance)),
    };
  },
  'a session is found as it was': (store) => {
    const memory = new Map<string, { readonly found: ReturnType<SyncStore['find']>; left: number }>();
    return {
      find(realm, refs) {
        const key = JSON.stringify(refs);
        const known = memory.get(key);
        if (known !== undefined && known.left-- > 0) return known.found;
        const found = store.find(realm, refs);
        memory.set(key, { found, left: STALE });
        return found;
      },
    };
  },
};
