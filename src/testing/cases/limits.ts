import assert from 'node:assert/strict';
import type { SessionsOptions } from '../../core/options.ts';
import { markOf } from '../../model/reason.ts';
import { userTag } from '../../model/token.ts';
import type { StartRequest } from '../../operations/start.ts';
import { type Bench, HOUR, SECOND, TestClock } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { living, type SignedIn, signIn, tell, tellAll } from '../harness/people.ts';
import { nth, same } from '../harness/records.ts';
import { around } from '../harness/wrappers.ts';

const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const NEWER = CHROME.replace('140.0', '141.0');
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0';

// Sign-ins are one second apart, so that their order is clear.
function openAt(bench: Bench, options: Partial<SessionsOptions>) {
  const clock = new TestClock();
  const sessions = bench.sessions({ clock, lifetime: { absolute: '1d', idle: '1h' }, ...options });
  const start = (request: Omit<StartRequest, 'fence' | 'user'> & { user?: string } = {}): Promise<SignedIn> => {
    clock.time += SECOND;
    return signIn(sessions, { user: 'ann', ...request });
  };
  const refused = async (user = 'ann'): Promise<string> => {
    const started = await sessions.start({ user, fence: await sessions.fence({ user }) });
    return started.ok ? 'started' : started.reason;
  };
  return { clock, sessions, start, refused };
}

/** The core decides limits and replacement from the list. The store compares and writes. */
export const limits: readonly CaseDefinition[] = define('limits', {
  'end-oldest': {
    title: "MUST end the oldest session where one too many starts, with 'limit' as the reason (SES-20)",
    async run(bench) {
      const { sessions, start } = openAt(bench, { limit: { perUser: 3, overflow: 'end-oldest' } });
      const clients = [];
      for (let at = 0; at < 5; at++) clients.push(await start());
      same(await tellAll(sessions, clients), ['ended', 'ended', 'live', 'live', 'live']);
      const verdict = await sessions.check(nth(clients, 0).token);
      assert.equal(verdict.ok ? null : markOf(verdict.end)?.reason, 'limit');
      same(
        await living(sessions, 'ann'),
        clients
          .slice(2)
          .map(({ session }) => session.id)
          .reverse(),
      );
    },
  },
  refuse: {
    title: "MUST refuse the one too many as 'limit', and leave the others (SES-20)",
    async run(bench) {
      const { sessions, start, refused } = openAt(bench, { limit: { perUser: 2, overflow: 'refuse' } });
      const clients = [await start(), await start()];
      assert.equal(await refused(), 'limit');
      same(await tellAll(sessions, clients), ['live', 'live']);
      await sessions.end(nth(clients, 0).session.id, { user: 'ann' });
      assert.equal(await refused(), 'started');
      assert.equal(await refused(), 'limit');
    },
  },
  'counts-living': {
    title: 'MUST count the living only: not the ended, the expired, the idle or the revoked',
    async run(bench) {
      const { clock, sessions, start, refused } = openAt(bench, { limit: { perUser: 1, overflow: 'refuse' } });
      const ended = await start();
      await sessions.end(ended.session.id, { user: 'ann' });
      await start();
      await sessions.revoke({ user: 'ann' });
      await start();
      assert.equal(await refused(), 'limit');
      clock.time += HOUR;
      const last = await start();
      assert.equal(await refused(), 'limit');
      clock.time += 59 * 60 * SECOND;
      assert.equal(await tell(sessions, last.token), 'live');
      await bench.settled();
      clock.time += HOUR / 2;
      assert.equal(await refused(), 'limit', 'a use keeps it among the living');
    },
  },
  'just-expired': {
    title:
      'MUST end a session that has just expired with the sign-in that takes its place: no note under way revives it',
    async run(bench) {
      const { clock, sessions, start } = openAt(bench, { limit: { perUser: 1, overflow: 'refuse' } });
      const first = await start();
      const { id, createdAt } = first.session;
      clock.time = createdAt + HOUR;
      assert.equal(await tell(sessions, first.token), 'expired');
      const second = await start();
      const lastMoment = createdAt + HOUR - 1;
      await bench.store.touch([{ id, user: userTag(sessions.realm, 'ann'), at: lastMoment }], () => lastMoment);
      same(await tellAll(sessions, [first, second]), ['ended', 'live']);
      const verdict = await sessions.check(first.token);
      assert.equal(verdict.ok ? null : markOf(verdict.end)?.reason, 'idle');
    },
  },
  revoked: {
    title: 'MUST hand over the living sessions alone where a sign-in is counted, however many were revoked before',
    async run(bench) {
      const { clock, sessions, start } = openAt(bench, { kinds: { api: { survives: ['user', 'member'] } } });
      const accounts = [undefined, 'acme'] as const;
      for (const account of accounts) {
        for (let at = 0; at < 20; at++) {
          await start({ account });
          await sessions.revoke(account === undefined ? { user: 'ann' } : { user: 'ann', account });
        }
      }
      const mine = await start();
      const kept = await start({ account: 'acme' });
      assert.ok((await sessions.revoke({ user: 'ann', account: 'acme' }, { keep: kept.session })).revoked);
      const clients = [await start({ account: 'acme' }), await start({ account: 'acme' })];

      let rows = 0;
      const few = bench.sessions({
        clock: new TestClock(clock.time + SECOND),
        limit: { perUser: 3, overflow: 'end-oldest' },
        store: {
          ...around(bench.store, (_, ask) => ask()),
          async list(realm, user, page) {
            const answer = await bench.store.list(realm, user, page);
            rows += answer.found.length;
            return answer;
          },
        },
      });
      await signIn(few, { user: 'ann' });
      assert.equal(rows, 1, 'outside of accounts, one session is living');
      rows = 0;
      await signIn(few, { user: 'ann', account: 'acme' });
      assert.equal(rows, 3, 'in the account, the kept one and two others are living');
      assert.equal(await tell(few, mine.token), 'live');
      same(await tellAll(few, clients), ['live', 'live']);
      same((await few.list({ user: 'ann', account: 'acme' })).sessions.length, 3);
    },
  },
  apart: {
    title: 'MUST count each user, account and kind apart',
    async run(bench) {
      const { sessions, start } = openAt(bench, { limit: { perUser: 1, overflow: 'end-oldest' } });
      const clients = [
        await start(),
        await start({ user: 'bob' }),
        await start({ account: 'acme' }),
        await start({ account: 'beta' }),
        await start({ account: 'acme', kind: 'api' }),
        await start({ kind: 'api' }),
      ];
      same(await tellAll(sessions, clients), Array(6).fill('live'));
      clients.push(await start({ account: 'acme' }));
      same(await tellAll(sessions, clients), ['live', 'live', 'ended', 'live', 'live', 'live', 'live']);
    },
  },
  'many-pages': {
    title: 'MUST find the oldest of more sessions than a page of the list holds',
    async run(bench) {
      const { sessions, start } = openAt(bench, {});
      const clients = [];
      for (let at = 0; at < 12; at++) clients.push(await start());
      const few = bench.sessions({
        clock: new TestClock(nth(clients, -1).session.createdAt + SECOND),
        limit: { perUser: 4, overflow: 'end-oldest' },
        store: {
          ...around(bench.store, (_, ask) => ask()),
          list: (realm, user, page) => bench.store.list(realm, user, { ...page, limit: 5 }),
        },
      });
      clients.push(await signIn(few, { user: 'ann' }));
      same(await tellAll(sessions, clients), [...Array(9).fill('ended'), ...Array(4).fill('live')]);
    },
  },
  'same-browser': {
    title: 'MUST replace the session in the same browser and system, of any version, and never an unknown one',
    async run(bench) {
      const { sessions, start } = openAt(bench, { replace: 'same-browser' });
      const clients = [
        await start({ userAgent: CHROME }),
        await start({ userAgent: FIREFOX }),
        await start({ userAgent: CHROME, account: 'acme' }),
        await start({ userAgent: CHROME, kind: 'remembered' }),
        await start({ userAgent: CHROME, user: 'bob' }),
        await start(),
        await start(),
      ];
      clients.push(await start({ userAgent: NEWER }));
      same(await tellAll(sessions, clients), ['ended', ...Array(7).fill('live')]);
      const verdict = await sessions.check(nth(clients, 0).token);
      assert.equal(verdict.ok ? null : markOf(verdict.end)?.reason, 'replaced');
    },
  },
  'same-device': {
    title: 'MUST replace the session with the same device cookie, and never one without',
    async run(bench) {
      const { sessions, start } = openAt(bench, { replace: 'same-device' });
      const clients = [
        await start({ deviceId: 'one' }),
        await start({ deviceId: 'two' }),
        await start(),
        await start(),
      ];
      clients.push(await start({ deviceId: 'one', userAgent: FIREFOX }));
      same(await tellAll(sessions, clients), ['ended', 'live', 'live', 'live', 'live']);
    },
  },
  switch: {
    title: 'MUST hold in the account that a session switches to',
    async run(bench) {
      const { sessions, start } = openAt(bench, { limit: { perUser: 1, overflow: 'end-oldest' } });
      const [mine, other] = [await start({ account: 'acme' }), await start({ account: 'beta' })];
      const fence = await sessions.fence({ user: 'ann', account: 'beta' });
      const switched = await sessions.renew(mine.session, { account: 'beta', fence });
      assert.ok(switched.ok);
      same(
        [await tell(sessions, switched.token), await tell(sessions, mine.token), await tell(sessions, other.token)],
        ['live', 'unknown', 'ended'],
      );
      same(await living(sessions, 'ann', 'beta'), [mine.session.id]);
      same(await living(sessions, 'ann', 'acme'), []);
    },
  },
});
