import assert from 'node:assert/strict';
import type { Tag } from '../../model/token.ts';
import type { SessionStore, UsersOf } from '../../store/store.ts';
import { HOUR, NOW } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import {
  add,
  addNew,
  anotherRecord,
  endedAt,
  look,
  newHash,
  openRecords,
  type Person,
  person,
  pruneAll,
  recordOf,
  renewalOf,
  same,
  sessionOf,
  stored,
  versionOf,
} from '../harness/records.ts';

const ann = person('ann');
const bob = person('bob');
const annAtAcme = person('ann', 'acme');
const bobAtAcme = person('bob', 'acme');
const bobAtBeta = person('bob', 'beta');
const atDesk = person('ann', 'acme', 'desk');

const shop: UsersOf = { realm: 'shop', account: null };
const acme: UsersOf = { realm: 'shop', account: annAtAcme.tags.account };

/** Returns all users that `listUsers` names, page by page. `between` runs after each page but the last. */
async function named(
  store: SessionStore,
  of: UsersOf,
  limit = 100,
  between: () => Promise<unknown> = async () => {},
): Promise<readonly Tag[]> {
  const users = new Set<Tag>();
  let after: string | null = null;
  for (let pages = 0; pages === 0 || after !== null; pages++) {
    assert.ok(pages < 1000, 'the users come to an end');
    const page: Awaited<ReturnType<SessionStore['listUsers']>> = await store.listUsers(of, after, limit);
    assert.ok(page.users.length <= limit, 'a page is not longer than asked');
    for (const user of page.users) users.add(user);
    after = page.after;
    if (after !== null) await between();
  }
  return [...users].sort();
}

const tagsOf = (people: readonly Person[]): readonly Tag[] => [...new Set(people.map(({ tags }) => tags.user))].sort();

export const users: readonly CaseDefinition[] = define('users', {
  realm: {
    title: 'MUST name all users with sessions in the realm, and no others',
    async run({ store }) {
      same(await named(store, shop), []);
      for (const whose of [ann, annAtAcme, annAtAcme, bobAtBeta, atDesk]) await addNew(store, whose);
      await openRecords(store, person('cid', 'acme'));
      await addNew(store, person('dan', null, 'desk'));
      same(await named(store, shop), tagsOf([ann, bob]));
      same(await named(store, { realm: 'desk', account: null }), tagsOf([atDesk, person('dan', null, 'desk')]));
      same(await named(store, { realm: 'SHOP', account: null }), []);
    },
  },
  account: {
    title: 'MUST name all users with sessions in the account, and no others',
    async run({ store }) {
      same(await named(store, acme), []);
      for (const whose of [ann, annAtAcme, bob, bobAtBeta, atDesk]) await addNew(store, whose);
      same(await named(store, acme), tagsOf([ann]));
      await addNew(store, bobAtAcme);
      same(await named(store, acme), tagsOf([ann, bob]));
      same(await named(store, { realm: 'shop', account: bobAtBeta.tags.account }), tagsOf([bob]));
      same(await named(store, { realm: 'desk', account: atDesk.tags.account }), tagsOf([atDesk]));
      same(await named(store, { realm: 'shop', account: person('ann', 'gone').tags.account }), []);
    },
  },
  paging: {
    title: 'MUST name at most the limit per page, and miss no user, for any number of sessions',
    async run({ store }) {
      const people = Array.from({ length: 23 }, (_, at) => person(`user ${at}`, at % 2 === 0 ? 'acme' : 'beta'));
      for (const [at, whose] of people.entries()) {
        for (let times = 0; times <= at % 4; times++) await addNew(store, whose);
      }
      const members = people.filter(({ account }) => account === 'acme');
      for (const limit of [1, 2, 7, 23, 100]) {
        same(await named(store, shop, limit), tagsOf(people));
        same(await named(store, acme, limit), tagsOf(members));
      }
    },
  },
  moving: {
    title: 'MUST miss no user with sessions during all pages, while others come, go and change',
    async run({ store }) {
      const people = Array.from({ length: 6 }, (_, at) => person(`user ${at}`, 'acme'));
      const comers = Array.from({ length: 30 }, (_, at) => person(`other ${at}`, 'acme'));
      for (const [at, whose] of people.entries()) {
        await addNew(store, comers[at] ?? whose, {}, 0);
        await addNew(store, whose);
      }
      for (const of of [shop, acme]) {
        let come = people.length;
        let gone = 0;
        const between = async (): Promise<void> => {
          for (let times = 0; times < 2; times++) {
            const [comer, leaver] = [comers[come++], comers[gone++]];
            if (comer !== undefined) await addNew(store, comer, {}, 0);
            if (leaver !== undefined) await store.deleteSessions(leaver.tags.user, 100);
          }
          await pruneAll(store, { epochsBefore: NOW });
          for (const whose of people) {
            await add(store, sessionOf(whose));
            assert.equal(await store.deleteSessions(whose.tags.user, 1), 1);
          }
        };
        const found = new Set(await named(store, of, 2, between));
        same(
          people.filter(({ tags }) => !found.has(tags.user)).map(({ user }) => user),
          [],
        );
      }
    },
  },
  gone: {
    title: 'MUST not name users whose sessions are removed, or have left the account',
    async run({ store }) {
      const [switched, over] = [await addNew(store, annAtAcme), await addNew(store, bobAtAcme)];
      same(await named(store, acme), tagsOf([ann, bob]));
      const { account, accountTag, stamps } = sessionOf(person('ann', 'beta'));
      await openRecords(store, person('ann', 'beta'));
      const renewal = renewalOf(switched, { account, accountTag, stamps }, { moves: true });
      assert.equal(await store.renew(renewal), 'renewed');
      await store.end({ id: over.id, user: bob.tags.user }, endedAt(NOW), []);
      await pruneAll(store, { sessionsBefore: NOW });
      same(await named(store, acme), []);
      same(await named(store, shop), tagsOf([ann]));
      await store.deleteSessions(ann.tags.user, 100);
      same(await named(store, shop), []);
    },
  },
  delete: {
    title: "MUST remove a user's sessions in any state, up to the limit, and no other user's",
    async run({ store }) {
      const staying = [await addNew(store, bobAtAcme), await addNew(store, atDesk)];
      const going = [await addNew(store, ann), await addNew(store, annAtAcme), await addNew(store, ann)];
      going.push(await addNew(store, ann, { expiresAt: null, idle: null }), await addNew(store, ann, { expiresAt: 1 }));
      await store.end({ id: going[0]?.id ?? '', user: ann.tags.user }, endedAt(NOW), []);
      const left = async () => (await Promise.all(going.map((one) => look(store, one)))).filter((one) => one !== null);
      assert.equal(await store.deleteSessions(person('cid').tags.user, 10), 0);
      assert.equal(await store.deleteSessions(ann.tags.user, 2), 2);
      assert.equal((await left()).length, 3);
      assert.equal(await store.deleteSessions(ann.tags.user, 10), 3);
      same(await left(), []);
      assert.equal(await store.deleteSessions(ann.tags.user, 10), 0);
      const page = { ended: true, now: NOW, limit: 10 };
      same(await store.list(ann.tags.realm, ann.tags.user, page), { found: [], more: false });
      for (const one of staying) same(await stored(store, one), one);
      const back = await add(store, sessionOf(ann));
      same(await stored(store, back), back);
    },
  },
  'delete-none': {
    title: "MUST leave the user's version where a removal finds no session",
    async run({ store }) {
      const before = await recordOf(store, ann.tags.user);
      assert.equal(await store.deleteSessions(ann.tags.user, 10), 0);
      same(await recordOf(store, ann.tags.user), before);
    },
  },
  'delete-version': {
    title: "MUST move the user's version by a removal, and leave the record as it is",
    async run({ store }) {
      await addNew(store, annAtAcme);
      await addNew(store, ann, {}, NOW + HOUR);
      const initiator = await addNew(store, ann);
      const advance = {
        record: anotherRecord('x'),
        ifVersion: await versionOf(store, ann),
        now: NOW,
        keepUntil: null,
        audit: [],
      };
      await store.advance(ann.tags.user, advance);
      const before = await recordOf(store, ann.tags.user);
      const strangers = await versionOf(store, bob);
      await store.deleteSessions(ann.tags.user, 1);
      const after = await recordOf(store, ann.tags.user);
      same(after.record, before.record);
      assert.notEqual(after.version, before.version, 'the version moved');
      assert.equal(await versionOf(store, bob), strangers, 'that of others did not');
      await store.deleteSessions(ann.tags.user, 10);
      assert.equal(await store.renew(renewalOf(initiator, { credential: newHash() })), 'not-live');
      assert.equal(await look(store, initiator), null, 'and nothing brings it back');
    },
  },
});
