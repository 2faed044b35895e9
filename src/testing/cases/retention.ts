import assert from 'node:assert/strict';
import { DAY, HOUR, NOW, TestClock } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { signIn, tell } from '../harness/people.ts';
import { same } from '../harness/records.ts';

export const retention: readonly CaseDefinition[] = define('pruning', {
  retention: {
    title: 'MUST keep ended sessions for the retention, and live ones through any pruning',
    async run(bench) {
      const clock = new TestClock();
      const sessions = bench.sessions({ clock, retention: '2d', lifetime: { absolute: '30d', idle: null } });
      const ended = await signIn(sessions, { user: 'ann' });
      const lasting = await signIn(sessions, { user: 'ann', account: 'acme' });
      await sessions.end(ended.session.id, { user: 'ann' });
      const rows = async () => (await sessions.list({ user: 'ann' }, { ended: true })).sessions.length;
      clock.time = NOW + 2 * DAY - 1;
      same(await sessions.prune(), { sessions: 0, epochs: 0, entries: 0, messages: 0 });
      assert.equal(await rows(), 2);
      clock.time = NOW + 2 * DAY + 1;
      same(await sessions.prune(), { sessions: 1, epochs: 0, entries: 0, messages: 0 });
      assert.equal(await rows(), 1);
      assert.equal(await tell(sessions, ended.token), 'unknown');
      clock.time = NOW + 30 * DAY - 1;
      same(await sessions.prune(), { sessions: 0, epochs: 0, entries: 0, messages: 0 });
      assert.equal(await tell(sessions, lasting.token), 'live');
      // A pruner skips records that another writer is changing.
      await bench.settled();
      clock.time = NOW + 33 * DAY;
      same(
        await sessions.prune(),
        { sessions: 1, epochs: 2, entries: 0, messages: 0 },
        'the records of the user and the membership go, those of account and realm stay',
      );
    },
  },
  'for-ever': {
    title: 'MUST keep a session that never expires, and the records that it needs, until it is revoked for long',
    async run(bench) {
      const clock = new TestClock();
      const sessions = bench.sessions({ clock, lifetime: { absolute: null, idle: null } });
      const left = await signIn(sessions, { user: 'ann', account: 'acme' });
      const kept = await signIn(sessions, { user: 'bob', account: 'acme' });
      clock.time = NOW + 3650 * DAY;
      same(await sessions.prune(), { sessions: 0, epochs: 0, entries: 0, messages: 0 });
      assert.equal(await tell(sessions, left.token), 'live');
      await bench.settled();
      await sessions.revoke({ user: 'ann' });
      clock.time += 6 * DAY;
      assert.equal((await sessions.prune()).sessions, 0);
      assert.equal(await tell(sessions, left.token), 'revoked');
      clock.time += 2 * DAY;
      assert.equal((await sessions.prune()).sessions, 1);
      assert.equal(await tell(sessions, left.token), 'unknown');
      assert.equal(await tell(sessions, kept.token), 'live');
    },
  },
  suspended: {
    title: 'MUST never forget a suspension',
    async run(bench) {
      const clock = new TestClock();
      const shop = bench.sessions({ clock });
      const desk = bench.sessions({ clock, realm: 'desk' });
      await shop.suspend({ user: 'ann' });
      await shop.suspend({ user: 'bob', account: 'acme' });
      await shop.suspend({ account: 'beta' });
      await desk.suspend({ realm: true });
      clock.time += 36500 * DAY;
      await shop.prune();
      for (const [sessions, user, account] of [
        [shop, 'ann', undefined],
        [shop, 'bob', 'acme'],
        [shop, 'cid', 'beta'],
        [desk, 'cid', undefined],
      ] as const) {
        const started = await sessions.start({ user, account, fence: await sessions.fence({ user, account }) });
        assert.equal(started.ok ? 'started' : started.reason, 'suspended', `${user} in ${account}`);
      }
    },
  },
  'clocks-apart': {
    title: 'MUST leave alone what a process whose clock is an hour behind still needs',
    async run(bench) {
      const slow = new TestClock();
      const fast = new TestClock(NOW + HOUR);
      const late = bench.sessions({ clock: slow, lifetime: { absolute: '1d', idle: null } });
      const early = bench.sessions({ clock: fast, lifetime: { absolute: '1d', idle: null }, retention: '1h' });
      const client = await signIn(late, { user: 'ann' });
      const waiting = await late.fence({ user: 'bob' });
      slow.time += 3 * HOUR;
      fast.time += 3 * HOUR;
      await early.prune();
      assert.equal((await late.start({ user: 'bob', fence: waiting })).ok, true);
      slow.time = NOW + DAY - 1;
      fast.time = slow.time + HOUR;
      await early.prune();
      assert.equal(await tell(late, client.token), 'live');
    },
  },
});
