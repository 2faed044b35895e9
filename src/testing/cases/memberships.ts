import assert from 'node:assert/strict';
import { type EpochRecord, newEpoch } from '../../model/epoch.ts';
import type { SessionRecord } from '../../model/session.ts';
import { memberTag, newVersion, type Tag } from '../../model/token.ts';
import { formatEpoch } from '../../store/codec.ts';
import type { Advance, SessionStore, VersionedEpoch } from '../../store/store.ts';
import { DAY, HOUR, NOW } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { signIn, tell } from '../harness/people.ts';
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
  plainWrite,
  pruneAll,
  recordOf,
  renewalOf,
  same,
  sessionOf,
  stored,
  versionOf,
} from '../harness/records.ts';

const atAcme = person('ann', 'acme');
const atBeta = person('ann', 'beta');
const alone = person('ann');
const bobAtAcme = person('bob', 'acme');

const accountOf = ({ tags }: Person): Tag => tags.account ?? '';
const tagOf = ({ tags }: Person): Tag => tags.member ?? '';

/** Replaces the record of a membership. By default, compares the present version of the user's record. */
async function advance(
  store: SessionStore,
  whose: Person,
  record: EpochRecord,
  changes: Partial<Advance> = {},
): Promise<string> {
  const plain = { ifVersion: await versionOf(store, whose), now: NOW, keepUntil: 0, audit: [] };
  return store.advance(whose.tags.user, { record, member: accountOf(whose), ...plain, ...changes });
}

async function peek(store: SessionStore, tag: Tag): Promise<VersionedEpoch | null> {
  const [found] = await store.readEpochs([tag]);
  return found ?? null;
}

async function outlives(store: SessionStore, at: number, whose: Person): Promise<boolean> {
  await pruneAll(store, { epochsBefore: at });
  return (await peek(store, tagOf(whose))) !== null;
}

async function named(store: SessionStore, user: Tag, limit: number): Promise<string[]> {
  const accounts = new Set<string>();
  let after: string | null = null;
  for (let pages = 0; pages === 0 || after !== null; pages++) {
    assert.ok(pages < 100, 'the pages come to an end');
    const page: Awaited<ReturnType<SessionStore['memberships']>> = await store.memberships(user, after, limit);
    assert.ok(page.accounts.length <= limit, 'a page is no longer than asked');
    for (const account of page.accounts) accounts.add(account);
    ({ after } = page);
  }
  return [...accounts].sort();
}

const rotationOf = (session: SessionRecord, ifCredential = session.credential) => ({
  ...{ id: session.id, ifCredential, credential: newHash(), serial: session.serial + 1 },
});

export const memberships: readonly CaseDefinition[] = define('memberships', {
  'of-its-own': {
    title: "MUST replace the record of one membership, and no other, and move the version of the user's record",
    async run({ store }) {
      const people = [atAcme, atBeta, alone, bobAtAcme];
      const sessions: SessionRecord[] = [];
      for (const whose of people) sessions.push(await addNew(store, whose));
      const others = [atAcme.tags.user, tagOf(atBeta), accountOf(atAcme), tagOf(bobAtAcme), atAcme.tags.realm];
      const before = await Promise.all(others.map((tag) => peek(store, tag)));
      const bobs = await versionOf(store, bobAtAcme);
      const seen = new Set<number>([await versionOf(store, atAcme)]);
      for (let round = 0; round < 5; round++) {
        const record = anotherRecord(`round ${round}`);
        assert.equal(await advance(store, atAcme, record), 'advanced');
        const version = await versionOf(store, atAcme);
        assert.ok(!seen.has(version), "the version of the user's record is new");
        seen.add(version);
        same((await peek(store, tagOf(atAcme)))?.record, record);
        same((await look(store, nth(sessions, 0)))?.epochs.member, record);
      }
      const after = await Promise.all(others.map((tag) => peek(store, tag)));
      same(
        after.map((found) => found?.record),
        before.map((found) => found?.record),
      );
      assert.equal(await versionOf(store, bobAtAcme), bobs);
      for (const session of sessions) same(await stored(store, session), session);
    },
  },
  found: {
    title: 'MUST find and list sessions each with the record of its own membership, and with none outside of accounts',
    async run({ store }) {
      const people = [atAcme, atBeta, alone, bobAtAcme];
      const sessions: SessionRecord[] = [];
      for (const [at, whose] of people.entries()) sessions.push(await addNew(store, whose, { createdAt: NOW - at }));
      const due: (EpochRecord | null)[] = [];
      for (const { tags } of people)
        due.push(tags.member === null ? null : (await recordOf(store, tags.member)).record);
      const refs = sessions.map(({ id, userTag, accountTag }) => ({ id, user: userTag, account: accountTag }));
      const open = refs.map(({ id, user }) => ({ id, user }));
      for (const asked of [refs, open]) {
        const answer = await store.find(atAcme.tags.realm, asked);
        same(
          answer.map((found) => found?.epochs.member),
          due,
        );
        for (const [at, ref] of asked.entries()) {
          same((await store.find(atAcme.tags.realm, [ref]))[0]?.epochs.member, due[at]);
        }
      }
      const page = { ended: true, now: NOW, limit: 10 };
      const { found } = await store.list(atAcme.tags.realm, atAcme.tags.user, page);
      same(
        found.map(({ epochs }) => epochs.member),
        due.slice(0, 3),
      );
      const there = await store.list(atAcme.tags.realm, atAcme.tags.user, { ...page, account: accountOf(atBeta) });
      same(
        there.found.map(({ epochs }) => epochs.member),
        [due[1]],
      );
    },
  },
  'made-anew': {
    title: 'MUST create the record of a membership with the version given, beside the others, and find none before',
    async run({ store }) {
      for (const tag of [atAcme.tags.realm, atAcme.tags.user, accountOf(atAcme)]) await recordOf(store, tag, null);
      assert.equal(await store.add(sessionOf(atAcme), plainWrite()), 'conflict', 'no session without the record');
      assert.equal(await peek(store, tagOf(atAcme)), null);
      const made = { record: newEpoch(NOW), version: newVersion() };
      const create = { create: made.record, version: made.version, keepUntil: null };
      const requests = [
        { tag: atAcme.tags.user, ...create },
        { tag: tagOf(atAcme), ...create },
      ];
      const [user, member] = await store.ensureEpochs(requests, NOW);
      same(member, made);
      assert.notEqual(user?.version, made.version, 'what is there is not made anew');
      const session = await add(store, sessionOf(atAcme));
      same((await look(store, session))?.epochs.member, made.record);
    },
  },
  stale: {
    title:
      "MUST answer 'conflict' and write nothing where the version of the user's or the membership's record is another",
    async run({ store }) {
      const session = await addNew(store, atAcme, {}, NOW + HOUR);
      const before = await peek(store, tagOf(atAcme));
      const version = await versionOf(store, atAcme);
      const stale = { ifVersion: version - 1, keepUntil: null };
      assert.equal(await advance(store, atAcme, anotherRecord('x'), stale), 'conflict');
      const inTheirName = { ...stale, initiator: rotationOf(session) };
      assert.equal(await advance(store, atAcme, anotherRecord('x'), inTheirName), 'conflict');
      for (const initiator of [undefined, rotationOf(session)]) {
        const other = { ifMemberVersion: (before?.version ?? 0) - 1, keepUntil: null, initiator };
        assert.equal(await advance(store, atAcme, anotherRecord('x'), other), 'conflict', 'the record was made anew');
      }
      same(await peek(store, tagOf(atAcme)), before);
      assert.equal(await versionOf(store, atAcme), version);
      same(await stored(store, session), session);
      const right = { ifMemberVersion: before?.version, keepUntil: NOW };
      assert.equal(await advance(store, atAcme, anotherRecord('x'), right), 'advanced');
      assert.notEqual((await peek(store, tagOf(atAcme)))?.version, before?.version);
      assert.equal(await outlives(store, NOW + HOUR + 1, atAcme), false, 'the record is not kept for longer');
    },
  },
  missing: {
    title: "MUST answer 'conflict' and write nothing where the record of the membership is missing",
    async run({ store }) {
      const session = await addNew(store, alone);
      const version = await versionOf(store, alone);
      assert.equal(await advance(store, atAcme, anotherRecord('x'), { ifVersion: version }), 'conflict');
      const initiator = rotationOf(session);
      assert.equal(await advance(store, atAcme, anotherRecord('x'), { ifVersion: version, initiator }), 'conflict');
      assert.equal(await peek(store, tagOf(atAcme)), null);
      assert.equal(await versionOf(store, alone), version);
      same(await stored(store, session), session);
    },
  },
  initiator: {
    title: "MUST rotate the initiator's secret in the step, and only where the initiator is live",
    async run({ store }) {
      const session = await addNew(store, atAcme, {}, NOW + HOUR);
      const ended = await addNew(store, atAcme, {}, NOW + HOUR);
      await store.end({ id: ended.id, user: ended.userTag }, endedAt(NOW), []);
      const stranger = await addNew(store, bobAtAcme);
      const before = await peek(store, tagOf(atAcme));
      const version = await versionOf(store, atAcme);
      for (const initiator of [rotationOf(session, newHash()), rotationOf(ended), rotationOf(stranger)]) {
        assert.equal(await advance(store, atAcme, anotherRecord('x'), { initiator, keepUntil: null }), 'not-live');
      }
      same(await peek(store, tagOf(atAcme)), before);
      assert.equal(await versionOf(store, atAcme), version);

      const [record, initiator] = [anotherRecord('keep'), rotationOf(session)];
      assert.equal(await advance(store, atAcme, record, { initiator }), 'advanced');
      const found = await look(store, session);
      same(found?.session, { ...session, credential: initiator.credential, serial: initiator.serial });
      same(found?.epochs.member, record);
      same(await stored(store, stranger), stranger);
      assert.equal(await outlives(store, NOW + HOUR + 1, atAcme), false, 'the record is not kept for longer');
    },
  },
  'kept-by-add': {
    title: "MUST raise the membership's record in the step that adds a session, no other one, and never lower it",
    async run({ store }) {
      await openRecords(store, atAcme, NOW);
      await openRecords(store, atBeta, NOW);
      await add(store, sessionOf(atAcme), { keepUntil: NOW + DAY });
      await add(store, sessionOf(atAcme), { keepUntil: NOW + HOUR });
      assert.equal(await outlives(store, NOW + DAY, atAcme), true);
      assert.equal(await peek(store, tagOf(atBeta)), null, "another membership's is not kept for longer");
      assert.equal(await outlives(store, NOW + DAY + 1, atAcme), false);
    },
  },
  'kept-by-renew': {
    title: 'MUST raise the record of the membership that a renewed session is in, also after a switch of account',
    async run({ store }) {
      await openRecords(store, atBeta, NOW);
      const session = await addNew(store, atAcme, {}, NOW);
      const renewed = renewalOf(session, {}, { keepUntil: NOW + HOUR });
      assert.equal(await store.renew(renewed), 'renewed');
      assert.equal(await outlives(store, NOW, atBeta), true);
      const moved = {
        ...{ account: 'beta', accountTag: accountOf(atBeta) },
        stamps: { ...session.stamps, account: 'account.2', member: 'member.2' },
      };
      const switched = renewalOf(renewed.session, moved, { keepUntil: NOW + DAY, moves: true });
      assert.equal(await store.renew(switched), 'renewed');
      assert.equal(await outlives(store, NOW + HOUR, atAcme), true, 'what was left is kept as it was');
      assert.equal(await outlives(store, NOW + DAY, atBeta), true);
      assert.equal(await peek(store, tagOf(atAcme)), null);
      assert.equal(await outlives(store, NOW + DAY + 1, atBeta), false);
    },
  },
  'kept-by-advance': {
    title: 'MUST raise the records of the membership and of the user in the step of the advance, and lower neither',
    async run({ store }) {
      await openRecords(store, atAcme, NOW);
      await openRecords(store, atBeta, NOW);
      assert.equal(await advance(store, atAcme, anotherRecord('x'), { keepUntil: NOW + DAY }), 'advanced');
      assert.equal(await advance(store, atAcme, anotherRecord('y'), { keepUntil: NOW + HOUR }), 'advanced');
      assert.equal(await outlives(store, NOW + DAY, atAcme), true);
      assert.notEqual(await peek(store, atAcme.tags.user), null);
      assert.equal(await peek(store, tagOf(atBeta)), null, "another membership's is not kept for longer");
      assert.equal(await outlives(store, NOW + DAY + 1, atAcme), false);
      assert.equal(await peek(store, atAcme.tags.user), null);

      await openRecords(store, atAcme, NOW);
      assert.equal(await advance(store, atAcme, anotherRecord('z'), { keepUntil: null }), 'advanced');
      assert.equal(await outlives(store, NOW + 1e5 * DAY, atAcme), true, 'for ever');
    },
  },
  named: {
    title: "MUST name every account in which the user's membership was advanced, in pages, and no other user's",
    async run({ store }) {
      const accounts = ['acme', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta'];
      const people = accounts.map((account) => person('ann', account));
      for (const whose of people) {
        await openRecords(store, whose);
        assert.equal(await advance(store, whose, anotherRecord('x'), { keepUntil: null }), 'advanced');
      }
      await openRecords(store, person('bob', 'theta'));
      assert.equal(await advance(store, person('bob', 'theta'), anotherRecord('x')), 'advanced');
      const due = people.map(accountOf).sort();
      for (const limit of [1, 3, 7, 100]) same(await named(store, atAcme.tags.user, limit), due);
      same(await named(store, person('bob').tags.user, 10), [accountOf(person('bob', 'theta'))]);
      same(await named(store, person('cleo').tags.user, 10), []);
    },
  },
  'of-constant-size': {
    title: 'MUST judge a session by records that do not grow by the accounts that its user was removed from',
    async run(bench) {
      const sessions = bench.sessions();
      const mine = await signIn(sessions, { user: 'ann', account: 'acme' });
      const { tags } = person('ann', 'acme', 'default');
      const ref = { id: mine.session.id, user: tags.user, account: tags.account };
      const read = async (): Promise<(string | number)[]> => {
        const [found] = await bench.store.find(tags.realm, [ref]);
        assert.ok(found);
        const { user, member } = found.epochs;
        return [user, member].map((record) => (record === null ? 'missing' : formatEpoch(record).length));
      };
      const before = await read();
      for (let nth = 0; nth < 25; nth++) {
        const done = await sessions.revoke({ user: 'ann', account: `past ${nth}` }, { reason: 'removed' });
        assert.equal(done.revoked, true);
      }
      same(await read(), before);
      assert.equal(await tell(sessions, mine.token), 'live');
    },
  },
  forgotten: {
    title: "MUST erase who advanced a forgotten user's memberships, and leave what was suspended suspended",
    async run(bench) {
      const sessions = bench.sessions();
      const { tags } = person('ann', 'acme', 'default');
      await signIn(sessions, { user: 'ann', account: 'acme' });
      await sessions.revoke({ user: 'ann', account: 'acme' }, { by: 'ann', reason: 'ann left' });
      await sessions.suspend({ user: 'ann', account: 'beta' }, { by: 'ann', reason: 'ann asked' });
      await sessions.suspend({ user: 'bob', account: 'acme' }, { by: 'bob', reason: 'bob asked' });
      const fence = await sessions.fence({ user: 'ann', account: 'acme' });
      await sessions.forgetUser('ann');
      for (const account of ['acme', 'beta']) {
        const found = await peek(
          bench.store,
          memberTag(tags.user, person('ann', account, 'default').tags.account ?? ''),
        );
        assert.ok(found);
        assert.ok(!JSON.stringify(found.record).includes('ann'), 'the record names no user');
      }
      const bobs = await peek(bench.store, person('bob', 'acme', 'default').tags.member ?? '');
      assert.equal(bobs?.record.suspended?.by, 'bob', "another user's stays");
      const late = await sessions.start({ user: 'ann', account: 'acme', fence });
      assert.equal(late.ok ? 'started' : late.reason, 'superseded');
      const inBeta = { user: 'ann', account: 'beta' };
      const suspended = await sessions.start({ ...inBeta, fence: await sessions.fence(inBeta) });
      assert.equal(suspended.ok ? 'started' : suspended.reason, 'suspended');
    },
  },
});
