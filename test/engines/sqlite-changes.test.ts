import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessions, type Sessions } from 'session-revocation';
import type { SessionStore } from 'session-revocation/adapter';
import { type SqliteConnection, sqliteStore } from 'session-revocation/sqlite';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { drivers } from './support/sqlite-drivers.ts';

describe.each(drivers)('what SQLite tells of changes, over $name', ({ open }) => {
  let folder: string;
  let connection: SqliteConnection;
  let store: SessionStore;
  let sessions: Sessions;
  /** The calls of the store's `find`. */
  let calls: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sessions-'));
    connection = open(join(folder, 'sessions.db'));
    store = sqliteStore(connection);
    calls = [];
    const find: SessionStore['find'] = (...given) => {
      calls.push('find');
      return store.find(...given);
    };
    sessions = createSessions({ store: { ...store, find } });
  });

  afterEach(async () => {
    await store.close?.();
    rmSync(folder, { recursive: true });
  });

  /** Signs in and checks the session once, so that it is in memory. */
  async function signIn(): Promise<string> {
    const fence = await sessions.fence({ user: 'ann' });
    const started = await sessions.start({ user: 'ann', fence });
    if (!started.ok) throw new Error(started.reason);
    expect(await word(started.token)).toBe('live');
    calls.length = 0;
    return started.token;
  }

  async function word(token: string): Promise<string> {
    const verdict = await sessions.check(token);
    return verdict.ok ? 'live' : verdict.reason;
  }

  const elsewhere = () => sqliteStore(open(join(folder, 'sessions.db')));

  test('with maxStaleness, checks ask SQLite now and then, and another process revokes within it', async () => {
    sessions = createSessions({ store, freshness: { maxStaleness: '1s' } });
    await sessions.setup();
    const token = await signIn();
    const other = elsewhere();
    onTestFinished(async () => void (await other.close?.()));
    const { effectiveWithin } = await createSessions({ store: other }).revoke({ user: 'ann' });
    expect(effectiveWithin).toBe(1_000);
    // A check with `maxStaleness: 0` reads the file.
    expect(await sessions.check(token, { maxStaleness: 0 })).toMatchObject({ ok: false, reason: 'revoked' });
    await expect.poll(() => word(token), { interval: 20 }).toBe('revoked');
  });

  test('leaves checks in memory while nothing is written, or only what ends no session', async () => {
    const token = await signIn();
    for (let times = 0; times < 5; times++) {
      expect(await word(token)).toBe('live');
      // Creates a record over the same connection.
      await sessions.fence({ user: `user ${times}` });
    }
    expect(calls).toEqual([]);
  });

  test('reads again after each write of another connection', async () => {
    const token = await signIn();
    const other = elsewhere();
    const others = createSessions({ store: other });
    await others.fence({ user: 'bob' });
    expect([await word(token), calls]).toEqual(['live', ['find']]);
    await others.revoke({ user: 'ann' });
    expect(await word(token)).toBe('revoked');
    await other.close?.();
  });

  test('notices a second store over the same connection', async () => {
    const token = await signIn();
    await createSessions({ store: sqliteStore(connection) }).revoke({ user: 'ann' });
    expect(await word(token)).toBe('revoked');
  });

  test('does not answer while a transaction is open on the connection', async () => {
    const token = await signIn();
    connection.exec('BEGIN');
    // A transaction takes its snapshot at its first read.
    connection.prepare('SELECT count(*) FROM sessions').all();
    const other = elsewhere();
    await createSessions({ store: other }).revoke({ user: 'ann' });
    calls.length = 0;
    await word(token).catch(() => {});
    expect(calls).toEqual(['find']);
    connection.exec('COMMIT');
    expect(await word(token)).toBe('revoked');
    await other.close?.();
  });

  test('forgets nothing by another process that only reads', async () => {
    const token = await signIn();
    const other = elsewhere();
    expect((await createSessions({ store: other }).check(token)).ok).toBe(true);
    calls.length = 0;
    expect([await word(token), calls]).toEqual(['live', []]);
    await other.close?.();
  });
});
