import assert from 'node:assert/strict';
import type { SessionsOptions } from '../options.ts';
import type { StartRequest } from '../start.ts';
import { type Bench, HOUR, SECOND, TestClock } from './bench.ts';
import { type CaseDefinition, define } from './contract.ts';
import { living, type SignedIn, signIn, tell, tellAll } from './people.ts';
import { nth, same } from './ports.ts';
import { around } from './wrappers.ts';

const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const NEWER = CHROME.replace('140.0', '141.0');
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0';

// Every sign-in one second after the last, so that it is clear which is the oldest.
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

/** Limits and replacement, which the core decides from the list and the store compares and writes. */
export const limits: readonly CaseDefinition[] = define('limits', {
  'end-oldest': {
    title: "MUST end the oldest session where one too many starts, with 'limit' as the reason (SES-20)",
    async run(bench) {
      const { sessions, start } = openAt(bench, { limit: { perUser: 3, overflow: 'end-oldest' } });
      const clients = [];
      for (let at = 0; at < 5; at++) clients.push(await start());
      same(await tellAll(sessions, clients), ['ended', 'ended', 'live', 'live', 'live']);
      const verdict = await sessions.check(nth(clients, 0).token);
      assert.equal(verdict.ok ? null : verdict.ended?.reason, 'limit');
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
    title: 'MUST replace the session in the same browser and system, whatever its version, and never an unknown one',
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
      assert.equal(verdict.ok ? null : verdict.ended?.reason, 'replaced');
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
