import assert from 'node:assert/strict';
import type { SessionRecord } from '../../model/session.ts';
import type { FoundSession } from '../../store/store.ts';
import { DAY, HOUR, NOW } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { addNew, endedAt, look, nth, person, pruneAll, recordOf, same, stored } from '../harness/records.ts';

const ann = person('ann');
const annAtAcme = person('ann', 'acme');
const FOR_EVER = { expiresAt: null, idle: null } as const;

export const pruning: readonly CaseDefinition[] = define('pruning', {
  sessions: {
    title:
      'MUST remove the sessions that were over by themselves at that time: by tombstone, else by expiry; and no other',
    async run({ store }) {
      const at = (changes: Partial<SessionRecord>): Promise<SessionRecord> => addNew(store, ann, changes);
      const end = ({ id }: SessionRecord, when: number) => store.end({ id, user: ann.tags.user }, endedAt(when), []);
      const gone = [
        await at({}),
        await at({}),
        await at({ expiresAt: NOW, lastUsedAt: NOW }),
        await at({ expiresAt: NOW - DAY, idle: null }),
        await at({ expiresAt: null, idle: HOUR, lastUsedAt: NOW - HOUR }),
        await at({ expiresAt: NOW + DAY, idle: HOUR, lastUsedAt: NOW - DAY }),
      ];
      await end(nth(gone, 0), NOW);
      await end(nth(gone, 1), NOW - DAY);
      const staying = [
        await at({}),
        await at({ expiresAt: NOW - DAY }),
        await at({ expiresAt: NOW + 1 }),
        await at({ expiresAt: null, idle: HOUR, lastUsedAt: NOW - HOUR + 1 }),
        await at(FOR_EVER),
      ];
      await end(nth(staying, 0), NOW + 1);
      await end(nth(staying, 1), NOW + 1);
      assert.equal((await pruneAll(store, { sessionsBefore: NOW })).sessions, gone.length);
      for (const session of gone) assert.equal(await look(store, session), null);
      for (const session of staying) assert.ok(await look(store, session));
    },
  },
  records: {
    title: 'MUST remove the records that need not be kept at that time any more, and test nothing else',
    async run({ store }) {
      const until: readonly [string, number | null][] = [
        ['gone', NOW - 1],
        ['last', NOW],
        ['long', NOW + DAY],
        ['ever', null],
      ];
      const rows = [];
      for (const [name, keepUntil] of until) rows.push(await addNew(store, person(name, null, name), {}, keepUntil));
      assert.equal((await pruneAll(store, { epochsBefore: NOW })).epochs, 2, 'of a user and of a realm');
      const found = await Promise.all(rows.map((row) => look(store, row)));
      same(
        found.map((one) => one?.epochs.user === null),
        [true, false, false, false],
      );
      same(
        found.map((one) => one?.epochs.realm === null),
        [true, false, false, false],
      );
      for (const row of rows) same(await stored(store, row), row);
    },
  },
  'limit-together': {
    title: 'MUST remove at most as many sessions and records together as asked, in each batch',
    async run({ store }) {
      for (let at = 0; at < 4; at++) await addNew(store, person(`u${at}`), { expiresAt: NOW }, NOW - 1);
      let [removed, after, more]: [number, string | null, boolean] = [0, null, true];
      for (let batches = 0; more; batches++) {
        assert.ok(batches < 100, 'pruning comes to an end');
        const batch = { sessionsBefore: NOW, epochsBefore: NOW, limit: 3, after, revoked: () => false };
        const pruned = await store.prune(batch);
        assert.ok(pruned.sessions + pruned.epochs <= 3, `a batch removed ${pruned.sessions} and ${pruned.epochs}`);
        removed += pruned.sessions + pruned.epochs;
        ({ more, after } = pruned);
      }
      assert.equal(removed, 9, 'four sessions, and the records of four users and a realm');
    },
  },
  'never-expiring': {
    title:
      'MUST ask whether sessions that never expire were revoked, of no others, and remove those of which that is said',
    async run({ store }) {
      const gone = [await addNew(store, ann, FOR_EVER), await addNew(store, annAtAcme, FOR_EVER)];
      const staying = [
        await addNew(store, person('bob', 'acme'), FOR_EVER),
        await addNew(store, person('ann', null, 'desk'), FOR_EVER),
      ];
      const others = [
        await addNew(store, ann),
        await addNew(store, ann, { expiresAt: null }),
        await addNew(store, ann, { idle: null }),
      ];
      const due = await Promise.all([...gone, ...staying].map((session) => look(store, session)));
      const asked = new Map<string, FoundSession>();
      const revoked = (found: FoundSession): boolean => {
        asked.set(found.session.id, found);
        return !staying.some(({ id }) => id === found.session.id);
      };
      assert.equal((await pruneAll(store, { revoked })).sessions, gone.length);
      for (const found of due) same(asked.get(found?.session.id ?? ''), found, "with its own records, its realm's too");
      assert.equal(asked.size, due.length);
      for (const session of gone) assert.equal(await look(store, session), null);
      for (const session of [...staying, ...others]) same(await stored(store, session), session);
    },
  },
  bounded: {
    title: 'MUST remove and look at no more than the limit in a batch, and still come to everything',
    async run({ store }) {
      const staying = [];
      for (let at = 0; at < 12; at++) {
        await addNew(store, ann, { expiresAt: NOW });
        await addNew(store, ann, FOR_EVER);
        staying.push(await addNew(store, annAtAcme, FOR_EVER));
        await recordOf(store, person(`user ${at}`).tags.user, NOW - 1);
      }
      let after: string | null = null;
      const total = { sessions: 0, epochs: 0 };
      for (let more = true, batches = 0; more; batches++) {
        assert.ok(batches < 100, 'pruning comes to an end');
        let asked = 0;
        const revoked = ({ session }: FoundSession): boolean => {
          asked += 1;
          return session.account === null;
        };
        const pruned = await store.prune({ sessionsBefore: NOW, epochsBefore: NOW, limit: 5, after, revoked });
        assert.ok(pruned.sessions <= 5 && pruned.epochs <= 5, 'no more than the limit is removed');
        assert.ok(asked <= 5, 'no more than the limit is looked at');
        total.sessions += pruned.sessions;
        total.epochs += pruned.epochs;
        ({ more, after } = pruned);
      }
      same(total, { sessions: 24, epochs: 12 });
      for (const session of staying) assert.ok(await look(store, session));
      const again = await pruneAll(store, { sessionsBefore: NOW, epochsBefore: NOW });
      same([again.sessions, again.epochs], [0, 0]);
    },
  },
  several: {
    title: 'MUST let any number of pruners run at once',
    async run(bench) {
      const { store } = bench;
      const second = await bench.second();
      const [gone, staying] = [[] as SessionRecord[], [] as SessionRecord[]];
      for (let at = 0; at < 10; at++) {
        gone.push(await addNew(store, ann, { expiresAt: NOW }), await addNew(store, ann, FOR_EVER));
        staying.push(await addNew(store, annAtAcme, FOR_EVER), await addNew(store, annAtAcme));
        await recordOf(store, person(`user ${at}`).tags.user, NOW - 1);
      }
      const revoked = ({ session }: FoundSession): boolean => session.account === null;
      const batch = { sessionsBefore: NOW, epochsBefore: NOW, limit: 3, revoked };
      await Promise.all([store, second, store].map((one) => pruneAll(one, batch)));
      for (const session of gone) assert.equal(await look(store, session), null);
      for (const session of staying) assert.ok(await look(store, session));
    },
  },
});
