import assert from 'node:assert/strict';
import { NOW, SECOND } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { addNew, endedAt, look, openRecords, person, same, sessionOf, stored, versionOf } from '../harness/records.ts';

const ann = person('ann');
const bob = person('bob');
const annAtAcme = person('ann', 'acme');

export const usesAndEnds: readonly CaseDefinition[] = define('lifecycle', {
  end: {
    title: "MUST write the tombstone as it was given, change nothing else of the session, and move the user's version",
    async run({ store }) {
      for (const ended of [
        endedAt(NOW + SECOND, 'left the company', 'admin'),
        { at: NOW, by: null, reason: null, fromDevice: null },
      ]) {
        const session = await addNew(store, annAtAcme, { expiresAt: NOW });
        const version = await versionOf(store, ann);
        assert.equal(await store.end({ id: session.id, user: ann.tags.user }, ended, []), true);
        same(await stored(store, session), { ...session, ended });
        assert.notEqual(await versionOf(store, ann), version, 'the version moved');
      }
    },
  },
  'end-twice': {
    title: 'MUST answer false and write nothing where the session has a tombstone already',
    async run({ store }) {
      const session = await addNew(store, ann);
      const ref = { id: session.id, user: ann.tags.user };
      await store.end(ref, endedAt(NOW, 'first'), []);
      const version = await versionOf(store, ann);
      assert.equal(await store.end(ref, endedAt(NOW + SECOND, 'second'), []), false);
      same((await stored(store, session)).ended, endedAt(NOW, 'first'));
      assert.equal(await versionOf(store, ann), version, 'the version did not move');
    },
  },
  'end-unknown': {
    title: 'MUST answer false and write nothing where there is no such session of this user',
    async run({ store }) {
      const session = await addNew(store, ann);
      await openRecords(store, bob);
      const versions = [await versionOf(store, ann), await versionOf(store, bob)];
      assert.equal(await store.end({ id: sessionOf(ann).id, user: ann.tags.user }, endedAt(NOW), []), false);
      assert.equal(await store.end({ id: session.id, user: bob.tags.user }, endedAt(NOW), []), false);
      same(await stored(store, session), session);
      same([await versionOf(store, ann), await versionOf(store, bob)], versions);
    },
  },
  'end-unused': {
    title: 'MUST end a session with ifUnusedSince only if it was not used after that time, compared in the same step',
    async run({ store }) {
      const session = await addNew(store, ann);
      const ref = { id: session.id, user: ann.tags.user };
      await store.touch([{ ...ref, at: NOW + SECOND }], () => NOW);
      const version = await versionOf(store, ann);
      const ended = endedAt(NOW + 2 * SECOND, 'idle');
      assert.equal(await store.end({ ...ref, ifUnusedSince: NOW + SECOND - 1 }, ended, []), false);
      same(await stored(store, session), { ...session, lastUsedAt: NOW + SECOND });
      assert.equal(await versionOf(store, ann), version, 'the version did not move');
      assert.equal(await store.end({ ...ref, account: null, ifUnusedSince: NOW + SECOND }, ended, []), true);
      same((await stored(store, session)).ended, ended);
    },
  },
  'touch-raises': {
    title: 'MUST only ever raise the time of the last use, and change nothing else',
    async run({ store }) {
      const [a, b] = [await addNew(store, ann), await addNew(store, annAtAcme)];
      const version = await versionOf(store, ann);
      const user = ann.tags.user;
      await store.touch(
        [
          { id: a.id, user, at: NOW + 2 * SECOND },
          { id: b.id, user, at: NOW + SECOND },
        ],
        () => NOW,
      );
      await store.touch([{ id: a.id, user, at: NOW + SECOND }], () => NOW);
      await store.touch([{ id: b.id, user, at: NOW + 3 * SECOND }], () => NOW);
      await store.touch([], () => NOW);
      same(await stored(store, a), { ...a, lastUsedAt: NOW + 2 * SECOND });
      same(await stored(store, b), { ...b, lastUsedAt: NOW + 3 * SECOND });
      assert.equal(await versionOf(store, ann), version, 'the version did not move');
    },
  },
  'touch-ended': {
    title: 'MUST not touch a session that has a tombstone',
    async run({ store }) {
      const session = await addNew(store, ann);
      await store.end({ id: session.id, user: ann.tags.user }, endedAt(NOW + SECOND), []);
      await store.touch([{ id: session.id, user: ann.tags.user, at: NOW + 2 * SECOND }], () => NOW);
      same(await stored(store, session), { ...session, ended: endedAt(NOW + SECOND) });
    },
  },
  'touch-unknown': {
    title: 'MUST pass by a use of what is not there, create nothing for it, and note its neighbours',
    async run({ store }) {
      const session = await addNew(store, ann);
      const none = sessionOf(ann);
      const user = ann.tags.user;
      await store.touch(
        [
          { id: none.id, user, at: NOW + SECOND },
          { id: session.id, user: bob.tags.user, at: NOW + 3 * SECOND },
          { id: session.id, user, at: NOW + SECOND },
        ],
        () => NOW,
      );
      assert.equal(await look(store, none), null);
      same(await stored(store, session), { ...session, lastUsedAt: NOW + SECOND });
    },
  },
  'setup-again': {
    title: 'MUST let setup be called at any time, by several at once, and lose nothing by it',
    async run(bench) {
      const { store } = bench;
      const session = await addNew(store, ann);
      const second = await bench.second();
      await Promise.all([store.setup?.(), second.setup?.(), store.setup?.()]);
      same(await stored(store, session), session);
    },
  },
});
