import assert from 'node:assert/strict';
import { SECOND, TestClock, turn } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { living, signIn, tell } from '../harness/people.ts';
import { same } from '../harness/records.ts';
import { interleave, refuses, tokenOf } from '../harness/rounds.ts';

const who = { user: 'ann', account: 'acme' };

export const endings: readonly CaseDefinition[] = define('races', {
  'use-against-end': {
    title: 'MUST not revive by a use what is ended meanwhile',
    run: (bench) =>
      interleave(bench, 0.1, async ({ order, open }) => {
        const clock = new TestClock();
        const [sessions, other] = [open({ clock, touchEvery: 0 }), open({ clock })];
        const mine = await signIn(sessions, { user: 'ann' });
        clock.time += SECOND;
        const use = async () => {
          await sessions.check(mine.token);
          for (let turns = 0; turns < 3; turns++) await turn();
        };
        const [, done] = await order.run(use, () => other.end(mine.session.id, { user: 'ann' }), use);
        await bench.settled();
        assert.equal(done.ended, true);
        assert.equal(await tell(other, mine.token), 'ended');
        same(await living(other, 'ann'), []);
      }),
  },
  'renew-against-end': {
    title: 'MUST end a session that is renewed meanwhile, under its old secret and its new one',
    run: (bench) =>
      interleave(bench, 0.1, async ({ order, open }) => {
        const [sessions, other] = [open(), open()];
        const mine = await signIn(sessions, { user: 'ann' });
        const [renewed, done] = await order.run(
          () => sessions.renew(mine.session, { attributes: { renewed: true } }),
          () => other.end(mine.session.id, { user: 'ann' }),
        );
        assert.equal(done.ended, true);
        await refuses(other, mine.token, tokenOf(renewed));
        same(await living(other, 'ann'), []);
      }),
  },
  'prune-against-sign-in': {
    title: 'MUST take nothing from under a sign-in by a pruning',
    run: (bench) =>
      interleave(bench, 0.1, async ({ order, open }) => {
        const [sessions, other] = [open(), open()];
        const [started] = await order.run(
          async () => sessions.start({ ...who, fence: await sessions.fence(who) }),
          () => other.prune(),
        );
        assert.ok(started.ok);
        assert.equal(await tell(other, started.token), 'live');
      }),
  },
});
