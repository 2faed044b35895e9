import assert from 'node:assert/strict';
import { HOUR, NOW, SECOND, TestClock } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { living, signIn, tell, tellAll } from '../harness/people.ts';
import { nth, same } from '../harness/records.ts';
import { around } from '../harness/wrappers.ts';

const API = { lifetime: { absolute: '365d', idle: null }, survives: ['user', 'member'] } as const;

export const revocation: readonly CaseDefinition[] = define('revocation', {
  everywhere: {
    title: 'MUST refuse every session of the user from then on, list none, and let the user sign in anew',
    async run(bench) {
      const sessions = bench.sessions();
      const clients = [
        await signIn(sessions, { user: 'ann' }),
        await signIn(sessions, { user: 'ann', account: 'acme' }),
      ];
      same(await tellAll(sessions, clients), ['live', 'live']);
      const done = await sessions.revoke({ user: 'ann' }, { by: 'admin', reason: 'lost phone' });
      assert.ok(done.revoked);
      same([done.kept, done.token, done.effectiveWithin], [null, null, 0]);
      same(await tellAll(sessions, clients), ['revoked', 'revoked']);
      same(await living(sessions, 'ann'), []);
      const back = await signIn(sessions, { user: 'ann' });
      same(await living(sessions, 'ann'), [back.session.id]);
      assert.equal(await tell(sessions, back.token), 'live');
      same(await tellAll(sessions, clients), ['revoked', 'revoked']);
    },
  },
  'same-millisecond': {
    title: 'MUST tell apart what signed in before and after it within one millisecond, however often (SES-13)',
    async run(bench) {
      const sessions = bench.sessions();
      const before = [];
      for (let times = 0; times < 5; times++) {
        before.push(await signIn(sessions, { user: 'ann', account: 'acme' }));
        assert.equal(await tell(sessions, nth(before, -1).token), 'live');
        await sessions.revoke(times % 2 === 0 ? { user: 'ann' } : { account: 'acme' });
        assert.ok((await tellAll(sessions, before)).every((word) => word === 'revoked'));
      }
    },
  },
  why: {
    title: 'MUST tell of a revoked session when, by whom, why, and from where',
    async run(bench) {
      const clock = new TestClock();
      const sessions = bench.sessions({ clock });
      for (const [scope, name] of [
        [{ user: 'ann' }, 'user'],
        [{ user: 'ann', account: 'acme' }, 'member'],
        [{ account: 'acme' }, 'account'],
        [{ realm: true }, 'realm'],
      ] as const) {
        const { token } = await signIn(sessions, { user: 'ann', account: 'acme' });
        clock.time += SECOND;
        const attribution = { by: 'admin', reason: `of a ${name}`, fromDevice: 'Firefox on Windows' };
        await sessions.revoke(scope, attribution);
        const verdict = await sessions.check(token);
        assert.ok(!verdict.ok);
        same(verdict.end, { reason: 'revoked', revocation: { scope: name, at: clock.time, ...attribution } });
      }
    },
  },
  ended: {
    title: 'MUST refuse an ended session from then on, with the tombstone, and list it among those that are over',
    async run(bench) {
      const clock = new TestClock();
      const sessions = bench.sessions({ clock });
      const [gone, staying] = [await signIn(sessions, { user: 'ann' }), await signIn(sessions, { user: 'ann' })];
      clock.time += SECOND;
      await sessions.end(gone.session.id, {
        ...{ user: 'ann', by: 'ann', reason: 'signed-out', fromDevice: 'Safari on iOS' },
      });
      const verdict = await sessions.check(gone.token);
      same(verdict, {
        ok: false,
        session: null,
        reason: 'ended',
        end: {
          reason: 'ended',
          ended: { at: clock.time, by: 'ann', reason: 'signed-out', fromDevice: 'Safari on iOS' },
        },
      });
      same(await living(sessions, 'ann'), [staying.session.id]);
      const rows = (await sessions.list({ user: 'ann' }, { ended: true })).sessions;
      same(rows.find(({ id }) => id === gone.session.id)?.end, verdict.ok ? null : verdict.end);
      same(await sessions.end(gone.session.id, { user: 'ann' }), { ended: false, effectiveWithin: 0 });
    },
  },
  others: {
    title: 'MUST keep the one session that is kept, under a new secret, and no other (SES-16)',
    async run(bench) {
      const sessions = bench.sessions();
      const [mine, other, third] = [
        await signIn(sessions, { user: 'ann' }),
        await signIn(sessions, { user: 'ann' }),
        await signIn(sessions, { user: 'ann', account: 'acme' }),
      ];
      const done = await sessions.revoke({ user: 'ann' }, { keep: mine.session });
      assert.ok(done.revoked && done.token !== null && done.kept !== null);
      assert.equal(done.kept.id, mine.session.id);
      same(await tellAll(sessions, [mine, other, third]), ['superseded', 'revoked', 'revoked']);
      assert.equal(await tell(sessions, done.token), 'live');
      same(await living(sessions, 'ann'), [mine.session.id]);

      const again = await sessions.revoke({ user: 'ann' }, { keep: done.kept });
      assert.ok(again.revoked && again.token !== null, 'who was kept can be kept again');
      assert.equal(await tell(sessions, again.token), 'live');
      const fresh = await signIn(sessions, { user: 'ann' });
      const last = await sessions.revoke({ user: 'ann' }, { keep: fresh.session });
      assert.ok(last.revoked && last.token !== null);
      same(
        [await tell(sessions, again.token), await tell(sessions, last.token)],
        ['revoked', 'live'],
        'the next one drops it',
      );
      await sessions.revoke({ user: 'ann' });
      same([await tell(sessions, again.token), await tell(sessions, last.token)], ['revoked', 'revoked']);
    },
  },
  kinds: {
    title: 'MUST cover the kinds that are named, those that do not survive where none is, or all',
    async run(bench) {
      const sessions = bench.sessions({ kinds: { api: API } });
      const start = async () => [
        await signIn(sessions, { user: 'ann', account: 'acme' }),
        await signIn(sessions, { user: 'ann', account: 'acme', kind: 'api' }),
        await signIn(sessions, { user: 'ann', account: 'acme', kind: 'mcp' }),
      ];
      for (const [scope, request, due] of [
        [{ user: 'ann' }, {}, ['revoked', 'live', 'revoked']],
        [{ user: 'ann', account: 'acme' }, {}, ['revoked', 'live', 'revoked']],
        [{ user: 'ann' }, { kinds: ['api'] }, ['live', 'revoked', 'live']],
        [{ user: 'ann', account: 'acme' }, { kinds: ['browser', 'mcp'] }, ['revoked', 'live', 'revoked']],
        [{ user: 'ann' }, { kinds: 'all' }, ['revoked', 'revoked', 'revoked']],
        [{ account: 'acme' }, {}, ['revoked', 'revoked', 'revoked']],
        [{ account: 'acme' }, { kinds: ['mcp'] }, ['live', 'live', 'revoked']],
        [{ realm: true }, {}, ['revoked', 'revoked', 'revoked']],
        [{ realm: true }, { kinds: ['browser'] }, ['revoked', 'live', 'live']],
      ] as const) {
        const clients = await start();
        await sessions.revoke(scope, request);
        same(await tellAll(sessions, clients), due, JSON.stringify([scope, request]));
      }
    },
  },
  suspend: {
    title: 'MUST end all kinds of a suspended scope and start none until it is resumed (SES-15)',
    async run(bench) {
      for (const [at, scope] of [
        { user: 'ann' },
        { user: 'ann', account: 'acme' },
        { account: 'acme' },
        { realm: true as const },
      ].entries()) {
        const sessions = bench.sessions({ kinds: { api: API }, realm: `realm ${at}` });
        const who = { user: 'ann', account: 'acme' };
        const clients = [await signIn(sessions, who), await signIn(sessions, { ...who, kind: 'api' })];
        await sessions.suspend(scope, { by: 'admin' });
        same(await tellAll(sessions, clients), ['revoked', 'revoked']);
        const during = await sessions.fence(who);
        const refused = await sessions.start({ ...who, fence: during });
        assert.equal(refused.ok ? 'started' : refused.reason, 'suspended');
        await sessions.revoke(scope);
        assert.equal(
          (await sessions.start({ ...who, fence: await sessions.fence(who) })).ok,
          false,
          'revoking resumes nothing',
        );
        await sessions.resume(scope, { by: 'admin' });
        const late = await sessions.start({ ...who, fence: during });
        assert.equal(late.ok ? 'started' : late.reason, 'superseded', 'a sign-in from that time stays refused');
        const back = await signIn(sessions, who);
        same(await tellAll(sessions, [back, ...clients]), ['live', 'revoked', 'revoked']);
      }
    },
  },
  'clocks-apart': {
    title: 'MUST not ask clocks who was revoked: an hour apart, both processes refuse and accept the same',
    async run(bench) {
      const slow = bench.sessions({ clock: new TestClock(NOW - HOUR) });
      const fast = bench.sessions({ clock: new TestClock(NOW + HOUR), store: await bench.second() });
      for (const [here, there] of [
        [slow, fast],
        [fast, slow],
        [slow, fast],
      ] as const) {
        const clients = [await signIn(here, { user: 'ann' }), await signIn(there, { user: 'ann' })];
        for (const sessions of [slow, fast]) same(await tellAll(sessions, clients), ['live', 'live']);
        await bench.settled();
        await there.revoke({ user: 'ann' });
        for (const sessions of [slow, fast]) same(await tellAll(sessions, clients), ['revoked', 'revoked']);
        const again = [await signIn(here, { user: 'ann' }), await signIn(there, { user: 'ann' })];
        await here.revoke({ user: 'ann' });
        for (const sessions of [slow, fast])
          same(await tellAll(sessions, [...clients, ...again]), Array(4).fill('revoked'));
        const back = await signIn(here, { user: 'ann' });
        for (const sessions of [slow, fast]) assert.equal(await tell(sessions, back.token), 'live');
      }
    },
  },
  cost: {
    title: 'MUST cost one advance for any number of sessions, and read none of them (SES-17)',
    async run(bench) {
      let calls: string[] = [];
      const store = around(bench.store, (verb, ask) => {
        if (verb !== 'changes.since') calls.push(verb);
        return ask();
      });
      const sessions = bench.sessions({ store });
      const clients = [];
      for (let at = 0; at < 20; at++) clients.push(await signIn(sessions, { user: `user ${at}` }));
      calls = [];
      await sessions.revoke({ realm: true });
      // The last call reads `effectiveWithin`.
      same(calls, ['ensureEpochs', 'advance', 'readEpochs']);
      calls = [];
      assert.ok((await tellAll(sessions, clients)).every((word) => word === 'revoked'));
      same(calls, Array(clients.length).fill('find'), 'a check is one question');
    },
  },
});
