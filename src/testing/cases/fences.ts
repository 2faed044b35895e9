import assert from 'node:assert/strict';
import type { Sessions } from '../../sessions.ts';
import { HOUR, TestClock } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { living, signIn, tell } from '../harness/people.ts';
import { same } from '../harness/records.ts';

const who = { user: 'ann', account: 'acme' };

async function outcome(sessions: Sessions, fence: string): Promise<string> {
  const started = await sessions.start({ ...who, fence });
  return started.ok ? tell(sessions, started.token) : started.reason;
}

export const fences: readonly CaseDefinition[] = define('fences', {
  superseded: {
    title:
      'MUST give no live session to a sign-in that was begun before a revocation of user, member, account or realm',
    async run(bench) {
      for (const [at, scope] of [{ user: 'ann' }, who, { account: 'acme' }, { realm: true as const }].entries()) {
        const sessions = bench.sessions({ realm: `realm ${at}` });
        const fence = await sessions.fence(who);
        await sessions.revoke(scope);
        assert.equal(await outcome(sessions, fence), 'superseded', JSON.stringify(scope));
        same(await living(sessions, 'ann'), []);
        assert.equal(await outcome(sessions, await sessions.fence(who)), 'live', 'a later one succeeds');
      }
    },
  },
  indifferent: {
    title:
      'MUST let a sign-in through that nothing concerned since: not the revocation of another, not the sign-ins of many',
    async run(bench) {
      const sessions = bench.sessions();
      const fence = await sessions.fence(who);
      for (let at = 0; at < 10; at++) await sessions.fence({ ...who, user: at % 2 === 0 ? 'ann' : `user ${at}` });
      await signIn(sessions, who);
      await sessions.revoke({ user: 'bob' });
      await sessions.revoke({ user: 'ann', account: 'beta' });
      await sessions.revoke({ account: 'beta' });
      await sessions.revoke({ user: 'ann' }, { kinds: ['api'] });
      assert.equal(await outcome(sessions, fence), 'live');
    },
  },
  kinds: {
    title: 'MUST hold all kinds behind one fence, each by its own generation',
    async run(bench) {
      const sessions = bench.sessions();
      await sessions.revoke({ user: 'ann' }, { kinds: ['mcp'] });
      const fence = await sessions.fence(who);
      await sessions.revoke({ user: 'ann' }, { kinds: ['api'] });
      const start = async (kind: string) => {
        const started = await sessions.start({ ...who, fence, kind });
        return started.ok ? tell(sessions, started.token) : started.reason;
      };
      same([await start('browser'), await start('api'), await start('mcp')], ['live', 'superseded', 'live']);
    },
  },
  old: {
    title: 'MUST refuse a sign-in that took longer than three hours',
    async run(bench) {
      const clock = new TestClock();
      const sessions = bench.sessions({ clock });
      const fence = await sessions.fence(who);
      clock.time += 3 * HOUR;
      assert.equal(await outcome(sessions, fence), 'live');
      clock.time += 1;
      assert.equal(await outcome(sessions, fence), 'superseded');
    },
  },
  keep: {
    title: 'MUST refuse a sign-in that was begun before all others were signed out',
    async run(bench) {
      const sessions = bench.sessions();
      const mine = await signIn(sessions, who);
      const fence = await sessions.fence(who);
      const done = await sessions.revoke({ user: 'ann' }, { keep: mine.session });
      assert.ok(done.revoked && done.token !== null);
      assert.equal(await outcome(sessions, fence), 'superseded');
      assert.equal(await tell(sessions, done.token), 'live');
    },
  },
});
