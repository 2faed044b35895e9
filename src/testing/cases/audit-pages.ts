import assert from 'node:assert/strict';
import type { AuditEntry, AuditPage, AuditRecord } from '../../store/powers.ts';
import type { SessionStore } from '../../store/store.ts';
import { idsOf, logOf, read, readAll, recordAbout } from '../harness/audit-entries.ts';
import { NOW, SECOND } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { nth, person, same } from '../harness/records.ts';
import { TEXTS } from '../harness/texts.ts';

const ann = person('ann', 'acme');
const bob = person('bob', 'beta');
const { realm } = ann.tags;
const types = ['session.ended', 'session.started', 'sessions.revoked'];

async function append(store: SessionStore, records: readonly AuditRecord[]): Promise<void> {
  // Appended one by one, in the order of the random ids, which is not the order of their times.
  for (const record of [...records].sort((a, b) => (a.entry.id < b.entry.id ? -1 : 1))) {
    await logOf(store).append([record]);
  }
}

const youngestFirst = (records: readonly AuditRecord[]): readonly AuditEntry[] =>
  records.map(({ entry }) => entry).sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));

// Returns entries with each user, event and actor in all combinations, several times within the same milliseconds.
function everything(): readonly AuditRecord[] {
  const noUser = { user: null, account: null, by: null };
  return [0, SECOND, SECOND, 2 * SECOND].flatMap((later) =>
    types.flatMap((type) =>
      [ann, bob].flatMap((whose) => [
        recordAbout(whose, { at: NOW + later, type }),
        recordAbout(whose, { at: NOW + later, type, by: 'bob' }),
        recordAbout(whose, { at: NOW + later, type, ...noUser, by: 'ann' }),
        recordAbout(whose, { at: NOW + later, type, ...noUser, account: whose.account }),
      ]),
    ),
  );
}

const FILTERS: readonly Partial<AuditPage>[] = [
  { user: ann.tags.user },
  { account: bob.tags.account ?? '' },
  { by: bob.tags.user },
  { types: types.slice(1) },
  { since: NOW + SECOND },
  { until: NOW + 2 * SECOND },
];

const holds = ({ entry, ...record }: AuditRecord, page: Partial<AuditPage>): boolean =>
  (page.user === undefined || record.user === page.user) &&
  (page.account === undefined || record.account === page.account) &&
  (page.by === undefined || record.by === page.by) &&
  (page.types === undefined || page.types.includes(entry.type)) &&
  (page.since === undefined || entry.at >= page.since) &&
  (page.until === undefined || entry.at < page.until);

async function expectFiltered(
  store: SessionStore,
  records: readonly AuditRecord[],
  page: Partial<AuditPage>,
): Promise<void> {
  const wanted = records.filter((record) => holds(record, page));
  same(await read(store, { realm, ...page, limit: 1000 }), youngestFirst(wanted), JSON.stringify(page));
}

export const auditPages: readonly CaseDefinition[] = define(
  'audit',
  {
    order: {
      title: 'MUST have the youngest entry first, and of the same millisecond the one with the greatest id',
      async run({ store }) {
        const records = everything();
        await append(store, records);
        same(await read(store, { realm, limit: 1000 }), youngestFirst(records));
      },
    },
    filters: {
      title: 'MUST find entries by whom and what they are about, by who did it, by type, and by time',
      async run({ store }) {
        const records = everything();
        await append(store, records);
        for (const page of FILTERS) {
          const found = records.filter((record) => holds(record, page)).length;
          assert.ok(found > 0 && found < records.length, 'each of them tells something');
          await expectFiltered(store, records, page);
        }
        for (const type of types) await expectFiltered(store, records, { types: [type] });
        await expectFiltered(store, records, {
          types: ['session.end', 'Session.ended', types[0] ?? '', types[0] ?? ''],
        });
        await expectFiltered(store, records, { since: NOW + 3 * SECOND });
        await expectFiltered(store, records, { until: NOW });
        await expectFiltered(store, records, { since: NOW + SECOND, until: NOW + SECOND });
      },
    },
    'filters-together': {
      title: 'MUST find the entries of which all holds that is asked for',
      async run({ store }) {
        const records = everything();
        await append(store, records);
        for (let chosen = 0; chosen < 1 << FILTERS.length; chosen++) {
          const page = Object.assign({}, ...FILTERS.filter((_, at) => (chosen >> at) & 1));
          await expectFiltered(store, records, page);
        }
      },
    },
    paging: {
      title: 'MUST go on behind the last entry of a page, without gaps and without one twice, while others come',
      async run({ store }) {
        const records = everything();
        await append(store, records);
        const expected = youngestFirst(records);
        for (const limit of [1, 2, 5, records.length]) {
          same(await readAll(store, { realm }, limit), expected, `${limit} at a time`);
        }
        for (const page of FILTERS) {
          const wanted = records.filter((record) => holds(record, page));
          same(await readAll(store, { realm, ...page }, 3), youngestFirst(wanted), JSON.stringify(page));
        }
        const first = await read(store, { realm, limit: 5 });
        await append(store, [recordAbout(ann, { at: NOW + 9 * SECOND })]);
        const rest = await read(store, { realm, limit: 1000, after: nth(first, -1) });
        same([...first, ...rest], expected, 'what is younger than the last page comes on no later one');
      },
    },
    more: {
      title: 'MUST tell whether entries follow: not where a page is just full',
      async run({ store }) {
        const records = [0, 1, 2, 3].map((later) => recordAbout(ann, { at: NOW + later }));
        await append(store, [...records, recordAbout(bob)]);
        const more = async (page: Partial<AuditPage>) =>
          (await logOf(store).read({ realm, user: ann.tags.user, limit: 4, ...page })).more;
        same(
          [
            await more({}),
            await more({ limit: 3 }),
            await more({ limit: 2, after: nth(records, 2).entry }),
            await more({ limit: 1, after: nth(records, 2).entry }),
            await more({ limit: 1, since: NOW + 3 }),
            await more({ limit: 2, types }),
            await more({ user: person('cid').tags.user }),
          ],
          [false, true, false, true, false, true, false],
        );
      },
    },
    realms: {
      title: 'MUST find nothing of another realm, by any filter',
      async run({ store }) {
        const elsewhere = person('ann', 'acme', 'desk');
        const [here, there] = [recordAbout(ann), recordAbout(elsewhere)];
        await append(store, [here, there]);
        for (const page of [{}, { types }, { since: NOW }, { until: NOW + 1 }]) {
          same(idsOf(await read(store, { realm, ...page, limit: 10 })), idsOf([here]));
          same(idsOf(await read(store, { realm: elsewhere.tags.realm, ...page, limit: 10 })), idsOf([there]));
        }
        const { user, account } = elsewhere.tags;
        for (const page of [{ user }, { by: user }, { account: account ?? '' }]) {
          same(await read(store, { realm, ...page, limit: 10 }), []);
          same(idsOf(await read(store, { realm: elsewhere.tags.realm, ...page, limit: 10 })), idsOf([there]));
        }
      },
    },
    text: {
      title: 'MUST give every text of an entry back as it went in, and tell types apart byte for byte',
      async run({ store }) {
        const records = TEXTS.map((words, at) =>
          recordAbout(person(words, words, 'shop'), {
            ...{ at: NOW + at, type: words, device: words, ip: words, by: words, reason: words, note: words },
            ...{ fromDevice: words, details: { words, nested: [{ words: [words] }, null, 0, -1.5, true] } },
          }),
        );
        await append(store, records);
        same(await readAll(store, { realm }), youngestFirst(records));
        for (const { entry, user, account } of records) {
          same(await read(store, { realm, types: [entry.type], limit: 10 }), [entry]);
          if (user !== null) same(await read(store, { realm, user, limit: 10 }), [entry]);
          if (user !== null) same(await read(store, { realm, by: user, limit: 10 }), [entry]);
          if (account !== null) same(await read(store, { realm, account, limit: 10 }), [entry]);
        }
        const nothing = { user: null, account: null, scope: null, session: null, device: null, ip: null };
        const bare = recordAbout(ann, {
          ...nothing,
          by: null,
          reason: null,
          note: null,
          fromDevice: null,
          details: {},
        });
        const large = recordAbout(ann, { details: { text: '\u20ac'.repeat(5000), list: Array(100).fill(1e300) } });
        await append(store, [bare, large]);
        same(await read(store, { realm, until: NOW + 1, since: NOW, limit: 10 }), [
          ...youngestFirst([nth(records, 0), bare, large]),
        ]);
      },
    },
    own: {
      title: 'MUST not keep what is handed in by reference, nor hand out its own',
      async run({ store }) {
        const record = structuredClone(recordAbout(ann));
        const expected = structuredClone(record.entry);
        await logOf(store).append([record]);
        Object.assign(record.entry, { note: 'scribbled' });
        Object.assign(record.entry.details, { note: 'scribbled' });
        for (let times = 0; times < 2; times++) {
          const [entry] = await read(store, { realm, limit: 10 });
          same(entry, expected);
          for (const part of [entry, entry?.details]) Reflect.set(part ?? {}, 'note', 'scribbled');
        }
      },
    },
  },
  ['audit'],
);
