import assert from 'node:assert/strict';
import type { SessionRecord } from '../../model/session.ts';
import { DAY, HOUR, NOW, SECOND } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import {
  addNew,
  CLIENTS,
  endedAt,
  look,
  newHash,
  nth,
  openRecords,
  outlives,
  person,
  recordOf,
  renewalOf,
  same,
  sessionOf,
  stored,
  versionOf,
} from '../harness/records.ts';

const ann = person('ann');
const annAtAcme = person('ann', 'acme');
const bob = person('bob');

// Returns the session with another value in each field that a renewal must keep.
const forged = (session: SessionRecord): SessionRecord => ({
  ...session,
  credential: newHash(),
  realm: 'elsewhere',
  user: 'Ann',
  kind: 'api',
  createdAt: NOW + DAY,
  device: { label: 'Firefox on Windows', browser: 'Firefox', os: 'Windows', type: 'desktop', ip: null },
  deviceTag: bob.tags.user,
  federated: { issuer: 'https://id.example.org', sid: 'other', sub: null },
  stamps: { ...session.stamps, realm: 'realm.2', user: 'user.2' },
  ended: endedAt(NOW),
});

export const renewal: readonly CaseDefinition[] = define('renewal', {
  changes: {
    title: 'MUST change everything that a renewal may change',
    async run({ store }) {
      await openRecords(store, person('ann', 'other'));
      const session = await addNew(store, annAtAcme);
      const { tags } = person('ann', 'other');
      const changes: Partial<SessionRecord> = {
        credential: newHash(),
        serial: 41,
        account: 'other',
        accountTag: tags.account,
        stamps: { ...session.stamps, account: 'account.2', member: 'member.2' },
        authenticatedAt: NOW + SECOND,
        expiresAt: NOW + 60 * DAY,
        idle: 20 * DAY,
        amr: ['pwd', 'hwk'],
        attributes: { theme: 'light' },
        lastUsedAt: NOW + SECOND,
      };
      assert.equal(await store.renew(renewalOf(session, changes, { moves: true })), 'renewed');
      same(await stored(store, { ...session, ...changes }), { ...session, ...changes });
      assert.equal(await look(store, session), null, 'nothing is left in the account before');

      const nulls = { expiresAt: null, idle: null, amr: [], attributes: {}, credential: newHash() };
      const left = { account: null, accountTag: null, stamps: { ...session.stamps, account: null, member: null } };
      const now = await stored(store, { ...session, ...changes });
      assert.equal(await store.renew(renewalOf(now, { ...nulls, ...left }, { moves: true })), 'renewed');
      same(await stored(store, { ...now, ...left }), { ...now, serial: 42, ...nulls, ...left });
    },
  },
  client: {
    title: 'MUST replace the client and its grant, by another one or by none',
    async run({ store }) {
      const session = await addNew(store, ann, { client: nth(CLIENTS, 0) });
      let last = session;
      for (const client of [nth(CLIENTS, 1), null, nth(CLIENTS, 0)]) {
        const renewed = renewalOf(last, { client });
        assert.equal(await store.renew(renewed), 'renewed');
        last = renewed.session;
        same(await stored(store, session), last);
      }
    },
  },
  'keeps-client': {
    title: 'MUST keep the client and its grant in a renewal and a revocation that do not change them',
    async run({ store }) {
      for (const client of CLIENTS) {
        const session = await addNew(store, ann, { client });
        const renewed = renewalOf(session, { attributes: { theme: 'light' } });
        assert.equal(await store.renew(renewed), 'renewed');
        same(await stored(store, session), renewed.session);

        const { record, version } = await recordOf(store, ann.tags.user);
        const initiator = {
          id: session.id,
          ifCredential: renewed.session.credential,
          credential: newHash(),
          serial: 7,
        };
        const advance = { record, ifVersion: version, now: NOW, keepUntil: null, initiator, audit: [] };
        assert.equal(await store.advance(ann.tags.user, advance), 'advanced');
        same(await stored(store, session), { ...renewed.session, credential: initiator.credential, serial: 7 });
      }
    },
  },
  spares: {
    title:
      'MUST not change what a renewal may not change: not the stamps of user and realm, not the birth, no tombstone',
    async run({ store }) {
      const session = await addNew(store, ann);
      const wanted = forged(session);
      assert.equal(await store.renew(renewalOf(session, wanted)), 'renewed');
      same(await stored(store, session), { ...session, credential: wanted.credential });
    },
  },
  'last-use': {
    title: 'MUST raise the time of the last use, and never lower it',
    async run({ store }) {
      const session = await addNew(store, ann, { lastUsedAt: NOW + HOUR });
      const lower = renewalOf(session, { lastUsedAt: NOW });
      assert.equal(await store.renew(lower), 'renewed');
      assert.equal((await stored(store, session)).lastUsedAt, NOW + HOUR);
      assert.equal(await store.renew(renewalOf(lower.session, { lastUsedAt: NOW + DAY })), 'renewed');
      assert.equal((await stored(store, session)).lastUsedAt, NOW + DAY);
    },
  },
  'other-hash': {
    title: "MUST answer 'not-live' and write nothing where the credential is not the one that was judged",
    async run({ store }) {
      const session = await addNew(store, ann, {}, NOW + HOUR);
      const other = await addNew(store, ann, {}, NOW + HOUR);
      const version = await versionOf(store, ann);
      const ending = [{ id: other.id, ended: endedAt(NOW), audit: [] }];
      const write = { ifCredential: newHash(), ending, keepUntil: null, moves: true };
      assert.equal(await store.renew(renewalOf(session, { attributes: {} }, write)), 'not-live');
      same(await stored(store, session), session);
      same(await stored(store, other), other, 'the other session was not ended');
      assert.equal(await versionOf(store, ann), version, 'the version did not move');
      assert.equal(await outlives(store, NOW + HOUR + 1, session), false, 'the record is not kept for longer');
    },
  },
  ended: {
    title: "MUST answer 'not-live' and write nothing where the session has a tombstone",
    async run({ store }) {
      const session = await addNew(store, ann);
      await store.end({ id: session.id, user: ann.tags.user }, endedAt(NOW), []);
      assert.equal(await store.renew(renewalOf(session)), 'not-live');
      same(await stored(store, session), { ...session, ended: endedAt(NOW) });
    },
  },
  unknown: {
    title: "MUST answer 'not-live' and create nothing where there is no such session of this user",
    async run({ store }) {
      const session = await addNew(store, ann);
      await openRecords(store, bob);
      const none = sessionOf(ann);
      assert.equal(await store.renew(renewalOf(none)), 'not-live');
      assert.equal(await look(store, none), null);
      assert.equal(await store.renew(renewalOf(session, { userTag: bob.tags.user })), 'not-live');
      same(await stored(store, session), session);
    },
  },
  version: {
    title: "MUST renew nothing and answer 'conflict' where the user's version is not the one that was read",
    async run({ store }) {
      const session = await addNew(store, ann, {}, NOW + HOUR);
      const other = await addNew(store, ann, {}, NOW + HOUR);
      const version = await versionOf(store, ann);
      const ending = [{ id: other.id, ended: endedAt(NOW), audit: [] }];
      const late = { ifVersion: version + 1, ending, keepUntil: null, moves: true };
      assert.equal(await store.renew(renewalOf(session, {}, late)), 'conflict');
      same(await stored(store, session), session);
      same(await stored(store, other), other, 'the other session was not ended');
      assert.equal(await versionOf(store, ann), version, 'the version did not move');
      assert.equal(await store.renew(renewalOf(session, {}, { ifVersion: version })), 'renewed');
      assert.equal(await outlives(store, NOW + HOUR + 1, session), false, 'the record is not kept for longer');
    },
  },
  'ended-and-stale': {
    title: "MUST answer 'not-live' where the session is over, even if the user's version is not the one that was read",
    async run({ store }) {
      const live = await addNew(store, ann);
      const ended = await addNew(store, ann);
      await store.end({ id: ended.id, user: ann.tags.user }, endedAt(NOW), []);
      const ifVersion = (await versionOf(store, ann)) + 1;
      for (const over of [
        renewalOf(ended, {}, { ifVersion }),
        renewalOf(live, {}, { ifVersion, ifCredential: newHash() }),
      ]) {
        assert.equal(await store.renew(over), 'not-live');
      }
      assert.equal(await store.renew(renewalOf(live, {}, { ifVersion })), 'conflict');
      same(await stored(store, live), live);
    },
  },
  moves: {
    title: "MUST move the user's version with a switch of account, and not with any other renewal",
    async run({ store }) {
      const session = await addNew(store, ann);
      const version = await versionOf(store, ann);
      const renewed = renewalOf(session);
      assert.equal(await store.renew(renewed), 'renewed');
      assert.equal(await versionOf(store, ann), version, 'the version did not move');
      assert.equal(await store.renew(renewalOf(renewed.session, {}, { ifVersion: version, moves: true })), 'renewed');
      assert.notEqual(await versionOf(store, ann), version, 'the version moved');
    },
  },
  'ends-others': {
    title: "MUST end the user's other named sessions in the same step, and no other user's",
    async run({ store }) {
      const stranger = await addNew(store, bob);
      const session = await addNew(store, ann);
      const [replaced, staying] = [await addNew(store, annAtAcme), await addNew(store, annAtAcme)];
      const ended = endedAt(NOW, 'replaced');
      const ending = [stranger, replaced].map(({ id }) => ({ id, ended, audit: [] }));
      const version = await versionOf(store, ann);
      assert.equal(await store.renew(renewalOf(session, {}, { ifVersion: version, ending, moves: true })), 'renewed');
      same(await stored(store, replaced), { ...replaced, ended });
      same(await stored(store, staying), staying);
      same(await stored(store, stranger), stranger);
    },
  },
  'keeps-record': {
    title: "MUST raise the user's record to be kept as long as asked, in the same step, and never lower that",
    async run({ store }) {
      const session = await addNew(store, ann, {}, NOW);
      const first = renewalOf(session, {}, { keepUntil: NOW + DAY });
      assert.equal(await store.renew(first), 'renewed');
      assert.equal(await store.renew(renewalOf(first.session, {}, { keepUntil: NOW + HOUR })), 'renewed');
      assert.equal(await outlives(store, NOW + DAY, session), true);
      assert.equal(await outlives(store, NOW + DAY + 1, session), false);
    },
  },
});
