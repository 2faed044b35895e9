import { createSessions } from 'session-revocation';
import { postgresStore } from 'session-revocation/postgres';
import { sqliteStore } from 'session-revocation/sqlite';
import { expect, test } from 'vitest';
import { openPool } from '../../engines/support/postgres-clients.ts';
import { findService } from '../../services/index.ts';
import { NOW, Realm, SECOND } from '../support/realm.ts';

const url = await findService('postgres');

test('tells that the store answers, and how soon', async () => {
  const realm = new Realm();
  const { store, ...health } = await realm.sessions.health();
  expect(health).toEqual({ ok: true, freshness: null, prunedAt: null });
  expect(store).toEqual({ ok: true, took: expect.any(Number), code: null });
  expect(realm.calls).toEqual(['readEpochs']);
});

test('tells an outage, and its end', async () => {
  const realm = new Realm();
  realm.around = () => Promise.reject(new Error('down'));
  expect(await realm.sessions.health()).toMatchObject({
    ok: false,
    store: { ok: false, code: 'SESSION_STORE_UNAVAILABLE' },
  });
  realm.around = (_, ask) => ask();
  expect(await realm.sessions.health()).toMatchObject({ ok: true, store: { code: null } });
});

test('takes no longer than the time limit of the store', async () => {
  const realm = new Realm({ timeout: 50 });
  realm.around = () => new Promise(() => {});
  const { ok, store } = await realm.sessions.health();
  expect(ok).toBe(false);
  expect(store.took).toBeGreaterThan(40);
});

test('tells what the memory of sessions does', async () => {
  const realm = new Realm({ freshness: { maxStaleness: '1s' } });
  expect((await realm.sessions.health()).freshness).toEqual({
    maxStaleness: SECOND,
    remembers: false,
    changesAge: null,
    notifier: null,
  });
  await realm.sessions.setup();
  expect((await realm.sessions.health()).freshness).toEqual({
    maxStaleness: SECOND,
    remembers: true,
    changesAge: null,
    notifier: null,
  });
});

test('tells of memory that is never out of date', async () => {
  const sessions = createSessions({ store: sqliteStore(':memory:') });
  expect(await sessions.health()).toMatchObject({ ok: true, freshness: { maxStaleness: 0, remembers: true } });
  await sessions.close();
});

test('tells when this process last pruned', async () => {
  const realm = new Realm();
  await realm.sessions.prune();
  expect((await realm.sessions.health()).prunedAt).toBe(NOW);
});

test('is false once the sessions are closed', async () => {
  const realm = new Realm();
  await realm.sessions.close();
  expect(await realm.sessions.health()).toMatchObject({ ok: false, store: { code: 'SESSION_STORE_UNAVAILABLE' } });
});

test.skipIf(url === null)('tells that tables are missing', async () => {
  const pool = openPool({ connectionString: url ?? '', max: 1 });
  const sessions = createSessions({ store: postgresStore(pool, { schema: 'srev_nowhere' }) });
  expect(await sessions.health()).toMatchObject({ ok: false, store: { code: 'SESSION_STORE_NOT_SET_UP' } });
  await pool.end();
});
