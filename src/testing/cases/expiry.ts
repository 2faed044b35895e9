import assert from 'node:assert/strict';
import type { SessionRecord } from '../../model/session.ts';
import { DAY, HOUR, NOW, SECOND, TestClock } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { signIn, tell } from '../harness/people.ts';
import { addNew, endedAt, person, renewalOf, same, stored } from '../harness/records.ts';
import { around } from '../harness/wrappers.ts';

const ann = person('ann');

// Sessions whose lifetimes end at NOW, and one millisecond later.
const LAST: Partial<SessionRecord>[] = [
  { expiresAt: NOW + 1, idle: null },
  { expiresAt: NOW + 1, idle: 14 * DAY },
  { expiresAt: null, idle: HOUR, lastUsedAt: NOW - HOUR + 1 },
  { expiresAt: null, idle: null, lastUsedAt: 0 },
];
const PAST: Partial<SessionRecord>[] = [
  { expiresAt: NOW, idle: null, lastUsedAt: NOW - DAY },
  { expiresAt: NOW - DAY, idle: 14 * DAY, lastUsedAt: NOW - 2 * DAY },
  { expiresAt: null, idle: HOUR, lastUsedAt: NOW - HOUR },
  { expiresAt: NOW + DAY, idle: HOUR, lastUsedAt: NOW - HOUR },
];

export const expiry: readonly CaseDefinition[] = define('expiry', {
  touch: {
    title: 'MUST note a use only within the lifetimes at that time: a use never revives',
    async run({ store }) {
      for (const changes of LAST) {
        const session = await addNew(store, ann, changes);
        await store.touch([{ id: session.id, user: ann.tags.user, at: NOW }], () => NOW);
        same(await stored(store, session), { ...session, lastUsedAt: NOW });
      }
      for (const changes of PAST) {
        const session = await addNew(store, ann, changes);
        await store.touch([{ id: session.id, user: ann.tags.user, at: NOW }], () => NOW);
        same(await stored(store, session), session);
      }
    },
  },
  'late-note': {
    title:
      'MUST note a use only within the lifetimes at the time of the write, too: a note that waited revives nothing',
    async run({ store }) {
      const used = NOW - SECOND;
      const noteOf = ({ id }: SessionRecord) => [{ id, user: ann.tags.user, at: used }];
      for (const changes of LAST) {
        const session = await addNew(store, ann, { ...changes, lastUsedAt: changes.lastUsedAt ?? NOW - 2 * SECOND });
        await store.touch(noteOf(session), () => NOW);
        same(await stored(store, session), { ...session, lastUsedAt: used }, 'it was in time');
      }
      for (const changes of PAST) {
        const session = await addNew(store, ann, changes);
        await store.touch(noteOf(session), () => NOW);
        same(await stored(store, session), session, 'it had expired by then');
      }
    },
  },
  'ahead-of-time': {
    title: 'MUST not note a use that lies beyond the lifetimes, also if the write is still within them',
    async run({ store }) {
      for (const changes of PAST) {
        const session = await addNew(store, ann, changes);
        const note = [{ id: session.id, user: ann.tags.user, at: NOW }];
        await store.touch(note, () => session.lastUsedAt + 1);
        same(await stored(store, session), session);
      }
    },
  },
  'end-expired': {
    title: 'MUST end a session that has expired like any other: a late note of a use must not revive it',
    async run({ store }) {
      for (const changes of PAST) {
        const session = await addNew(store, ann, changes);
        assert.equal(await store.end({ id: session.id, user: ann.tags.user }, endedAt(NOW), []), true);
        same((await stored(store, session)).ended, endedAt(NOW));
      }
    },
  },
  renew: {
    title:
      "MUST renew only within the lifetimes that the session has, not those it would get: else 'not-live', and nothing is written",
    async run({ store }) {
      const longer = { expiresAt: NOW + 30 * DAY, idle: null, lastUsedAt: NOW };
      for (const changes of LAST) {
        const session = await addNew(store, ann, changes);
        assert.equal(await store.renew(renewalOf(session, longer)), 'renewed');
      }
      for (const changes of PAST) {
        const session = await addNew(store, ann, changes);
        assert.equal(await store.renew(renewalOf(session, longer)), 'not-live');
        same(await stored(store, session), session);
      }
    },
  },
  absolute: {
    title: 'MUST accept a session to the last millisecond of its absolute lifetime and not beyond, for any use (SES-9)',
    async run(bench) {
      const clock = new TestClock();
      const sessions = bench.sessions({ clock, lifetime: { absolute: '30d', idle: '4d' } });
      const started = await signIn(sessions, { user: 'ann' });
      let { session, token } = started;
      const end = NOW + 30 * DAY;
      for (clock.time = NOW; clock.time < end; clock.time += 3 * DAY) {
        assert.equal(await tell(sessions, token), 'live');
        await bench.settled();
        const renewed = await sessions.renew(session, { attributes: { at: clock.time } });
        assert.ok(renewed.ok);
        ({ session, token } = renewed);
        assert.equal(session.expiresAt, end, 'neither use nor renewal moves it');
      }
      clock.time = end - 1;
      assert.equal(await tell(sessions, token), 'live');
      for (clock.time = end; clock.time <= end + 1; clock.time++) assert.equal(await tell(sessions, token), 'expired');
      same((await sessions.list({ user: 'ann' })).sessions, []);
      assert.equal((await sessions.renew(session)).ok, false, 'nothing brings it back');
    },
  },
  idle: {
    title: 'MUST accept a session that is used, and one that is not until the idle lifetime is over (SES-8)',
    async run(bench) {
      const clock = new TestClock();
      const sessions = bench.sessions({ clock, lifetime: { absolute: null, idle: '1h' }, touchEvery: '1s' });
      const { token } = await signIn(sessions, { user: 'ann' });
      for (let uses = 0; uses < 3; uses++) {
        clock.time += HOUR - 1;
        assert.equal(await tell(sessions, token), 'live', 'at limit - 1');
        await bench.settled();
      }
      clock.time += HOUR + 1;
      assert.equal(await tell(sessions, token), 'expired', 'at limit + 1');
      await bench.settled();
      assert.equal(await tell(sessions, token), 'expired', 'being refused is no use');
    },
  },
  'touch-every': {
    title: 'MUST write nothing for a check that finds the last use recent enough',
    async run(bench) {
      const clock = new TestClock();
      let writes = 0;
      const store = around(bench.store, (verb, ask) => {
        if (verb === 'touch') writes += 1;
        return ask();
      });
      const sessions = bench.sessions({ clock, store, touchEvery: '1m' });
      const { token } = await signIn(sessions, { user: 'ann' });
      for (const after of [0, 30 * SECOND, 59 * SECOND, 60 * SECOND, 61 * SECOND, 119 * SECOND, 120 * SECOND]) {
        clock.time = NOW + after;
        assert.equal(await tell(sessions, token), 'live');
        await bench.settled();
      }
      assert.equal(writes, 2);
      assert.equal((await sessions.list({ user: 'ann' })).sessions[0]?.lastUsedAt, NOW + 120 * SECOND);
    },
  },
});
