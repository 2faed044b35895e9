import assert from 'node:assert/strict';
import type { SessionRecord } from '../../model/session.ts';
import type { ListPage, SessionStore } from '../../store/store.ts';
import { HOUR, NOW, SECOND } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { addNew, endedAt, nth, openRecords, type Person, person, same, versionOf } from '../harness/records.ts';

const ann = person('ann');
const annAtAcme = person('ann', 'acme');

const page = (changes: Partial<ListPage> = {}): ListPage => ({ ended: true, now: NOW, limit: 100, ...changes });

const ids = (sessions: readonly SessionRecord[]): string[] => sessions.map(({ id }) => id);

async function listed(store: SessionStore, whose: Person, changes?: Partial<ListPage>): Promise<string[]> {
  const { found } = await store.list(whose.tags.realm, whose.tags.user, page(changes));
  return found.map(({ session }) => session.id);
}

async function paged(
  store: SessionStore,
  whose: Person,
  limit: number,
  changes?: Partial<ListPage>,
): Promise<string[]> {
  const rows: string[] = [];
  let after: ListPage['after'];
  for (let more = true, pages = 0; more; pages++) {
    assert.ok(pages < 100, 'paging comes to an end');
    const answer = await store.list(whose.tags.realm, whose.tags.user, page({ ...changes, limit, after }));
    assert.ok(answer.found.length <= limit, 'a page is no longer than its limit');
    assert.ok(answer.found.length > 0 || !answer.more, 'a page that more follow is not empty');
    rows.push(...answer.found.map(({ session }) => session.id));
    after = answer.found.at(-1)?.session;
    more = answer.more;
  }
  return rows;
}

const youngestFirst = (a: SessionRecord, b: SessionRecord): number =>
  b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1);

// Adds sessions of two times, and returns them in the expected order. Their ids differ in one character: a letter, its case, or a sign.
async function tied(store: SessionStore): Promise<SessionRecord[]> {
  const sessions: SessionRecord[] = [];
  for (const [at, first] of ['a', 'B', '-', '_', 'Z', '0', 'z', 'b', 'A', '9'].entries()) {
    const createdAt = NOW + (at % 2);
    sessions.push(await addNew(store, ann, { id: `${first}${'m'.repeat(21)}`, createdAt, lastUsedAt: createdAt }));
  }
  return sessions.sort(youngestFirst);
}

export const listing: readonly CaseDefinition[] = define('listing', {
  rows: {
    title: 'MUST list sessions as they are, each with the records of its own account',
    async run({ store }) {
      const sessions = [
        await addNew(store, ann),
        await addNew(store, annAtAcme),
        await addNew(store, person('ann', 'other')),
      ];
      const { found, more } = await store.list(ann.tags.realm, ann.tags.user, page());
      assert.equal(more, false);
      assert.equal(found.length, sessions.length);
      for (const session of sessions) {
        const { realm, user, account, member } = await openRecords(store, person('ann', session.account));
        const epochs = {
          ...{ realm: realm.record, user: user.record },
          ...{ account: account?.record ?? null, member: member?.record ?? null },
        };
        same(
          found.find((one) => one.session.id === session.id),
          { session, epochs },
        );
      }
    },
  },
  order: {
    title: 'MUST list the youngest first, and of one millisecond the greatest id byte for byte',
    async run({ store }) {
      same(await listed(store, ann), []);
      const due = await tied(store);
      same(await listed(store, ann), ids(due));
    },
  },
  paging: {
    title: 'MUST return every row once, in order, for any size of the page',
    async run({ store }) {
      const due = ids(await tied(store));
      for (const limit of [1, 2, 3, 9, 10, 11]) same(await paged(store, ann, limit), due, `pages of ${limit}`);
    },
  },
  more: {
    title: 'MUST tell whether rows follow, exactly',
    async run({ store }) {
      const due = await tied(store);
      const at = async (limit: number, after?: SessionRecord): Promise<boolean> =>
        (await store.list(ann.tags.realm, ann.tags.user, page({ limit, after }))).more;
      same([await at(9), await at(10), await at(11)], [true, false, false]);
      same([await at(3, due[5]), await at(4, due[5]), await at(4, due[9])], [true, false, false]);
    },
  },
  after: {
    title: 'MUST go on behind a place whose row is not there any more',
    async run({ store }) {
      const due = await tied(store);
      const between = { createdAt: NOW, id: 'ZZ'.padEnd(22, 'm') };
      const rest = due.filter((session) => youngestFirst(between as SessionRecord, session) < 0);
      assert.ok(rest.length > 0 && rest.length < due.length);
      same(await listed(store, ann, { after: between }), ids(rest));
      same(await listed(store, ann, { after: { createdAt: NOW - 1, id: 'z'.repeat(22) } }), []);
    },
  },
  over: {
    title:
      'MUST leave out what has a tombstone or is past its expiry, unless that is wanted too, and judge nothing else',
    async run({ store }) {
      const at = (changes: Partial<SessionRecord>): Promise<SessionRecord> => addNew(store, ann, changes);
      const living = [
        await at({ createdAt: NOW - 1, expiresAt: NOW + 1, idle: null }),
        await at({ createdAt: NOW - 2, expiresAt: null, lastUsedAt: NOW - HOUR, idle: HOUR + 1 }),
        await at({ createdAt: NOW - 3, expiresAt: null, idle: null, lastUsedAt: 0 }),
        await at({ createdAt: NOW - 4, stamps: { realm: 'x', user: 'x', account: null, member: null } }),
      ];
      const over = [
        await at({ createdAt: NOW - 5, expiresAt: NOW }),
        await at({ createdAt: NOW - 6, expiresAt: null, lastUsedAt: NOW - HOUR, idle: HOUR }),
        await at({ createdAt: NOW - 7, expiresAt: NOW + HOUR, lastUsedAt: NOW - HOUR - SECOND, idle: HOUR }),
        await at({ createdAt: NOW - 8 }),
      ];
      await store.end({ id: nth(over, 3).id, user: ann.tags.user }, endedAt(NOW), []);
      same(await listed(store, ann, { ended: false }), ids(living));
      same(await listed(store, ann), ids([...living, ...over]));
      same(await paged(store, ann, 3, { ended: false }), ids(living));
      same(await listed(store, ann, { ended: false, now: NOW + HOUR }), ids(living.slice(2)));
    },
  },
  account: {
    title: 'MUST list only the sessions in the account that is asked for, and those of all where none is',
    async run({ store }) {
      const inNone = await addNew(store, ann, { createdAt: NOW + 2 });
      const atAcme = [await addNew(store, annAtAcme, { createdAt: NOW + 1 }), await addNew(store, annAtAcme)];
      const other = await addNew(store, person('ann', 'other'), { createdAt: NOW - 1 });
      await addNew(store, person('bob', 'acme'));
      same(await listed(store, ann), ids([inNone, ...atAcme, other]));
      same(await listed(store, ann, { account: annAtAcme.tags.account ?? undefined }), ids(atAcme));
      same(await paged(store, ann, 1, { account: annAtAcme.tags.account ?? undefined }), ids(atAcme));
      same(await listed(store, ann, { account: person('ann', 'none').tags.account ?? undefined }), []);
    },
  },
  born: {
    title: 'MUST list only sessions that bear one of the stamps that are asked for, in one account, in none, or in all',
    async run({ store }) {
      const acme = annAtAcme.tags.account;
      const { user } = await openRecords(store, annAtAcme);
      const other = person('ann', 'other');
      await openRecords(store, other);
      const write = { now: NOW, keepUntil: null, audit: [] };
      const of = (base: string, api: string) => ({ ...user.record, base, kinds: { api } });
      for (const [record, member] of [
        [of('u1', 'u2'), undefined],
        [of('m1', 'm2'), acme ?? ''],
        [of('m1', 'm2'), other.tags.account ?? ''],
      ] as const) {
        const ifVersion = await versionOf(store, ann);
        assert.equal(await store.advance(ann.tags.user, { ...write, record, member, ifVersion }), 'advanced');
      }
      let createdAt = NOW;
      const at = (whose: Person, kind: string, user: string, member: string | null): Promise<SessionRecord> =>
        addNew(store, whose, {
          ...{ kind, createdAt: createdAt-- },
          stamps: { realm: 'r', user, account: member === null ? null : 'a', member },
        });
      const ended = await at(ann, 'browser', 'u1', null);
      const [alone, past] = [await at(ann, 'api', 'u2', null), await at(ann, 'browser', 'u3', null)];
      const [mine, kept] = [await at(annAtAcme, 'browser', 'u1', 'm1'), await at(annAtAcme, 'api', 'u2', 'm2')];
      const away = await at(other, 'browser', 'u1', 'm1');
      const left = await at(annAtAcme, 'browser', 'u1', 'm3');
      const lost = await at(annAtAcme, 'browser', 'u3', 'm1');
      await store.end({ id: ended.id, user: ann.tags.user }, endedAt(NOW), []);

      const born = { user: ['u1', 'u2'], member: ['m1', 'm2'] };
      const anyMember = { ...born, member: null };
      const living = { ended: false, born };
      for (const times of ['the first time', 'again']) {
        same(await listed(store, ann, { ...living, account: acme }), ids([mine, kept]), times);
        same(await listed(store, ann, { ...living, account: null, born: anyMember }), ids([alone]), times);
        const all = await listed(store, ann, { ...living, born: anyMember });
        same(
          all.filter((id) => id !== left.id),
          ids([alone, mine, kept, away]),
          times,
        );
        same(await listed(store, ann, { ended: false, account: acme }), ids([mine, kept, left, lost]), times);
      }
      same(await listed(store, ann, { ...living, account: acme, born: { ...born, user: ['u2'] } }), ids([kept]));
      same(await listed(store, ann, { ...living, account: acme, born: { ...born, user: ['u9'] } }), []);
      same(await paged(store, ann, 1, { ...living, account: acme }), ids([mine, kept]));
      same(await paged(store, ann, 3, { born: anyMember }), ids([ended, alone, mine, kept, away, left]));
      same(await listed(store, ann, { born, account: acme }), ids([mine, kept]));
      same(await listed(store, ann, { account: null }), ids([ended, alone, past]));
      same(await paged(store, ann, 2), ids([ended, alone, past, mine, kept, away, left, lost]));
    },
  },
  unknown: {
    title: "MUST list nothing for an unknown user, and no other user's sessions",
    async run({ store }) {
      await addNew(store, ann);
      const bob = person('bob');
      same(await store.list(bob.tags.realm, bob.tags.user, page()), { found: [], more: false });
    },
  },
});
