import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Pool, type PoolConfig } from 'pg';
import { createSessions, type Sessions } from 'session-revocation';
import { postgresStore } from 'session-revocation/postgres';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { findService, type PrivateServer, startPostgres } from '../services/index.ts';
import { hasPostgres } from '../services/postgres.ts';
import { clearPlace, findPlace, newPlace, type Place, queryPostgres } from '../services/stores.ts';
import { until } from '../services/until.ts';
import { MAX_TRIAL, TIMEOUT, Trial } from './trial.ts';

const UNAVAILABLE = 'SESSION_STORE_UNAVAILABLE';

/** Timeout of a call where the test is not about the timeout, in ms. */
const MAX_WAIT = 120_000;

const url = await findService('postgres');

describe.skipIf(url === null)('Postgres', () => {
  let place: Place;

  beforeAll(async () => {
    const found = await findPlace('postgres');
    if (found === null) throw new Error('a Postgres that was there is gone');
    place = found;
  });

  afterAll(() => clearPlace(place));

  /** Opens a pool for one test. */
  function openPool(config: PoolConfig): Pool {
    const pool = new Pool({ connectionString: place.url, ...config });
    pool.on('error', () => {});
    onTestFinished(() => pool.end());
    return pool;
  }

  /** Opens sessions over a pool. By default, calls have a long timeout. */
  const sessionsOver = (pool: Pool, timeout = MAX_WAIT): Sessions =>
    createSessions({ store: postgresStore(pool, { schema: place.space }), realm: 'people', timeout }) as Sessions;

  test('where no connection is free, nobody waits for longer than the timeout', { timeout: 180_000 }, async () => {
    const pool = openPool({ max: 1 });
    const { token } = await signIn(sessionsOver(pool), 'ann');
    // The connection is released only after the check has ended. Without its timeout, the check would never end.
    const taken = await pool.connect();
    await expect(sessionsOver(pool, TIMEOUT).check(token)).rejects.toMatchObject({ code: UNAVAILABLE });
    taken.release();
    expect(await sessionsOver(pool).check(token)).toMatchObject({ ok: true });
  });

  test('an end that is chosen to give way in a deadlock is done all the same', { timeout: 300_000 }, async () => {
    // These connections look for a deadlock after a wait of 50 ms. The others never look, so these always give way.
    const sessions = sessionsOver(openPool({ max: 2, options: '-c deadlock_timeout=50ms' }));
    const { session } = await signIn(sessions, 'bob');
    const [other, watcher] = [await connectPatiently(place.url), await connectPatiently(place.url)];
    await makeGates(watcher, place.space);
    onTestFinished(() => queryPostgres(place.url, `DROP FUNCTION ${place.space}.pass_gates CASCADE`));

    await watcher.query('SELECT pg_advisory_lock(hashtext($1), 1)', [place.space]);
    await other.query('BEGIN');
    await other.query('SELECT pg_advisory_xact_lock(hashtext($1), 2)', [place.space]);
    const ended = sessions.end(session.id, { user: 'bob' });
    ended.catch(() => {});
    await until('the end waits at its first gate', async () => (await waitingForLocks(watcher, place.space)) === 1);
    const locked = other.query(`SELECT 1 FROM ${place.space}.epochs FOR UPDATE`);
    locked.catch(() => {});
    await until('the other one waits for the end', async () => (await waitingForLocks(watcher, place.space)) === 2);
    await watcher.query('SELECT pg_advisory_unlock(hashtext($1), 1)', [place.space]);
    // `other` holds the second gate and waits for a record that the end has locked. So the end must give way.
    await locked;
    await other.query('COMMIT');
    expect(await ended).toMatchObject({ ended: true });
  });

  test.runIf(includes('faults: serializable transactions'))(
    'where every transaction is serializable, no law is broken',
    { timeout: MAX_TRIAL },
    async () => {
      const strict = new URL(place.url);
      strict.searchParams.set('options', '-c default_transaction_isolation=serializable');
      const trial = await Trial.begin({ ...place, url: strict.href }, { actors: 6 });
      await trial.works();
      expect(await trial.end()).toEqual([]);
    },
  );

  test.runIf(includes('faults: a database that only reads'))(
    'a server that only reads revokes nothing, and is well again by itself',
    { timeout: MAX_TRIAL },
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

      // A connection reads this setting only when it opens.
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

describe.runIf(includes('faults: a database that only reads') && hasPostgres())(
  'a Postgres that becomes a standby',
  () => {
    test('is not asked, and is again when it is promoted', { timeout: MAX_TRIAL }, async () => {
      const server = await startPostgres();
      onTestFinished(() => server.stop());
      const place = await newPlace('postgres', server.url);
      const trial = await Trial.begin(place);
      await makeStandby(server);
      await trial.meets('SESSION_STORE_UNSAFE');
      await queryPostgres(server.url, 'SELECT pg_promote()');
      await trial.works();
      expect(await trial.end()).toEqual([]);
    });
  },
);

async function signIn(sessions: Sessions, user: string) {
  const fence = await sessions.fence({ user });
  const started = await sessions.start({ user, fence });
  if (!started.ok) throw new Error(`a sign-in is refused: ${started.reason}`);
  return started;
}

/** Opens a connection that waits for locks and does not look for deadlocks. */
async function connectPatiently(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, options: '-c deadlock_timeout=600s' });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/**
 * Makes each update of a session pass two gates: advisory locks that a test can hold. The update comes to them after it
 * has locked the user's record.
 */
async function makeGates(client: Client, space: string): Promise<void> {
  await client.query(`
    CREATE FUNCTION ${space}.pass_gates() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_advisory_xact_lock(hashtext('${space}'), 1);
      PERFORM pg_advisory_xact_lock(hashtext('${space}'), 2);
      RETURN NEW;
    END $$;
    CREATE TRIGGER gates BEFORE UPDATE ON ${space}.sessions FOR EACH ROW EXECUTE FUNCTION ${space}.pass_gates()`);
}

/** Returns how many statements on these tables wait for a lock. */
async function waitingForLocks(client: Client, space: string): Promise<number | null> {
  const { rowCount } = await client.query(
    `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'`,
    [space],
  );
  return rowCount;
}

const endConnections = (admin: string, role: string): Promise<void> =>
  queryPostgres(admin, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`);

/** Restarts the server as a standby without a primary. It answers reads, and writes nothing until it is promoted. */
async function makeStandby(server: PrivateServer): Promise<void> {
  const file = join(server.folder, 'data', 'standby.signal');
  writeFileSync(file, '');
  await server.restart();
}
