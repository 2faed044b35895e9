import assert from 'node:assert/strict';
import { memberTag, type Tag } from '../../model/token.ts';
import { DAY, NOW } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import {
  add,
  addNew,
  anotherRecord,
  endedAt,
  look,
  newHash,
  nth,
  openRecords,
  type Person,
  person,
  recordOf,
  renewalOf,
  same,
  sessionOf,
  stored,
} from '../harness/records.ts';
import { TEXTS } from '../harness/texts.ts';

/** The texts that a store must keep. Some of them the core refuses as names, but another caller of a store may use them. */
export const STORED_TEXTS: readonly string[] = [...TEXTS, 'nul\0byte', '\0', '\x10', '\x100', 'tab\tline\n'];

const tagged = (whose: Person, user: Tag, account: Tag | null): Person => ({
  ...whose,
  account: account === null ? null : 'acme',
  tags: { ...whose.tags, user, account, member: account === null ? null : memberTag(user, account) },
});

export const text: readonly CaseDefinition[] = define('text', {
  'comes-back': {
    title: 'MUST give every text back as it went in',
    async run({ store }) {
      for (const [at, words] of STORED_TEXTS.entries()) {
        const whose = person(words, STORED_TEXTS.at(-at) ?? null, words);
        const session = await addNew(store, whose, {
          kind: 'x-1',
          amr: [words, words.trim()],
          device: { label: words, browser: words, os: words, type: 'desktop', ip: words },
          attributes: words === '__proto__' ? { words } : { [words]: words, nested: [{ [words]: [words] }] },
        });
        same(await stored(store, session), session);
        await store.end({ id: session.id, user: whose.tags.user }, endedAt(NOW, words, words, words), []);
        same((await stored(store, session)).ended, endedAt(NOW, words, words, words));

        const { version } = await recordOf(store, whose.tags.user);
        const record = { ...anotherRecord(words), suspended: { at: NOW, by: words, reason: words, fromDevice: words } };
        assert.equal(
          await store.advance(whose.tags.user, { record, ifVersion: version, now: NOW, keepUntil: null, audit: [] }),
          'advanced',
        );
        same((await look(store, session))?.epochs.user, record);
      }
    },
  },
  'ids-by-byte': {
    title: 'MUST tell ids apart byte for byte',
    async run({ store }) {
      const ann = person('ann');
      const ids = [
        'abcdefghijklmnopqrstuv',
        'ABCDEFGHIJKLMNOPQRSTUV',
        'abcdefghijklmnopqrstuV',
        'abcdefghijk-mnopqrstuv',
        'abcdefghijk_mnopqrstuv',
      ];
      const rows = [];
      for (const id of ids) rows.push(await addNew(store, ann, { id }));
      assert.equal(await store.end({ id: nth(ids, 0), user: ann.tags.user }, endedAt(NOW), []), true);
      await store.touch([{ id: nth(ids, 1), user: ann.tags.user, at: NOW + 1 }], () => NOW);
      same(await stored(store, nth(rows, 0)), { ...rows[0], ended: endedAt(NOW) });
      same(await stored(store, nth(rows, 1)), { ...rows[1], lastUsedAt: NOW + 1 });
      for (const row of rows.slice(2)) same(await stored(store, row), row);
    },
  },
  'tags-by-byte': {
    title: 'MUST tell tags apart byte for byte: those of users, and those of accounts',
    async run({ store }) {
      const [lower, upper] = ['a'.repeat(22), 'A'.repeat(22)];
      const [inLower, inUpper] = ['b'.repeat(22), 'B'.repeat(22)];
      const ann = person('ann', 'acme');
      const people = [tagged(ann, lower, inLower), tagged(ann, upper, inLower), tagged(ann, lower, inUpper)];
      const rows = [];
      for (const whose of people) rows.push(await addNew(store, whose));
      for (const [at, whose] of people.entries()) {
        const page = { account: whose.tags.account ?? undefined, ended: true, now: NOW, limit: 10 };
        const { found } = await store.list(whose.tags.realm, whose.tags.user, page);
        same(
          found.map(({ session }) => session),
          [rows[at]],
        );
      }
      const { version } = await recordOf(store, lower);
      const record = anotherRecord('lower');
      await store.advance(lower, { record, ifVersion: version, now: NOW, keepUntil: null, audit: [] });
      same((await look(store, nth(rows, 0)))?.epochs.user, record);
      assert.notDeepEqual((await look(store, nth(rows, 1)))?.epochs.user, record);
      const { realm, user } = ann.tags;
      same(
        await store.find(realm, [
          { id: nth(rows, 1).id, user: lower },
          { id: nth(rows, 0).id, user: lower, account: inUpper },
        ]),
        [null, null],
      );
      assert.notEqual(user, lower);
    },
  },
  'hashes-by-byte': {
    title: 'MUST tell hashes apart byte for byte',
    async run({ store }) {
      const ann = person('ann');
      const session = await addNew(store, ann, { credential: 'a'.repeat(43) });
      const other = 'A'.repeat(43);
      assert.equal(await store.renew(renewalOf(session, {}, { ifCredential: other })), 'not-live');
      const { version } = await recordOf(store, ann.tags.user);
      const initiator = { id: session.id, ifCredential: other, credential: newHash(), serial: 1 };
      const advance = {
        record: anotherRecord('x'),
        ifVersion: version,
        now: NOW,
        keepUntil: null,
        initiator,
        audit: [],
      };
      assert.equal(await store.advance(ann.tags.user, advance), 'not-live');
      same(await stored(store, session), session);
    },
  },
  large: {
    title: 'MUST give back the largest session and a record of a thousand kinds',
    async run({ store }) {
      const ann = person('\u{1f600}'.repeat(128), '\u00fc'.repeat(256));
      const amr = Array.from({ length: 16 }, (_, at) => `${at}`.padEnd(256, '\u20ac'));
      const attributes = { text: '\u20ac'.repeat(1300), more: Array.from({ length: 40 }, (_, at) => at) };
      const session = await addNew(store, ann, { amr, attributes });
      same(await stored(store, session), session);

      const one = anotherRecord('kinds');
      const names = Array.from({ length: 1000 }, (_, at) => `kind ${at} \u20ac`.padEnd(64, '.'));
      const kinds = Object.fromEntries(names.map((kind) => [kind, one.base]));
      const keep = Object.fromEntries(names.map((kind) => [kind, { id: session.id, stamp: 'user.1' }]));
      const adopted = Object.fromEntries(names.map((name, at) => [name, NOW + at]));
      const record = { ...one, kinds, keep, notes: { adopted } };
      const { version } = await recordOf(store, ann.tags.user);
      assert.equal(
        await store.advance(ann.tags.user, { record, ifVersion: version, now: NOW, keepUntil: null, audit: [] }),
        'advanced',
      );
      same((await look(store, session))?.epochs.user, record);
    },
  },
  numbers: {
    title: 'MUST give numbers back as they went in: 0 is not null, and times reach beyond 2^32 and the year 2200',
    async run({ store }) {
      const ann = person('ann');
      const { user } = await openRecords(store, ann);
      await add(store, sessionOf(ann), { ifVersion: user.version });
      const far = Date.UTC(2240, 5, 7, 8, 9, 10, 123);
      for (const changes of [
        { createdAt: 0, authenticatedAt: 0, lastUsedAt: 0, expiresAt: 0, idle: 1, serial: 0 },
        {
          createdAt: far,
          authenticatedAt: far + 1,
          lastUsedAt: far + 2,
          expiresAt: far + 3,
          idle: 36500 * DAY,
          serial: 2 ** 31,
        },
        { expiresAt: null, idle: null, attributes: { n: [0, -1.5, 1e300, 5e-324, 2 ** 53 - 1, 0.1, null, false] } },
      ]) {
        const session = await add(store, sessionOf(ann, changes));
        same(await stored(store, session), session);
        await store.end({ id: session.id, user: ann.tags.user }, endedAt(0, null, null), []);
        same(await stored(store, session), { ...session, ended: endedAt(0, null, null) });
      }
      const bob = person('bob');
      const version = 2 ** 48 - 1;
      const create = anotherRecord('x');
      const [made] = await store.ensureEpochs([{ tag: bob.tags.user, create, version, keepUntil: null }], NOW);
      same(made, { record: create, version });
      await add(store, sessionOf(bob), { ifVersion: version });
      assert.ok(Number.isSafeInteger((await recordOf(store, bob.tags.user)).version));
    },
  },
});
