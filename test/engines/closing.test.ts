import { createSessions, type SessionStore } from 'session-revocation';
import { adapterHandle } from 'session-revocation/adapter';
import { accessTokens, tokenGuard } from 'session-revocation/jwt';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { clearPlace, findPlace, openStore } from '../services/stores.ts';
import { optionsOf } from '../src/jwt/support/tokens.ts';
import { signIn } from './support/sqlite-people.ts';

/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;
const CLOSED = { code: 'SESSION_STORE_UNAVAILABLE', message: expect.stringMatching(/sessions\.close\(\) was called/) };

const VERBS = [
  'readEpochs',
  'ensureEpochs',
  'add',
  'find',
  'list',
  'touch',
  'renew',
  'end',
  'advance',
  'listUsers',
  'memberships',
  'deleteSessions',
] as const;

const engines = ['sqlite', 'postgres', 'mysql', 'redis'] as const;
const places = await Promise.all(engines.map(findPlace));

describe.each(engines)('close() on %s', (engine) => {
  const place = places[engines.indexOf(engine)] ?? null;

  test.skipIf(place === null)(
    'lets work in flight finish, and refuses what comes after',
    { timeout: TEST_TIMEOUT },
    async () => {
      if (place === null) return;
      onTestFinished(() => clearPlace(place));
      const [first, second] = [openStore(place, { connections: 2, silence: 120_000 }), openStore(place)];
      const sessions = createSessions({
        store: first.store,
        timeout: '2m',
        limit: { perUser: 5, overflow: 'end-oldest' },
      });
      const beside = createSessions({ store: first.store, timeout: '2m', realm: 'beside' });
      const later = createSessions({ store: second.store, timeout: '2m' });
      const checked = await Promise.all(Array.from({ length: 20 }, (_, nth) => signIn(sessions, `user ${nth}`)));
      const revoked = await Promise.all(Array.from({ length: 10 }, (_, nth) => signIn(sessions, `gone ${nth}`)));
      const fence = await sessions.fence({ user: 'new' });
      const other = await signIn(beside, 'ann');

      const checks = checked.map(({ token }) => sessions.check(token));
      const revocations = revoked.map((_, nth) => sessions.revoke({ user: `gone ${nth}` }));
      const started = sessions.start({ user: 'new', fence });
      const renewed = beside.renew(other.session);
      const closing = sessions.close();
      for (const late of [
        () => sessions.check(checked[0]?.token),
        () => sessions.revoke({ user: 'user 0' }),
        () => beside.check(other.token),
        () => beside.revoke({ user: 'ann' }),
      ]) {
        await expect(late()).rejects.toMatchObject(CLOSED);
      }
      expect((await Promise.all(checks)).filter(({ ok }) => ok)).toHaveLength(checks.length);
      expect((await Promise.all(revocations)).filter((result) => result.revoked)).toHaveLength(revocations.length);
      expect([(await started).ok, (await renewed).ok]).toEqual([true, true]);
      await closing;
      await expect(sessions.check(checked[0]?.token)).rejects.toMatchObject(CLOSED);
      await sessions.close();
      await beside.close();
      await first.end();

      const words = await Promise.all([...checked, ...revoked].map(async ({ token }) => (await later.check(token)).ok));
      expect(words).toEqual([...checked.map(() => true), ...revoked.map(() => false)]);
      await later.close();
      await second.end();
    },
  );
});

describe('after close()', () => {
  test('every way in is refused, whatever the store does', async () => {
    const sessions = createSessions({ store: memoryStore(), audit: true, policy: 'stored' });
    const { session, token } = await signIn(sessions, 'ann');
    const tokens = accessTokens(sessions, optionsOf());
    const guard = tokenGuard(sessions);
    const adoption = adapterHandle(sessions).adoption({ until: new Date(Date.now() + 86_400e3) });
    await sessions.close();
    const claims = { sub: 'ann', iat: 1 };
    const adopted = { user: 'ann', credential: 'x' };
    const ways: readonly (() => Promise<unknown>)[] = [
      () => sessions.setup(),
      () => sessions.fence({ user: 'ann' }),
      () => sessions.start({ user: 'ann', fence: 'x' }),
      () => sessions.check(token),
      () => sessions.check('malformed'),
      () => sessions.list({ user: 'ann' }),
      () => sessions.end(session.id, { user: 'ann' }),
      () => sessions.signOut(session),
      () => sessions.revoke({ user: 'ann' }),
      () => sessions.trigger('passwordChanged', { user: 'ann' }),
      () => sessions.suspend({ user: 'ann' }),
      () => sessions.resume({ user: 'ann' }),
      () => sessions.policy('acme'),
      () => sessions.setPolicy('acme', { signOut: 'session' }),
      () => sessions.endIdle({ user: 'ann', unusedFor: '1d' }),
      () => sessions.review({ account: 'acme' }),
      () => sessions.forgetUser('ann'),
      () => sessions.audit(),
      () => sessions.renew(session),
      () => sessions.reauthenticate(session, { fence: 'x' }),
      () => sessions.prune(),
      () => tokens.mint(session, { client: 'app' }),
      () => tokens.check('x'),
      () => tokens.refresh('x'),
      () => guard.setup(),
      () => guard.check(claims),
      () => guard.revoke({ jti: 'x', issuer: 'y' }),
      () => guard.signOutOthers(claims),
      () => adoption.begin(adopted),
      () => adoption.forgo(adopted),
    ];
    for (const way of ways) await expect(way(), String(way)).rejects.toMatchObject(CLOSED);
  });

  test('a pruning that is under way ends after its batch, and the next one does not begin', async () => {
    let asked = 0;
    const store = memoryStore();
    const endless: SessionStore = {
      ...Object.fromEntries(VERBS.map((verb) => [verb, (store[verb] as () => unknown).bind(store)])),
      prune: async () => {
        asked++;
        if (asked === 3) closing = sessions.close();
        return { sessions: 1, epochs: 0, more: true, after: null };
      },
    } as unknown as SessionStore;
    const sessions = createSessions({ store: endless });
    let closing: Promise<void> | undefined;
    expect(await sessions.prune()).toMatchObject({ sessions: 3 });
    await closing;
    expect(asked).toBe(3);
  });
});
