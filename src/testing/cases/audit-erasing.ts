import assert from 'node:assert/strict';
import type { AuditEntry, AuditRecord } from '../../store/powers.ts';
import type { SessionStore } from '../../store/store.ts';
import { idsOf, logged, logOf, read, readAll, recordAbout } from '../harness/audit-entries.ts';
import { NOW } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { nth, person, same } from '../harness/records.ts';

const ann = person('ann', 'acme');
const bob = person('bob', 'acme');
const { realm } = ann.tags;

const BY_NOBODY = { by: null, reason: null, note: null, fromDevice: null };
const ABOUT_NOBODY = { ...BY_NOBODY, user: null, session: null, device: null, ip: null, details: {} };

const erase = async (store: SessionStore, limit: number): Promise<number> => logOf(store).forget(ann.tags.user, limit);

export const auditErasing: readonly CaseDefinition[] = define(
  'audit',
  {
    prune: {
      title: 'MUST remove entries that need be kept no longer, as many as the limit allows, and no other',
      async run({ store }) {
        const records = [NOW - 2, NOW - 1, NOW, NOW + 1].flatMap((keepUntil) => [
          recordAbout(ann, { at: NOW + 1 }, keepUntil),
          recordAbout(bob, { at: NOW - 1 }, keepUntil),
        ]);
        await logOf(store).append(records);
        const prune = (before: number, limit: number) => logOf(store).prune(before, limit);
        assert.equal(await prune(NOW - 2, 10), 0);
        same(await logged(store, ann), idsOf(records));
        same([await prune(NOW, 3), await prune(NOW, 3), await prune(NOW, 3)], [3, 1, 0]);
        same(await logged(store, ann), idsOf(records.slice(4)));
        same([await prune(NOW + 2, 4), await prune(NOW + 2, 4)], [4, 0]);
        same(await logged(store, ann), []);
      },
    },
    forget: {
      title: 'MUST erase a person from the entries about and by them, and nothing else',
      async run({ store }) {
        const desk = person('ann', 'acme', 'desk');
        const about = [
          recordAbout(ann),
          recordAbout(ann, { by: 'bob' }),
          recordAbout(ann, { by: null, account: null }),
        ];
        const by = [recordAbout(bob, { by: 'ann' }), recordAbout(ann, { by: 'ann', user: null })];
        const others = [recordAbout(bob), recordAbout(bob, { user: null, by: 'admin' }), recordAbout(desk)];
        await logOf(store).append([...about, ...by, ...others]);
        assert.equal(await erase(store, 100), 5);

        const changed = (records: readonly AuditRecord[], changes: Partial<AuditEntry>): [string, AuditEntry][] =>
          records.map(({ entry }) => [entry.id, { ...entry, ...changes }]);
        const expected = new Map([
          ...changed(about, ABOUT_NOBODY),
          ...changed(by, BY_NOBODY),
          ...changed(others.slice(0, 2), {}),
        ]);
        const entries = await readAll(store, { realm });
        assert.equal(entries.length, expected.size, 'no entry is gone');
        for (const entry of entries) same(entry, expected.get(entry.id));
        same(await readAll(store, { realm: desk.tags.realm }), [nth(others, 2).entry]);
        same(await read(store, { realm, user: ann.tags.user, limit: 10 }), []);
        same(await read(store, { realm, by: ann.tags.user, limit: 10 }), []);
        same(idsOf(await read(store, { realm, by: bob.tags.user, limit: 10 })), idsOf(others.slice(0, 1)));
        const there = { realm, account: ann.tags.account ?? '', limit: 10 };
        same(idsOf(await read(store, there)), idsOf([...about.slice(0, 2), ...by, ...others.slice(0, 2)]));
      },
    },
    'forget-bounded': {
      title: 'MUST erase a person from as many entries as the limit allows, and from none twice',
      async run({ store }) {
        const records = Array.from({ length: 5 }, () => [recordAbout(ann), recordAbout(bob, { by: 'ann' })]).flat();
        await logOf(store).append([...records, recordAbout(bob)]);
        const tell = (entry: AuditEntry): boolean => entry.by === 'ann' || entry.user === 'ann';
        const left: number[] = [];
        for (const expected of [4, 4, 2, 0]) {
          assert.equal(await erase(store, 4), expected);
          left.push((await readAll(store, { realm })).filter(tell).length);
        }
        same(left, [6, 2, 0, 0]);
        await logOf(store).append([recordAbout(ann)]);
        assert.equal(await erase(store, 4), 1, 'and begins again with what comes later');
      },
    },
  },
  ['audit'],
);
