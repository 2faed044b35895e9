import assert from 'node:assert/strict';
import type { SessionRecord } from '../../model/session.ts';
import type { AuditRecord } from '../../store/powers.ts';
import type { Ending, SessionStore } from '../../store/store.ts';
import { idsOf, logged, logOf, recordAbout } from '../harness/audit-entries.ts';
import { HOUR, NOW, turn } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import {
  add,
  addNew,
  anotherRecord,
  endedAt,
  look,
  newHash,
  openRecords,
  person,
  plainWrite,
  renewalOf,
  same,
  sessionOf,
  stored,
  versionOf,
} from '../harness/records.ts';

const ann = person('ann');
const bob = person('bob');
const user = ann.tags.user;

function unwritable(): AuditRecord {
  const record = recordAbout(ann);
  const details = {
    get kinds(): never {
      throw new Error('this cannot be read');
    },
  };
  return { ...record, entry: { ...record.entry, details } };
}

const endingOf = ({ id }: Pick<SessionRecord, 'id'>, ...audit: AuditRecord[]): Ending => ({
  ...{ id, ended: endedAt(NOW), audit },
});

const WRITES: Readonly<
  Record<string, (store: SessionStore, session: SessionRecord, audit: readonly AuditRecord[]) => Promise<unknown>>
> = {
  add: async (store, _, audit) => store.add(sessionOf(ann), plainWrite({ audit })),
  renew: async (store, session, audit) => store.renew(renewalOf(session, {}, { audit })),
  end: async (store, session, audit) => store.end({ id: session.id, user }, endedAt(NOW), audit),
  advance: async (store, { id, credential: ifCredential }, audit) => {
    const ifVersion = await versionOf(store, ann);
    const initiator = { id, ifCredential, credential: newHash(), serial: 1 };
    return store.advance(user, { record: anotherRecord('x'), ifVersion, now: NOW, keepUntil: null, initiator, audit });
  },
  'the ending of another': async (store, { id }, audit) =>
    store.add(sessionOf(ann), plainWrite({ ending: [{ id, ended: endedAt(NOW), audit }] })),
};

async function stateOf(store: SessionStore, session: SessionRecord): Promise<unknown> {
  const { found } = await store.list(ann.tags.realm, user, { ended: true, now: NOW, limit: 100 });
  return [await stored(store, session), found, await versionOf(store, ann)];
}

export const auditWriting: readonly CaseDefinition[] = define(
  'audit',
  {
    add: {
      title: 'MUST write the entries of a sign-in with it, and those of another ending only where that one is ended',
      async run({ store }) {
        const [one, over] = [await addNew(store, ann), await addNew(store, ann)];
        const stranger = await addNew(store, bob);
        await store.end({ id: over.id, user }, endedAt(NOW), []);
        const [mine, of] = [recordAbout(ann), recordAbout(ann, { session: one.id })];
        const others = [over, stranger, sessionOf(ann)].map((session) => endingOf(session, recordAbout(ann)));
        await add(store, sessionOf(ann), { audit: [mine], ending: [endingOf(one, of), ...others] });
        same(await logged(store, ann), idsOf([mine, of]));
      },
    },
    'add-conflict': {
      title: "MUST write no entry where a sign-in answers 'conflict'",
      async run({ store }) {
        const other = await addNew(store, ann);
        const ending = [endingOf(other, recordAbout(ann))];
        const audit = [recordAbout(ann)];
        const stale = (await versionOf(store, ann)) + 1;
        assert.equal(await store.add(sessionOf(ann), plainWrite({ ifVersion: stale, ending, audit })), 'conflict');
        assert.equal(await store.add(sessionOf(bob), plainWrite({ ending, audit })), 'conflict');
        assert.equal(await store.add(sessionOf(ann, { id: other.id }), plainWrite({ ending, audit })), 'conflict');
        same(await logged(store, ann), []);
      },
    },
    renew: {
      title: 'MUST write the entries of a renewal with it, and none where there is none',
      async run({ store }) {
        const [session, other] = [await addNew(store, ann), await addNew(store, ann)];
        const gone = await addNew(store, ann);
        await store.end({ id: gone.id, user }, endedAt(NOW), []);
        const refused = { audit: [recordAbout(ann)], ending: [endingOf(other, recordAbout(ann))] };
        const stale = { ...refused, ifVersion: (await versionOf(store, ann)) + 1 };
        assert.equal(await store.renew(renewalOf(session, {}, { ...refused, ifCredential: newHash() })), 'not-live');
        assert.equal(await store.renew(renewalOf(gone, {}, refused)), 'not-live');
        assert.equal(await store.renew(renewalOf(sessionOf(ann), {}, refused)), 'not-live');
        assert.equal(await store.renew(renewalOf(session, {}, stale)), 'conflict');
        same(await logged(store, ann), []);

        const [mine, of] = [recordAbout(ann), recordAbout(ann)];
        const write = { audit: [mine], ending: [endingOf(other, of), endingOf(gone, recordAbout(ann))] };
        assert.equal(await store.renew(renewalOf(session, {}, write)), 'renewed');
        same(await logged(store, ann), idsOf([mine, of]));
      },
    },
    end: {
      title: 'MUST write the entries of an ending with the tombstone, and none where none is written',
      async run({ store }) {
        const session = await addNew(store, ann);
        await openRecords(store, bob);
        const end = (id: string, whose: string, ...audit: AuditRecord[]) =>
          store.end({ id, user: whose }, endedAt(NOW), audit);
        assert.equal(await end(sessionOf(ann).id, user, recordAbout(ann)), false);
        assert.equal(await end(session.id, bob.tags.user, recordAbout(bob)), false);
        same(await logged(store, ann), []);
        const records = [recordAbout(ann), recordAbout(ann)];
        assert.equal(await end(session.id, user, ...records), true);
        assert.equal(await end(session.id, user, recordAbout(ann)), false);
        same(await logged(store, ann), idsOf(records));
      },
    },
    advance: {
      title: 'MUST write the entries of an advance with it, and none where nothing was advanced',
      async run({ store }) {
        const session = await addNew(store, ann, { expiresAt: NOW + HOUR });
        const version = await versionOf(store, ann);
        const advance = (ifVersion: number, now: number | null, ...audit: AuditRecord[]) => {
          const initiator =
            now === null
              ? undefined
              : { id: session.id, ifCredential: session.credential, credential: newHash(), serial: 1 };
          const condition = { ifVersion, now: now ?? NOW };
          return store.advance(user, { record: anotherRecord('x'), ...condition, keepUntil: null, initiator, audit });
        };
        assert.equal(await advance(version + 1, null, recordAbout(ann)), 'conflict');
        assert.equal(await advance(version, NOW + HOUR, recordAbout(ann)), 'not-live');
        const missing = {
          record: anotherRecord('x'),
          ifVersion: 1,
          now: NOW,
          keepUntil: null,
          audit: [recordAbout(bob)],
        };
        assert.equal(await store.advance(bob.tags.user, missing), 'conflict');
        same(await logged(store, ann), []);
        const mine = recordAbout(ann);
        assert.equal(await advance(version, NOW, mine), 'advanced');
        same(await logged(store, ann), idsOf([mine]));
      },
    },
    append: {
      title: 'MUST append what goes with no other write, and nothing where there is nothing',
      async run({ store }) {
        const records = [recordAbout(ann), recordAbout(bob), recordAbout(ann)];
        await logOf(store).append([]);
        same(await logged(store, ann), []);
        await logOf(store).append(records);
        same(await logged(store, ann), idsOf(records));
      },
    },
    'append-again': {
      title: 'MUST keep an entry once that is appended again: the answer may have been lost',
      async run({ store }) {
        const [first, second, third] = [recordAbout(ann), recordAbout(ann), recordAbout(bob)];
        await logOf(store).append([first, second]);
        await logOf(store).append([second, third, first]);
        same(await logged(store, ann), idsOf([first, second, third]));
      },
    },
    'append-twice': {
      title: 'MUST keep an entry once that comes twice in one call',
      async run({ store }) {
        const [first, second] = [recordAbout(ann), recordAbout(ann)];
        await logOf(store).append([first, second, first]);
        same(await logged(store, ann), idsOf([first, second]));
      },
    },
    'one-step': {
      title: 'MUST never show an entry without its change, or the change without its entry',
      async run(bench) {
        const { store } = bench;
        const second = await bench.second();
        for (const [verb, write] of Object.entries(WRITES)) {
          for (const [writer, other] of [
            [store, second],
            [second, store],
          ] as const) {
            const session = await addNew(store, ann);
            const before = JSON.stringify(await stateOf(store, session));
            const record = recordAbout(ann);
            const isDone = async () => JSON.stringify(await stateOf(other, session)) !== before;
            const isLogged = async () => (await logged(other, ann)).includes(record.entry.id);
            let working = true;
            // The second look may find entries that were written after the first.
            const watch = async (first: () => Promise<boolean>, then: () => Promise<boolean>): Promise<void> => {
              for (; working; await turn()) {
                if (await first()) assert.ok(await then(), `${verb} and its entry are one step`);
              }
            };
            const watching = Promise.all([watch(isDone, isLogged), watch(isLogged, isDone)]);
            // Its failure is awaited below.
            watching.catch(() => {});
            await write(writer, session, [record]).finally(() => {
              working = false;
            });
            await watching;
            same([await isDone(), await isLogged()], [true, true], verb);
          }
        }
      },
    },
    'failing-write': {
      title: 'MUST leave neither the entries nor what they tell of where one of them cannot be written',
      async run({ store }) {
        for (const [verb, write] of Object.entries(WRITES)) {
          const session = await addNew(store, ann);
          const before = await stateOf(store, session);
          await assert.rejects(
            write(store, session, [recordAbout(ann), unwritable()]),
            (error: unknown) => error instanceof Error,
            `${verb} does not throw`,
          );
          same(await stateOf(store, session), before, `${verb} left what the entries tell of`);
          same(await logged(store, ann), [], `${verb} left an entry`);
        }
        assert.ok(await look(store, await addNew(store, ann)), 'and it goes on');
      },
    },
  },
  ['audit'],
);
