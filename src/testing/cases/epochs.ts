import assert from 'node:assert/strict';
import { type EpochRecord, newEpoch } from '../../model/epoch.ts';
import type { SessionRecord } from '../../model/session.ts';
import { newVersion } from '../../model/token.ts';
import type { Advance, InitiatorRotation, SessionStore } from '../../store/store.ts';
import { DAY, HOUR, NOW, SECOND } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import {
  add,
  addNew,
  anotherRecord,
  endedAt,
  look,
  newHash,
  openRecords,
  outlives,
  person,
  recordOf,
  same,
  sessionOf,
  stored,
  versionOf,
} from '../harness/records.ts';

const ann = person('ann');
const bob = person('bob');
const tag = ann.tags.user;

const rotationOf = (session: SessionRecord, changes: Partial<InitiatorRotation> = {}): InitiatorRotation => ({
  id: session.id,
  ifCredential: session.credential,
  credential: newHash(),
  serial: session.serial + 1,
  ...changes,
});

async function advance(store: SessionStore, record: EpochRecord, changes: Partial<Advance> = {}): Promise<string> {
  const ifVersion = await versionOf(store, ann);
  return store.advance(tag, { record, ifVersion, now: NOW, keepUntil: 0, audit: [], ...changes });
}

export const epochs: readonly CaseDefinition[] = define('epochs', {
  create: {
    title: 'MUST create the records that are missing, with the version given, and answer in the order asked',
    async run({ store }) {
      const there = await recordOf(store, bob.tags.user);
      const request = (of: string) => ({ tag: of, create: newEpoch(NOW), version: newVersion(), keepUntil: null });
      const requests = [ann.tags.user, bob.tags.user, ann.tags.realm].map(request);
      const created = requests.map(({ create, version }) => ({ record: create, version }));
      const due = [created[0], there, created[2]];
      same(await store.ensureEpochs(requests, NOW), due);
      same(
        await store.ensureEpochs(
          requests.map(({ tag: of }) => request(of)),
          NOW,
        ),
        due,
        'what is there is not made anew',
      );
      same(await store.ensureEpochs([...requests].reverse(), NOW), [...due].reverse());
    },
  },
  read: {
    title: 'MUST read records in the order asked, with null in its place for a missing one, and make none',
    async run({ store }) {
      const there = await recordOf(store, bob.tags.user);
      const tags = [ann.tags.user, bob.tags.user, ann.tags.realm];
      for (let times = 0; times < 2; times++) same(await store.readEpochs(tags), [null, there, null]);
      same(await store.readEpochs([ann.tags.user]), [null]);
      same(await store.readEpochs([]), []);
      const made = { record: newEpoch(NOW), version: newVersion() };
      const request = { tag, create: made.record, version: made.version, keepUntil: null };
      same(await store.ensureEpochs([request], NOW), [made], 'reading made none');
      same(await store.readEpochs(tags), [made, there, null]);
      same(await store.readEpochs([...tags].reverse()), [null, there, made]);
    },
  },
  'read-changes-nothing': {
    title: 'MUST change nothing by reading: neither the version, nor for how long the record is kept',
    async run({ store }) {
      const session = await addNew(store, ann, {}, NOW + HOUR);
      const before = await recordOf(store, tag);
      for (let times = 0; times < 3; times++) same(await store.readEpochs([tag]), [before]);
      same(await recordOf(store, tag), before);
      assert.equal(await advance(store, anotherRecord('x'), { ifVersion: before.version }), 'advanced');
      assert.equal(await outlives(store, NOW + HOUR, session), true);
      assert.equal(await outlives(store, NOW + HOUR + 1, session), false);
      same(await store.readEpochs([tag]), [null], 'what was pruned is missing');
    },
  },
  twice: {
    title: 'MUST give one record to every request that names it in one call, and keep it for the longest of them',
    async run({ store }) {
      const session = await addNew(store, bob);
      const request = { tag, create: newEpoch(NOW), version: newVersion(), keepUntil: NOW };
      const other = { ...request, create: anotherRecord('x'), version: request.version + 7, keepUntil: NOW + DAY };
      const answer = await store.ensureEpochs([request, other, { ...request, keepUntil: NOW + HOUR }], NOW);
      same(answer, Array(3).fill(answer[0]));
      same(await store.readEpochs([tag, bob.tags.user, tag]), [
        answer[0],
        await recordOf(store, bob.tags.user),
        answer[0],
      ]);
      assert.equal(await outlives(store, NOW + DAY, session), true);
      same(await store.readEpochs([tag]), [answer[0]]);
      await outlives(store, NOW + DAY + 1, session);
      same(await store.readEpochs([tag]), [null]);
    },
  },
  'version-stays': {
    title: 'MUST not move a version by reading, creating others, or raising how long a record is kept',
    async run({ store }) {
      const session = await addNew(store, ann, {}, NOW);
      const version = await versionOf(store, ann);
      for (const keepUntil of [0, NOW + HOUR, null])
        assert.equal((await recordOf(store, tag, keepUntil)).version, version);
      await openRecords(store, bob);
      await look(store, session);
      await store.list(ann.tags.realm, tag, { ended: true, now: NOW, limit: 10 });
      assert.equal(await versionOf(store, ann), version);
    },
  },
  'kept-until': {
    title: 'MUST keep a record for the longest requested time',
    async run({ store }) {
      const session = await addNew(store, ann, {}, NOW + DAY);
      await recordOf(store, tag, NOW + HOUR);
      assert.equal(await outlives(store, NOW + DAY, session), true, 'not lowered');
      await recordOf(store, tag, NOW + 2 * DAY);
      assert.equal(await outlives(store, NOW + 2 * DAY, session), true, 'raised');
      assert.equal(await outlives(store, NOW + 2 * DAY + 1, session), false);
    },
  },
  whole: {
    title: 'MUST give a record back whole: with the sessions that it spares, its marks and its notes',
    async run({ store }) {
      const session = await addNew(store, ann);
      const { version } = await recordOf(store, tag);
      const record: EpochRecord = {
        ...anotherRecord('whole'),
        kinds: { api: 'user.1' },
        keep: { browser: { id: session.id, stamp: 'user.1' }, api: { externalId: 'another', since: NOW } },
        suspended: { at: NOW, by: 'admin', reason: 'x', fromDevice: null },
        notes: {
          adopted: { [session.id]: NOW, never: 0 },
          guarded: { maxLifetime: DAY, since: NOW },
          maxStaleness: 1000,
        },
      };
      assert.equal(await advance(store, record, { ifVersion: version }), 'advanced');
      same((await recordOf(store, tag)).record, record);
      same((await look(store, session))?.epochs.user, record);
    },
  },
  'kept-for-ever': {
    title: 'MUST keep a record for ever once that was requested',
    async run({ store }) {
      const far = NOW + 1e5 * DAY;
      const session = await addNew(store, ann, {}, NOW);
      await recordOf(store, tag, null);
      await recordOf(store, tag, NOW + DAY);
      await advance(store, anotherRecord('x'), { keepUntil: NOW + DAY });
      await add(store, sessionOf(ann), { keepUntil: NOW + DAY });
      assert.equal(await outlives(store, far, session), true);
      await openRecords(store, bob, NOW);
      const other = await add(store, sessionOf(bob), { keepUntil: null });
      assert.equal(await outlives(store, far, other), true, 'as asked by add');
    },
  },
  'kept-by-add': {
    title: "MUST raise the user's record in the step that adds a session, and never lower it",
    async run({ store }) {
      await openRecords(store, ann, NOW);
      const session = await add(store, sessionOf(ann), { keepUntil: NOW + DAY });
      await add(store, sessionOf(ann), { keepUntil: NOW + HOUR });
      assert.equal(await outlives(store, NOW + DAY, session), true);
      assert.equal(await outlives(store, NOW + DAY + 1, session), false);
    },
  },
  advance: {
    title: 'MUST replace the record, and no other, and move its version to one that it never had',
    async run({ store }) {
      const session = await addNew(store, ann);
      const stranger = await addNew(store, bob);
      const before = await look(store, stranger);
      const others = await versionOf(store, bob);
      const seen = new Set<number>();
      for (let round = 0; round < 20; round++) {
        const version = await versionOf(store, ann);
        assert.ok(!seen.has(version), 'a version is new');
        seen.add(version);
        const record = anotherRecord(`round ${round}`);
        assert.equal(await advance(store, record), 'advanced');
        same((await look(store, session))?.epochs.user, record);
        same((await recordOf(store, tag)).record, record);
      }
      same(await stored(store, session), session);
      same(await look(store, stranger), before);
      assert.equal(await versionOf(store, bob), others);
    },
  },
  'advance-stale': {
    title: "MUST answer 'conflict' and write nothing where the version is not the one that was read",
    async run({ store }) {
      const session = await addNew(store, ann, {}, NOW + HOUR);
      const { record, version } = await recordOf(store, tag);
      const stale = { ifVersion: version - 1, keepUntil: null, initiator: rotationOf(session) };
      assert.equal(await advance(store, anotherRecord('x'), stale), 'conflict');
      same(await recordOf(store, tag), { record, version });
      same(await stored(store, session), session, 'the secret was not rotated');
      assert.equal(await outlives(store, NOW + HOUR + 1, session), false, 'the record is not kept for longer');
    },
  },
  'advance-missing': {
    title: "MUST answer 'conflict' and create nothing where the record is missing",
    async run({ store }) {
      const session = await addNew(store, ann, {}, NOW);
      const { version } = await recordOf(store, tag);
      assert.equal(await outlives(store, NOW + 1, session), false);
      for (const ifVersion of [version, 0]) {
        assert.equal(
          await store.advance(tag, { record: anotherRecord('x'), ifVersion, now: NOW, keepUntil: null, audit: [] }),
          'conflict',
        );
      }
      assert.equal((await look(store, session))?.epochs.user, null);
    },
  },
  'advance-keeps-record': {
    title: 'MUST raise the record to be kept as long as the advance asks, and never lower that',
    async run({ store }) {
      const session = await addNew(store, ann, {}, NOW);
      await advance(store, anotherRecord('x'), { keepUntil: NOW + DAY });
      await advance(store, anotherRecord('y'), { keepUntil: NOW + HOUR });
      assert.equal(await outlives(store, NOW + DAY, session), true);
      assert.equal(await outlives(store, NOW + DAY + 1, session), false);
    },
  },
  initiator: {
    title: "MUST rotate the initiator's secret in the step of the advance, and change nothing else of any session",
    async run({ store }) {
      const session = await addNew(store, ann);
      const other = await addNew(store, ann);
      const [record, initiator] = [anotherRecord('keep'), rotationOf(session, { serial: 7 })];
      assert.equal(await advance(store, record, { initiator, now: NOW + SECOND }), 'advanced');
      const found = await look(store, session);
      same(found?.session, { ...session, credential: initiator.credential, serial: 7 });
      same(found?.epochs.user, record);
      same(await stored(store, other), other);

      const unchanged = { ifCredential: initiator.credential, credential: initiator.credential, serial: 7 };
      assert.equal(
        await advance(store, anotherRecord('go'), { initiator: rotationOf(session, unchanged) }),
        'advanced',
      );
      same(
        await stored(store, session),
        { ...session, credential: initiator.credential, serial: 7 },
        'the same credential is a condition alone',
      );
    },
  },
  'initiator-not-live': {
    title:
      "MUST answer 'not-live' and write neither record nor secret where the initiator is over, or has another secret",
    async run({ store }) {
      const live = await addNew(store, ann, {}, NOW + HOUR);
      const ended = await addNew(store, ann, {}, NOW + HOUR);
      await store.end({ id: ended.id, user: tag }, endedAt(NOW), []);
      const expired = await addNew(store, ann, { expiresAt: NOW, lastUsedAt: NOW - HOUR }, NOW + HOUR);
      const idle = await addNew(store, ann, { expiresAt: null, lastUsedAt: NOW - HOUR, idle: HOUR }, NOW + HOUR);
      const over = [ended, expired, idle, sessionOf(ann)];
      const other = newHash();
      const initiators = [
        rotationOf(live, { ifCredential: other }),
        rotationOf(live, { ifCredential: other, credential: other, serial: live.serial }),
        ...over.map((of) => rotationOf(of)),
        ...over.map((of) => rotationOf(of, { credential: of.credential, serial: of.serial })),
      ];
      const before = await recordOf(store, tag);
      for (const initiator of initiators) {
        assert.equal(await advance(store, anotherRecord('x'), { initiator, keepUntil: null }), 'not-live');
        same(await recordOf(store, tag), before);
        for (const row of [live, expired, idle]) same(await stored(store, row), row);
        same(await stored(store, ended), { ...ended, ended: endedAt(NOW) });
      }
      assert.equal(await outlives(store, NOW + HOUR + 1, live), false, 'the record is not kept for longer');
    },
  },
  'initiator-and-stale': {
    title: "MUST answer 'conflict' where the version is not the one that was read, even if the initiator is over",
    async run({ store }) {
      const session = await addNew(store, ann);
      await store.end({ id: session.id, user: tag }, endedAt(NOW), []);
      const before = await recordOf(store, tag);
      const stale = { ifVersion: before.version - 1, initiator: rotationOf(session) };
      assert.equal(await advance(store, anotherRecord('x'), stale), 'conflict');
      assert.equal(await advance(store, anotherRecord('x'), { initiator: rotationOf(session) }), 'not-live');
      same(await recordOf(store, tag), before);
    },
  },
  'initiator-stranger': {
    title: "MUST answer 'not-live' and write nothing where the initiator's session is another user's",
    async run({ store }) {
      await openRecords(store, ann);
      const stranger = await addNew(store, bob);
      const before = await recordOf(store, tag);
      assert.equal(await advance(store, anotherRecord('x'), { initiator: rotationOf(stranger) }), 'not-live');
      same(await recordOf(store, tag), before);
      same(await stored(store, stranger), stranger);
    },
  },
});
