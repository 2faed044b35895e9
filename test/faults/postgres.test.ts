import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client, Pool, type PoolConfig } from 'pg';
import { createSessions, type Sessions } from 'session-revocation';
import { postgresStore } from 'session-revocation/postgres';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findService, type PrivateServer, startPostgres } from '../services/index.ts';
import { hasPostgres } from '../services/postgres.ts';
import { clearPlace, findPlace, newPlace, type Place, queryPostgres } from '../services/stores.ts';
import { DEADLINE, Trial } from './trial.ts';

const UNAVAILABLE = 'SESSION_STORE_UNAVAILABLE';

const url = await findService('postgres');

describe.skipIf(url === null)('Postgres', () => {
  let place: Place;

  beforeAll(async () => {
    const found = await findPlace('postgres');
    if (found === null) throw new Error('a Postgres that was there is gone');
    place = found;
  });

  afterAll(() => clearPlace(place));

  /** Sessions over a pool of one's own. */
  function sessionsOver(config: PoolConfig, deadline = DEADLINE): { sessions: Sessions; pool: Pool } {
    const pool = new Pool({ connectionString: place.url, ...config });
    pool.on('error', () => {});
    const store = postgresStore(pool, { schema: place.space });
    onTestFinished(() => pool.end());
    return { pool, sessions: createSessions({ store, realm: 'people', deadline }) as Sessions };
  }

  test('where no connection is free, nobody waits for longer than the deadline', { timeout: 60_000 }, async () => {
    const { pool, sessions } = sessionsOver({ max: 1 });
    const { token } = await signIn(sessions, 'ann');
    const taken = await pool.connect();
    const asked = performance.now();
    await expect(sessions.check(token)).rejects.toMatchObject({ code: UNAVAILABLE });
    expect(performance.now() - asked).toBeLessThan(DEADLINE + 1_500);
    taken.release();
    expect(await sessions.check(token)).toMatchObject({ ok: true });
  });

  test('an end that is chosen to give way in a deadlock is done all the same', { timeout: 60_000 }, async () => {
    // It looks for a deadlock sooner than the other one, so that it is the one that gives way.
    const { sessions } = sessionsOver({ max: 2, options: '-c deadlock_timeout=50ms' }, 10_000);
    const { session } = await signIn(sessions, 'bob');
    const other = new Client({ connectionString: place.url, options: '-c deadlock_timeout=60s' });
    await other.connect();
    onTestFinished(() => other.end());
    const watcher = new Client({ connectionString: place.url });
    await watcher.connect();
    onTestFinished(() => watcher.end());
    const deadlocks = await deadlocksOf(watcher);

    await other.query('BEGIN');
    // What an end writes last.
    await other.query(`SELECT 1 FROM ${place.space}.sessions FOR UPDATE`);
    const ended = sessions.end(session.id, { user: 'bob' });
    await waitsForLock(watcher, place.space);
    // What it has locked first.
    await other.query(`SELECT 1 FROM ${place.space}.epochs FOR UPDATE`);
    await other.query('COMMIT');
    expect(await ended).toMatchObject({ ended: true });
    await expect.poll(() => deadlocksOf(watcher), { timeout: 10_000 }).toBeGreaterThan(deadlocks);
  });

  test.runIf(process.env.CI)(
    'where every transaction is serializable, no law is broken',
    { timeout: 60_000 },
    async () => {
      const strict = new URL(place.url);
      strict.searchParams.set('options', '-c default_transaction_isolation=serializable');
      const trial = await Trial.begin({ ...place, url: strict.href }, { actors: 6 });
      await trial.works();
      expect(await trial.end()).toEqual([]);
    },
  );

  test.runIf(process.env.CI)(
    'a server that only reads revokes nothing, and is well again by itself',
    { timeout: 60_000 },
    async () => {
      const fresh = await findPlace('postgres');
      if (fresh === null) throw new Error('a Postgres that was there is gone');
      onTestFinished(() => clearPlace(fresh));
      const admin = fresh.url;
      const role = `${fresh.space}_role`;
      await queryPostgres(admin, `CREATE ROLE ${role} LOGIN`);
      await queryPostgres(admin, `GRANT ALL ON SCHEMA ${fresh.space} TO ${role}`);
      await queryPostgres(admin, `GRANT ALL ON ALL TABLES IN SCHEMA ${fresh.space} TO ${role}`);
      onTestFinished(async () => {
        await queryPostgres(admin, `DROP OWNED BY ${role}`);
        await queryPostgres(admin, `DROP ROLE ${role}`);
      });
      const asRole = new URL(admin);
      asRole.username = role;
      const trial = await Trial.begin({ ...fresh, url: asRole.href });

      // Connections have it from their beginning.
      await queryPostgres(admin, `ALTER ROLE ${role} SET default_transaction_read_only = on`);
      await endConnections(admin, role);
      expect(await trial.fails('revoke', 'fence')).toEqual([UNAVAILABLE]);
      await queryPostgres(admin, `ALTER ROLE ${role} RESET default_transaction_read_only`);
      await endConnections(admin, role);
      await trial.works();
      expect(await trial.end()).toEqual([]);
    },
  );
});

describe.runIf(process.env.CI !== undefined && hasPostgres())('a Postgres that becomes a standby', () => {
  test('is not asked, and is again when it is promoted', { timeout: 180_000 }, async () => {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    const place = await newPlace('postgres', server.url);
    const trial = await Trial.begin(place);
    await makeStandby(server);
    expect(await trial.fails()).toContain('SESSION_STORE_UNSAFE');
    await queryPostgres(server.url, 'SELECT pg_promote()');
    await trial.works();
    expect(await trial.end()).toEqual([]);
  });
});

async function signIn(sessions: Sessions, user: string) {
  const fence = await sessions.fence({ user });
  const started = await sessions.start({ user, fence });
  if (!started.ok) throw new Error(`a sign-in is refused: ${started.reason}`);
  return started;
}

/** How many deadlocks there were so far. */
async function deadlocksOf(client: Client): Promise<number> {
  const { rows } = await client.query('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
  return Number(rows[0].deadlocks);
}

/** Waits until a statement on these tables waits for a lock of another one. */
async function waitsForLock(client: Client, space: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const { rowCount } = await client.query(
      `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'`,
      [space],
    );
    if (rowCount !== 0) return;
    await wait(10);
  }
  throw new Error('nobody waits for a lock');
}

const endConnections = (admin: string, role: string): Promise<void> =>
  queryPostgres(admin, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`);

/** A standby of nobody: it reads what it has, and writes nothing until it is promoted. */
async function makeStandby(server: PrivateServer): Promise<void> {
  const file = join(server.folder, 'data', 'standby.signal');
  writeFileSync(file, '');
  await server.restart();
}
