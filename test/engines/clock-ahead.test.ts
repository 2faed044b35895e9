import { createSessions } from 'session-revocation';
import { expect, onTestFinished, test, vi } from 'vitest';
import { clearPlace, findPlace, openStore } from '../services/stores.ts';
import { signIn } from './support/sqlite-people.ts';

const engines = ['postgres', 'mysql', 'redis'] as const;
const places = await Promise.all(engines.map(findPlace));

const found = places.filter((place) => place !== null);

test.skipIf(found.length === 0).each(found)(
  'on $engine, a process whose clock is far ahead prunes nothing',
  {
    timeout: 300_000,
  },
  async (place) => {
    const { store, end } = openStore(place);
    onTestFinished(async () => {
      vi.restoreAllMocks();
      await store.close?.();
      await end();
      await clearPlace(place);
    });
    const sessions = createSessions({ store, timeout: '2m' });
    const { token } = await signIn(sessions, 'ann');
    const now = Date.now.bind(Date);
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 365 * 86_400e3);
    await expect(sessions.prune()).rejects.toMatchObject({
      code: 'SESSION_STORE_UNSAFE',
      message: expect.stringMatching(/8760\.0 h ahead/),
    });
    // The check applies to the machine's clock only. The store trusts a `clock` that the app provides.
    const own = createSessions({ store, timeout: '2m', realm: 'own', clock: { now: () => now() + 7_200e3 } });
    expect(await own.prune()).toMatchObject({ sessions: 0 });
    clock.mockRestore();
    expect(await sessions.check(token)).toMatchObject({ ok: true });
    expect(await sessions.prune()).toMatchObject({ sessions: 0 });
  },
);
