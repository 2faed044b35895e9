import { setTimeout as wait } from 'node:timers/promises';
import { type Connection, createConnection, createPool, type Pool } from 'mysql2/promise';
import { createSessions, type Sessions } from 'session-revocation';
import { mysqlStore } from 'session-revocation/mysql';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { findService, startMariadb } from '../services/index.ts';
import { hasMariadb } from '../services/mariadb.ts';
import { clearPlace, findPlace, newPlace, type Place, queryMysql } from '../services/stores.ts';
import { until } from '../services/until.ts';
import { MAX_TRIAL, TIMEOUT, Trial } from './trial.ts';

const UNAVAILABLE = 'SESSION_STORE_UNAVAILABLE';

/** Timeout of a call where the test is not about the timeout, in ms. */
const MAX_WAIT = 120_000;

const url = await findService('mysql');

describe.skipIf(url === null)('MariaDB', () => {
  let place: Place;

  beforeAll(async () => {
    const found = await findPlace('mysql');
    if (found === null) throw new Error('a MariaDB that was there is gone');
    place = found;
  });

  afterAll(() => clearPlace(place));

  /** Opens sessions over a pool. By default, calls have a long timeout. */
  const sessionsOver = (pool: Pool, timeout = MAX_WAIT): Sessions =>
    createSessions({ store: mysqlStore(pool), realm: 'people', timeout }) as Sessions;

  test('where no connection is free, nobody waits for longer than the timeout', { timeout: 180_000 }, async () => {
    const pool = createPool({ uri: place.url, connectionLimit: 1 });
    onTestFinished(() => pool.end());
    const { token } = await signIn(sessionsOver(pool), 'ann');
    // The connection is released only after the check has ended. Without its timeout, the check would never end.
    const taken = await pool.getConnection();
    await expect(sessionsOver(pool, TIMEOUT).check(token)).rejects.toMatchObject({ code: UNAVAILABLE });
    taken.release();
    expect(await sessionsOver(pool).check(token)).toMatchObject({ ok: true });
  });

  test('an end that is chosen to give way in a deadlock is done all the same', { timeout: 300_000 }, async () => {
    const pool = createPool({ uri: place.url, connectionLimit: 2 });
    onTestFinished(() => pool.end());
    const sessions = sessionsOver(pool);
    const { session } = await signIn(sessions, 'bob');
    const other = await createConnection(place.url);
    onTestFinished(() => other.end());
    const watcher = await createConnection(place.url);
    onTestFinished(() => watcher.end());

    // In a deadlock, InnoDB rolls back the transaction that has changed fewer rows. So `other` changes many rows.
    await other.query('CREATE TABLE heavy (number int)');
    await other.query('BEGIN');
    await other.query(`INSERT INTO heavy SELECT seq FROM seq_1_to_10000`);
    const [sessionsTable, epochsTable] = ['session_revocation_sessions', 'session_revocation_epochs'];
    await other.query(`SELECT 1 FROM ${sessionsTable} FOR UPDATE`);
    const ended = sessions.end(session.id, { user: 'bob' });
    ended.catch(() => {});
    await until('it waits for a lock', () => waitsForLock(watcher, place.space));
    const deadlocks = await deadlocksOf(watcher);
    await other.query(`SELECT 1 FROM ${epochsTable} FOR UPDATE`);
    await other.query('COMMIT');
    expect(await ended).toMatchObject({ ended: true });
    expect(await deadlocksOf(watcher)).toBeGreaterThan(deadlocks);
  });
});

describe.runIf(includes('faults: a database that only reads') && hasMariadb())('a MariaDB of its own', () => {
  test('that only reads revokes nothing and is asked nothing, until it is well again', {
    timeout: MAX_TRIAL,
  }, async () => {
    const server = await startMariadb();
    onTestFinished(() => server.stop());
    const place = await newPlace('mysql', server.url);
    const trial = await Trial.begin(place);
    await queryMysql(server.url, 'SET GLOBAL read_only = 1');
    await trial.meets('SESSION_STORE_UNSAFE');
    await queryMysql(server.url, 'SET GLOBAL read_only = 0');
    await trial.works();
    expect(await trial.end()).toEqual([]);
  });

  test('that takes no more connections than it has', { timeout: MAX_TRIAL }, async () => {
    const server = await startMariadb({ args: ['--max-connections=3'] });
    onTestFinished(() => server.stop());
    const trial = await Trial.begin(await newPlace('mysql', server.url), { connections: 2 });
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

async function deadlocksOf(connection: Connection): Promise<number> {
  const [rows] = await connection.query("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'");
  return Number((rows as { readonly Value: string }[])[0]?.Value);
}

/** Returns whether a statement in this database waits for a lock. */
async function waitsForLock(connection: Connection, database: string): Promise<boolean> {
  // InnoDB refreshes this table only if its last query is 0.1 s old.
  await wait(150);
  const [rows] = await connection.query(
    `SELECT 1 FROM information_schema.innodb_trx t
     JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
     WHERE t.trx_state = 'LOCK WAIT' AND p.db = ?`,
    [database],
  );
  return (rows as unknown[]).length > 0;
}
