import assert from 'node:assert/strict';
import { HOUR, TestClock } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { signIn, tell, tellAll } from '../harness/people.ts';
import { same } from '../harness/records.ts';

const API = { lifetime: { absolute: '365d', idle: null }, survives: ['user', 'member'] } as const;

export const keeping: readonly CaseDefinition[] = define('revocation', {
  'keep-member': {
    title: 'MUST keep a session within its account, and leave the other accounts alone',
    async run(bench) {
      const sessions = bench.sessions();
      const mine = await signIn(sessions, { user: 'ann', account: 'acme' });
      const rest = [
        await signIn(sessions, { user: 'ann', account: 'acme' }),
        await signIn(sessions, { user: 'ann', account: 'beta' }),
      ];
      const done = await sessions.revoke({ user: 'ann', account: 'acme' }, { keep: mine.session });
      assert.ok(done.revoked && done.token !== null);
      same([await tell(sessions, done.token), ...(await tellAll(sessions, rest))], ['live', 'revoked', 'live']);
      await sessions.revoke({ user: 'ann', account: 'acme' });
      assert.equal(await tell(sessions, done.token), 'revoked');
    },
  },
  'keep-not-live': {
    title: 'MUST do nothing where the session to keep is over, or its secret not the present one',
    async run(bench) {
      const clock = new TestClock();
      const sessions = bench.sessions({ clock, lifetime: { absolute: '30d', idle: '1h' } });
      const start = () => signIn(sessions, { user: 'ann' });
      const [ended, renewed, revoked, idle] = [
        await start(),
        await start(),
        await signIn(sessions, { user: 'ann', account: 'acme' }),
        await start(),
      ];
      await sessions.end(ended.session.id, { user: 'ann' });
      await sessions.renew(renewed.session);
      await sessions.revoke({ account: 'acme' });
      clock.time += HOUR;
      const staying = await start();
      for (const { session } of [ended, renewed, revoked, idle]) {
        const done = await sessions.revoke({ user: 'ann' }, { keep: session });
        same([done.revoked, done.kept, done.token], [false, null, null]);
      }
      assert.equal(await tell(sessions, staying.token), 'live');
    },
  },
  'if-live': {
    title: 'MUST end the initiator with the others, and none if the initiator has ended or has another secret',
    async run(bench) {
      const sessions = bench.sessions();
      const [mine, other] = [await signIn(sessions, { user: 'ann' }), await signIn(sessions, { user: 'ann' })];
      const renewed = await sessions.renew(mine.session);
      assert.ok(renewed.ok);
      const stale = await sessions.revoke({ user: 'ann' }, { ifLive: mine.session });
      assert.equal(stale.revoked ? 'revoked' : stale.reason, 'not-live');
      same([await tell(sessions, renewed.token), await tell(sessions, other.token)], ['live', 'live']);
      const done = await sessions.revoke({ user: 'ann' }, { ifLive: renewed.session });
      assert.ok(done.revoked);
      same([done.kept, done.token], [null, null]);
      same([await tell(sessions, renewed.token), await tell(sessions, other.token)], ['revoked', 'revoked']);
      const next = await signIn(sessions, { user: 'ann' });
      assert.equal((await sessions.revoke({ user: 'ann' }, { ifLive: renewed.session })).revoked, false);
      assert.equal(await tell(sessions, next.token), 'live', 'an ended session ends no other');
    },
  },
  'keep-kinds': {
    title: 'MUST leave whom another kind kept, and what survives, while one kind is revoked',
    async run(bench) {
      const sessions = bench.sessions({ kinds: { api: API } });
      const mine = await signIn(sessions, { user: 'ann' });
      const [api, mcp] = [
        await signIn(sessions, { user: 'ann', kind: 'api' }),
        await signIn(sessions, { user: 'ann', kind: 'mcp' }),
      ];
      const done = await sessions.revoke({ user: 'ann' }, { keep: mine.session });
      assert.ok(done.token !== null);
      same([await tell(sessions, done.token), ...(await tellAll(sessions, [api, mcp]))], ['live', 'live', 'revoked']);
      await sessions.revoke({ user: 'ann' }, { kinds: ['api', 'mcp'] });
      same(
        [await tell(sessions, done.token), ...(await tellAll(sessions, [api, mcp]))],
        ['live', 'revoked', 'revoked'],
      );
      await sessions.revoke({ user: 'ann' }, { kinds: ['browser'] });
      assert.equal(await tell(sessions, done.token), 'revoked');
    },
  },
});
