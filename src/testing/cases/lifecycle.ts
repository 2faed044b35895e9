import assert from 'node:assert/strict';
import { DAY, HOUR, NOW, SECOND } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import {
  add,
  addNew,
  CLIENTS,
  endedAt,
  look,
  openRecords,
  outlives,
  person,
  plainWrite,
  same,
  sessionOf,
  stored,
  versionOf,
} from '../harness/records.ts';

const ann = person('ann');
const bob = person('bob');
const annAtAcme = person('ann', 'acme');

export const lifecycle: readonly CaseDefinition[] = define('lifecycle', {
  'add-then-find': {
    title: 'MUST find a session as it was added, with the records that it is judged by',
    async run({ store }) {
      for (const whose of [ann, annAtAcme]) {
        const { realm, user, account, member } = await openRecords(store, whose);
        const session = await add(store, sessionOf(whose, { deviceTag: whose.tags.account }), {
          ifVersion: user.version,
        });
        const epochs = {
          ...{ realm: realm.record, user: user.record },
          ...{ account: account?.record ?? null, member: member?.record ?? null },
        };
        same(await look(store, session), { session, epochs });
      }
    },
  },
  client: {
    title: 'MUST find and list a session with its client and grant as they were added',
    async run({ store }) {
      for (const client of CLIENTS) {
        const session = await addNew(store, ann, { client, attributes: {} });
        same(await stored(store, session), session);
        const { found } = await store.list(ann.tags.realm, ann.tags.user, { ended: false, now: NOW, limit: 10 });
        same(found.find(({ session: { id } }) => id === session.id)?.session, session);
      }
    },
  },
  federated: {
    title: 'MUST find and list a session with its provider as it was added',
    async run({ store }) {
      const longest = '"'.repeat(256);
      for (const names of [
        { sid: 'one', sub: null },
        { sid: null, sub: longest },
        { sid: longest, sub: '\u20ac' },
      ]) {
        const session = await addNew(store, ann, { federated: { issuer: 'https://id.example.org', ...names } });
        same(await stored(store, session), session);
        const { found } = await store.list(ann.tags.realm, ann.tags.user, { ended: false, now: NOW, limit: 10 });
        same(found.find(({ session: { id } }) => id === session.id)?.session, session);
      }
    },
  },
  'add-moves-version': {
    title: "MUST move the user's version with every session that is added, and never back to an earlier one",
    async run({ store }) {
      await openRecords(store, ann);
      const seen = new Set<number>();
      for (let round = 0; round < 20; round++) {
        const version = await versionOf(store, ann);
        assert.ok(Number.isSafeInteger(version), 'a version is a safe integer');
        assert.ok(!seen.has(version), 'a version is new');
        seen.add(version);
        await add(store, sessionOf(ann), { ifVersion: version });
      }
    },
  },
  'add-stale-version': {
    title: "MUST answer 'conflict' and write nothing where the user's version is not the one that was read",
    async run({ store }) {
      const { user } = await openRecords(store, ann, NOW + HOUR);
      const first = await add(store, sessionOf(ann), { ifVersion: user.version });
      const version = await versionOf(store, ann);
      const late = sessionOf(ann);
      const write = {
        ...{ ifVersion: user.version, now: NOW, retention: DAY },
        ending: [{ id: first.id, ended: endedAt(NOW), audit: [] }],
        keepUntil: null,
        audit: [],
      };
      assert.equal(await store.add(late, write), 'conflict');

      assert.equal(await look(store, late), null, 'the session was not written');
      assert.equal((await stored(store, first)).ended, null, 'the other session was not ended');
      assert.equal(await versionOf(store, ann), version, 'the version did not move');
      assert.equal(await outlives(store, NOW + HOUR + 1, first), false, 'the record is not kept for longer');
    },
  },
  'add-missing-record': {
    title: "MUST answer 'conflict' and write nothing where the user's record is missing",
    async run({ store }) {
      await openRecords(store, bob);
      for (const ifVersion of [undefined, 0, 1]) {
        const session = sessionOf(ann);
        assert.equal(await store.add(session, plainWrite({ ifVersion })), 'conflict');
        assert.equal(await look(store, session), null, 'the session was not written');
      }
    },
  },
  'add-taken-id': {
    title:
      "MUST answer 'conflict' and write nothing where the user has a session of that id, and leave other users' sessions",
    async run({ store }) {
      const first = await addNew(store, ann);
      const version = await versionOf(store, ann);
      const second = sessionOf(ann, { id: first.id, attributes: { second: true } });
      assert.equal(await store.add(second, plainWrite({ ifVersion: version })), 'conflict');
      assert.equal(await versionOf(store, ann), version, 'the version did not move');
      same(await stored(store, first), first);

      await openRecords(store, bob);
      const before = await versionOf(store, bob);
      const others = sessionOf(bob, { id: first.id, attributes: { second: true } });
      // If users are on different servers, one server does not know the other's sessions.
      const isTaken = (await store.add(others, plainWrite({ ifVersion: before }))) === 'conflict';
      if (isTaken) assert.equal(await versionOf(store, bob), before, 'the version did not move');
      same(await stored(store, first), first);
      same((await look(store, others))?.session ?? null, isTaken ? null : others);
    },
  },
  'add-without-version': {
    title: 'MUST add at any version if none is given',
    async run({ store }) {
      await openRecords(store, ann);
      const before = await versionOf(store, ann);
      const session = await add(store, sessionOf(ann));
      same(await stored(store, session), session);
      assert.notEqual(await versionOf(store, ann), before, 'the version moves all the same');
    },
  },
  'add-ends-others': {
    title: "MUST end the user's other sessions that are named, in the same step, and pass by what is not there or over",
    async run({ store }) {
      const stranger = await addNew(store, bob);
      const one = await addNew(store, ann);
      const over = await addNew(store, ann);
      const staying = await addNew(store, ann);
      const elsewhere = await addNew(store, annAtAcme);
      const earlier = endedAt(NOW, 'earlier');
      assert.equal(await store.end({ id: over.id, user: ann.tags.user }, earlier, []), true);

      const ended = endedAt(NOW + SECOND, 'replaced', null);
      const named = [sessionOf(ann), one, over, stranger, elsewhere];
      const ending = named.map(({ id }) => ({ id, ended, audit: [] }));
      const added = await add(store, sessionOf(ann), { ifVersion: await versionOf(store, ann), ending });
      same((await stored(store, one)).ended, ended);
      same((await stored(store, elsewhere)).ended, ended);
      same((await stored(store, over)).ended, earlier, 'a tombstone stays as it was');
      for (const live of [stranger, staying, added]) same((await stored(store, live)).ended, null);
    },
  },
  'find-order': {
    title: 'MUST answer the references in the order asked, repeated ones too, with null for what is not there',
    async run({ store }) {
      const [a, b, c] = [await addNew(store, ann), await addNew(store, bob), await addNew(store, annAtAcme)];
      const none = sessionOf(ann);
      const asked = [c, none, a, b, a, none];
      const refs = asked.map(({ id, userTag, accountTag }) => ({ id, user: userTag, account: accountTag }));
      const found = await store.find(ann.tags.realm, refs);
      same(
        found.map((one) => one?.session.id ?? null),
        asked.map(({ id }) => (id === none.id ? null : id)),
      );
      same(await store.find(ann.tags.realm, []), []);
    },
  },
  'find-foreign-tags': {
    title: 'MUST find nothing under tags that are not those of the session, and let the account be left out',
    async run({ store }) {
      const inNone = await addNew(store, ann);
      const atAcme = await addNew(store, annAtAcme);
      const { tags } = annAtAcme;
      const other = person('ann', 'other').tags.account;
      await openRecords(store, person('bob', 'other'));
      const found = await store.find(tags.realm, [
        { id: atAcme.id, user: tags.user },
        { id: inNone.id, user: tags.user, account: undefined },
        { id: atAcme.id, user: bob.tags.user },
        { id: atAcme.id, user: bob.tags.user, account: tags.account },
        { id: atAcme.id, user: tags.user, account: null },
        { id: atAcme.id, user: tags.user, account: other },
        { id: inNone.id, user: tags.user, account: tags.account },
        { id: inNone.id, user: tags.user, account: null },
      ]);
      const ids = found.map((one) => one?.session.id ?? null);
      same(ids, [atAcme.id, inNone.id, null, null, null, null, null, inNone.id]);
    },
  },
  'find-own-epochs': {
    title: 'MUST find each session with the records of its own user and account, beside any other',
    async run({ store }) {
      const people = [ann, bob, annAtAcme, person('bob', 'acme'), person('ann', 'other')];
      const refs = [];
      for (const whose of people) {
        const { id } = await addNew(store, whose);
        refs.push({ id, user: whose.tags.user });
      }
      const found = await store.find(ann.tags.realm, refs);
      for (const [at, whose] of people.entries()) {
        const { realm, user, account, member } = await openRecords(store, whose);
        const epochs = {
          ...{ realm: realm.record, user: user.record },
          ...{ account: account?.record ?? null, member: member?.record ?? null },
        };
        same(found[at]?.epochs, epochs);
      }
    },
  },
  'find-over': {
    title: 'MUST find sessions that are ended or expired, too',
    async run({ store }) {
      const expired = await addNew(store, ann, { expiresAt: 1, lastUsedAt: 0, createdAt: 0 });
      const ended = await addNew(store, ann);
      await store.end({ id: ended.id, user: ann.tags.user }, endedAt(NOW), []);
      same(await stored(store, expired), expired);
      same(await stored(store, ended), { ...ended, ended: endedAt(NOW) });
    },
  },
});
