import assert from 'node:assert/strict';
import { markOf } from '../../model/reason.ts';
import type { Sessions } from '../../sessions.ts';
import { DAY, HOUR, TestClock } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { living, type SignedIn, signIn, tell, tellAll } from '../harness/people.ts';
import { nth, person, recordOf, same } from '../harness/records.ts';
import { interleave, refuses, tokenOf } from '../harness/rounds.ts';
import { around } from '../harness/wrappers.ts';

const API = { lifetime: { absolute: '365d', idle: null }, survives: ['user', 'member'] } as const;
/** The name of a user. It cannot occur by chance in random text. */
const ANN = 'ann-the-person';
const acme = (user: string) => ({ user, account: 'acme' });

async function membersOf(sessions: Sessions, account: string, limit: number) {
  const members = new Map<string, readonly string[]>();
  let cursor: string | null = null;
  for (let pages = 0; pages === 0 || cursor !== null; pages++) {
    assert.ok(pages < 100, 'the review comes to an end');
    const page: Awaited<ReturnType<Sessions['review']>> = await sessions.review({ account, limit, cursor });
    for (const { user, sessions: rows } of page.members) members.set(user, rows.map(({ id }) => id).sort());
    cursor = page.cursor;
  }
  return Object.fromEntries([...members].sort());
}

const idsOf = (clients: readonly SignedIn[]): readonly string[] => clients.map(({ session }) => session.id).sort();

export const administration: readonly CaseDefinition[] = define('administration', {
  review: {
    title: 'MUST review every member of an account with their live sessions, and no other user',
    async run(bench) {
      const sessions = bench.sessions();
      const expected: Record<string, readonly string[]> = {};
      for (let at = 0; at < 9; at++) {
        const clients = [];
        for (let times = 0; times <= at % 3; times++) clients.push(await signIn(sessions, acme(`user ${at}`)));
        expected[`user ${at}`] = idsOf(clients);
      }
      await signIn(sessions, { user: 'user 1' });
      await signIn(sessions, { user: 'bob', account: 'beta' });
      await signIn(bench.sessions({ realm: 'desk' }), acme('cid'));
      const gone = await signIn(sessions, acme('dan'));
      await sessions.end(gone.session.id, { user: 'dan' });
      for (const limit of [1, 4, 1000]) same(await membersOf(sessions, 'acme', limit), expected);
      await sessions.revoke({ account: 'acme' });
      same(await membersOf(sessions, 'acme', 1000), {});
    },
  },
  'end-idle': {
    title: 'MUST end the sessions that were not used for so long, of an account or a user, and no other',
    async run(bench) {
      const clock = new TestClock();
      const sessions = bench.sessions({ clock });
      const old = [await signIn(sessions, acme('ann')), await signIn(sessions, acme('bob'))];
      const used = await signIn(sessions, acme('ann'));
      const others = [
        await signIn(sessions, { user: 'ann', account: 'beta' }),
        await signIn(sessions, { user: 'cid' }),
      ];
      clock.time += 5 * DAY;
      assert.equal(await tell(sessions, used.token), 'live');
      await bench.settled();
      const fresh = await signIn(sessions, acme('bob'));
      clock.time += DAY;
      const scope = { account: 'acme', unusedFor: '6d' } as const;
      const { wouldEnd, ended } = await sessions.endIdle(scope, { dryRun: true });
      same([wouldEnd?.sessions.map(({ id }) => id).sort(), wouldEnd?.more, ended], [idsOf(old), false, 0]);
      same(await sessions.endIdle(scope, { by: 'cron', fromDevice: null }), {
        ended: 2,
        wouldEnd: null,
        effectiveWithin: 0,
      });
      same(await tellAll(sessions, [...old, used, fresh]), ['ended', 'ended', 'live', 'live']);
      const verdict = await sessions.check(nth(old, 0).token);
      same(verdict.ok ? null : markOf(verdict.end), { at: clock.time, by: 'cron', reason: 'idle', fromDevice: null });
      same((await sessions.endIdle(scope)).ended, 0);
      // No check has used these sessions so far.
      same((await sessions.endIdle({ user: 'ann', unusedFor: '6d' })).ended, 1);
      same(await tellAll(sessions, [used, ...others]), ['live', 'ended', 'live']);
    },
  },
  'dry-run': {
    title: 'MUST write nothing where it is only asked what would end, and name all of that (D5)',
    async run(bench) {
      const asked = new Set<string>();
      const store = around(bench.store, (verb, ask) => {
        asked.add(verb);
        return ask();
      });
      const clock = new TestClock();
      const sessions = bench.sessions({ clock, store, kinds: { api: API } });
      const [mine, other] = [await signIn(sessions, acme('ann')), await signIn(sessions, acme('ann'))];
      const [api, beside] = [
        await signIn(sessions, { ...acme('ann'), kind: 'api' }),
        await signIn(sessions, acme('bob')),
      ];
      const elsewhere = await signIn(sessions, { user: 'cid' });
      const all = [mine, other, api, beside, elsewhere];
      clock.time += HOUR;
      asked.clear();
      const dryRun = true;
      const named = (result: Awaited<ReturnType<Sessions['revoke']>>): readonly string[] | string =>
        'wouldEnd' in result ? result.wouldEnd.sessions.map(({ id }) => id).sort() : 'nothing was named';
      same(named(await sessions.revoke({ user: 'ann' }, { dryRun })), idsOf([mine, other]));
      same(named(await sessions.revoke({ user: 'ann' }, { dryRun, keep: mine.session })), idsOf([other]));
      same(named(await sessions.revoke({ account: 'acme' }, { dryRun })), idsOf([mine, other, api, beside]));
      same(
        named(await sessions.revoke({ realm: true }, { dryRun, kinds: ['browser'] })),
        idsOf([mine, other, beside, elsewhere]),
      );
      same(named(await sessions.suspend({ user: 'ann', account: 'acme' }, { dryRun })), idsOf([mine, other, api]));
      same(named(await sessions.trigger('passwordReset', { user: 'ann', dryRun })), idsOf([mine, other, api]));
      same((await sessions.end(mine.session.id, { user: 'ann', dryRun })).ended, true);
      same((await sessions.endIdle({ account: 'acme', unusedFor: '1h' }, { dryRun })).wouldEnd?.sessions.length, 4);
      same(await sessions.forgetUser('ann', { dryRun }), { sessions: 3, entries: 0, effectiveWithin: 0 });
      same(
        [...asked].filter((verb) => !['find', 'list', 'listUsers'].includes(verb)),
        [],
        'nothing was written',
      );
      same(
        await tellAll(sessions, all),
        all.map(() => 'live'),
      );
    },
  },
  trigger: {
    title:
      'MUST revoke what the rule of a trigger says, under a new secret for who is kept, and tell whether it found any',
    async run(bench) {
      const sessions = bench.sessions({ kinds: { api: API }, triggers: { emailChanged: 'none' } });
      for (const [name, due] of [
        ['passwordChanged', ['superseded', 'revoked', 'live', 'revoked']],
        ['roleChanged', ['superseded', 'revoked', 'live', 'revoked']],
        ['passwordReset', ['revoked', 'revoked', 'revoked', 'revoked']],
        ['lastLoginMethodRemoved', ['revoked', 'revoked', 'revoked', 'revoked']],
        ['memberRemoved', ['revoked', 'revoked', 'revoked', 'live']],
        ['emailChanged', ['live', 'live', 'live', 'live']],
      ] as const) {
        const user = `a user with ${name}`;
        const mine = await signIn(sessions, acme(user));
        const clients = [
          ...[mine, await signIn(sessions, acme(user)), await signIn(sessions, { ...acme(user), kind: 'api' })],
          await signIn(sessions, { user, account: 'beta' }),
        ];
        const stranger = await signIn(sessions, acme('bob'));
        const account = name === 'memberRemoved' ? { account: 'acme' } : {};
        const done = await sessions.trigger(name, { user, ...account, keep: mine.session });
        same(await tellAll(sessions, clients), due, name);
        same(done.found, true);
        same([await tell(sessions, stranger.token), done.token === null], ['live', due[0] !== 'superseded']);
        if (done.token !== null) assert.equal(await tell(sessions, done.token), 'live');
      }
      same((await sessions.trigger('passwordReset', { user: 'nobody' })).found, false);
    },
  },
  'trigger-not-live': {
    title: 'MUST revoke all if the session to keep has ended: the password has changed anyway',
    async run(bench) {
      const sessions = bench.sessions();
      const [mine, other] = [await signIn(sessions, acme('ann')), await signIn(sessions, acme('ann'))];
      await sessions.end(mine.session.id, { user: 'ann' });
      const done = await sessions.trigger('passwordChanged', { user: 'ann', keep: mine.session });
      same([done.revoked, done.kept, done.token], [true, null, null]);
      same(await tellAll(sessions, [mine, other]), ['ended', 'revoked']);
    },
  },
  'sign-out-everywhere': {
    title:
      "MUST end all of the user's sessions in the account by a sign-out, of every kind, where the policy says so (C2)",
    async run(bench) {
      const policy = (account: string | null) => ({ signOut: account === 'acme' ? 'everywhere' : 'session' }) as const;
      const sessions = bench.sessions({ policy, kinds: { api: API } });
      const mine = await signIn(sessions, acme('ann'));
      const there = [await signIn(sessions, acme('ann')), await signIn(sessions, { ...acme('ann'), kind: 'api' })];
      const others = [await signIn(sessions, { user: 'ann', account: 'beta' }), await signIn(sessions, acme('bob'))];
      same(await sessions.signOut(mine.session), { ended: true, everywhere: true, effectiveWithin: 0 });
      same(await tellAll(sessions, [mine, ...there]), Array(3).fill('revoked'));
      same(await sessions.signOut(nth(others, 0).session), { ended: true, everywhere: false, effectiveWithin: 0 });
      same(await tellAll(sessions, others), ['ended', 'live']);
      const back = await signIn(sessions, acme('ann'));
      same((await sessions.signOut(mine.session)).ended, false, 'an ended session ends no other');
      assert.equal(await tell(sessions, back.token), 'live');
    },
  },
  'forget-user': {
    title: 'MUST remove every session of a user who is forgotten, for good, and leave all other users',
    async run(bench) {
      const sessions = bench.sessions();
      const clients = [await signIn(sessions, acme(ANN)), await signIn(sessions, { user: ANN })];
      const stranger = await signIn(sessions, acme('bob'));
      await sessions.end(nth(clients, 1).session.id, { user: ANN, by: ANN });
      await sessions.suspend({ user: ANN }, { by: ANN, reason: `${ANN} asked` });
      const before = await sessions.fence(acme(ANN));
      same((await sessions.forgetUser(ANN)).sessions, 2);
      same(await tellAll(sessions, clients), ['unknown', 'unknown']);
      same((await sessions.list({ user: ANN }, { ended: true })).sessions, []);
      const { record } = await recordOf(bench.store, person(ANN, null, 'default').tags.user);
      assert.ok(!JSON.stringify(record).includes(ANN), 'the record names no user');
      const late = await sessions.start({ ...acme(ANN), fence: before });
      assert.equal(late.ok ? 'started' : late.reason, 'suspended', 'what was suspended stays so');
      await sessions.resume({ user: ANN });
      const again = await sessions.start({ ...acme(ANN), fence: before });
      assert.equal(again.ok ? 'started' : again.reason, 'superseded', 'a sign-in from before stays refused');
      assert.equal(await tell(sessions, stranger.token), 'live');
      same(await living(sessions, 'bob'), [stranger.session.id]);
      same((await sessions.forgetUser(ANN)).sessions, 0);
    },
  },
  'forget-against-sign-in': {
    title: 'MUST leave no session of a user who is forgotten that was begun before',
    run: (bench) =>
      interleave(bench, 0.1, async ({ order, open }) => {
        const [sessions, other] = [open(), open()];
        const mine = await signIn(sessions, acme('ann'));
        const fence = await sessions.fence(acme('ann'));
        const [started, renewed] = await order.run(
          () => sessions.start({ ...acme('ann'), fence }),
          () => sessions.renew(mine.session),
          () => other.forgetUser('ann'),
        );
        await refuses(other, mine.token, tokenOf(started), tokenOf(renewed));
        same(await living(other, 'ann'), []);
        same(await membersOf(other, 'acme', 10), {});
      }),
  },
});
