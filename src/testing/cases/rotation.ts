import assert from 'node:assert/strict';
import { DAY, HOUR, NOW, TestClock } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { living, signIn, tell } from '../harness/people.ts';
import { same } from '../harness/records.ts';

export const rotation: readonly CaseDefinition[] = define('renewal', {
  token: {
    title:
      'MUST refuse the old token at the next question and accept the new one, for the same session and expiry (SES-6)',
    async run(bench) {
      const clock = new TestClock();
      const sessions = bench.sessions({ clock });
      const { session, token } = await signIn(sessions, { user: 'ann', attributes: { role: 'user' }, amr: ['pwd'] });
      clock.time += HOUR;
      const renewed = await sessions.renew(session, { attributes: { role: 'admin' } });
      assert.ok(renewed.ok);
      same([await tell(sessions, token), await tell(sessions, renewed.token)], ['superseded', 'live']);
      const verdict = await sessions.check(renewed.token);
      assert.ok(verdict.ok);
      const { id, expiresAt, authenticatedAt, createdAt, amr, attributes, lastUsedAt } = verdict.session;
      same([id, expiresAt, authenticatedAt, createdAt, amr], [session.id, session.expiresAt, NOW, NOW, ['pwd']]);
      same([attributes, lastUsedAt], [{ role: 'admin' }, NOW + HOUR]);
      const again = await sessions.renew(verdict.session);
      assert.ok(again.ok);
      same(again.session.attributes, { role: 'admin' }, 'what is not given stays');
      same(
        [await tell(sessions, token), await tell(sessions, renewed.token), await tell(sessions, again.token)],
        ['superseded', 'superseded', 'live'],
      );
    },
  },
  once: {
    title: 'MUST renew what was judged once only, and nothing that is over',
    async run(bench) {
      const sessions = bench.sessions();
      const start = () => signIn(sessions, { user: 'ann' });
      const [twice, ended, revoked] = [
        await start(),
        await start(),
        await signIn(sessions, { user: 'ann', kind: 'api' }),
      ];
      const first = await sessions.renew(twice.session);
      assert.ok(first.ok);
      await sessions.end(ended.session.id, { user: 'ann' });
      await sessions.revoke({ user: 'ann' }, { kinds: ['api'] });
      for (const { session } of [twice, ended, revoked]) {
        const renewed = await sessions.renew(session);
        assert.equal(renewed.ok ? 'renewed' : renewed.reason, 'not-live');
      }
      same(
        [await tell(sessions, first.token), await tell(sessions, ended.token), await tell(sessions, revoked.token)],
        ['live', 'ended', 'revoked'],
      );
    },
  },
  switch: {
    title: 'MUST judge a session by the account it switched to, and by the one before no more',
    async run(bench) {
      const sessions = bench.sessions();
      const mine = await signIn(sessions, { user: 'ann', account: 'acme' });
      const stale = await sessions.fence({ user: 'ann', account: 'beta' });
      await sessions.revoke({ account: 'beta' });
      const refused = await sessions.renew(mine.session, { account: 'beta', fence: stale });
      assert.equal(refused.ok ? 'renewed' : refused.reason, 'superseded');
      const fence = await sessions.fence({ user: 'ann', account: 'beta' });
      const switched = await sessions.renew(mine.session, { account: 'beta', fence });
      assert.ok(switched.ok);
      assert.equal(switched.session.account, 'beta');
      same([await living(sessions, 'ann', 'acme'), await living(sessions, 'ann', 'beta')], [[], [mine.session.id]]);
      await sessions.revoke({ account: 'acme' });
      await sessions.revoke({ user: 'ann', account: 'acme' });
      assert.equal(await tell(sessions, switched.token), 'live');
      await sessions.revoke({ user: 'ann', account: 'beta' });
      assert.equal(await tell(sessions, switched.token), 'revoked');
    },
  },
  'switch-still-user': {
    title: 'MUST not carry a session over a revocation of its user or realm by a switch of account',
    async run(bench) {
      for (const [at, scope] of [{ user: 'ann' }, { realm: true as const }].entries()) {
        const sessions = bench.sessions({ realm: `realm ${at}` });
        const mine = await signIn(sessions, { user: 'ann', account: 'acme' });
        const fence = await sessions.fence({ user: 'ann', account: 'beta' });
        const switched = await sessions.renew(mine.session, { account: 'beta', fence });
        assert.ok(switched.ok);
        await sessions.revoke(scope);
        assert.equal(await tell(sessions, switched.token), 'revoked');
        const later = await sessions.fence({ user: 'ann', account: 'acme' });
        assert.equal((await sessions.renew(switched.session, { account: 'acme', fence: later })).ok, false);
      }
    },
  },
  reauthenticate: {
    title: 'MUST begin the absolute lifetime anew with a new authentication, under a new secret (SES-6, SES-9)',
    async run(bench) {
      const clock = new TestClock();
      const sessions = bench.sessions({ clock, lifetime: { absolute: '30d', idle: null } });
      const { session, token } = await signIn(sessions, { user: 'ann', amr: ['pwd'] });
      clock.time += 29 * DAY;
      const fence = await sessions.fence({ user: 'ann' });
      const again = await sessions.reauthenticate(session, { fence, amr: ['pwd', 'otp'] });
      assert.ok(again.ok);
      same([await tell(sessions, token), await tell(sessions, again.token)], ['superseded', 'live']);
      clock.time += 29 * DAY;
      await sessions.prune();
      const verdict = await sessions.check(again.token);
      assert.ok(verdict.ok, 'the records that it needs are kept as long as it');
      const { id, createdAt, authenticatedAt, expiresAt, amr } = verdict.session;
      same(
        [id, createdAt, authenticatedAt, expiresAt, amr],
        [session.id, NOW, NOW + 29 * DAY, NOW + 59 * DAY, ['pwd', 'otp']],
      );
      clock.time = NOW + 59 * DAY;
      assert.equal(await tell(sessions, again.token), 'expired');
    },
  },
  'reauthenticate-superseded': {
    title: 'MUST refuse a new authentication that was begun before a revocation, and re-stamp nothing',
    async run(bench) {
      const sessions = bench.sessions();
      const mine = await signIn(sessions, { user: 'ann', account: 'acme' });
      const who = { user: 'ann', account: 'acme' };
      const before = await sessions.fence(who);
      const done = await sessions.revoke({ user: 'ann' }, { keep: mine.session });
      assert.ok(done.revoked && done.kept !== null && done.token !== null);
      const late = await sessions.reauthenticate(done.kept, { fence: before });
      assert.equal(late.ok ? 'renewed' : late.reason, 'superseded');
      assert.equal(await tell(sessions, done.token), 'live');
      const again = await sessions.reauthenticate(done.kept, { fence: await sessions.fence(who) });
      assert.ok(again.ok);
      assert.equal(await tell(sessions, again.token), 'live');
      await sessions.revoke({ user: 'ann' });
      assert.equal(await tell(sessions, again.token), 'revoked');
      const never = await sessions.reauthenticate(again.session, { fence: await sessions.fence(who) });
      assert.equal(never.ok ? 'renewed' : never.reason, 'not-live');
    },
  },
});
