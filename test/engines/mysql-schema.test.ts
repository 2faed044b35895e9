import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createSessions, type SessionStore } from 'session-revocation';
import { fromMysql2, mysqlSchema, mysqlStore } from 'session-revocation/mysql';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { tablesOf } from '../../adapters/engines/mysql/names.ts';
import { STEPS, type Step } from '../../adapters/engines/mysql/schema.ts';
import { requireTables, setUp } from '../../adapters/engines/mysql/setup.ts';
import { addNew, look, person } from '../../src/testing/harness/records.ts';
import { size } from '../ci-only.ts';
import { bundle } from '../services/bundle.ts';
import { dropTables, newPrefix, openTables, testPool, url } from './support/mysql.ts';

const ann = person('ann');
const ended = { at: Date.now(), by: null, reason: null, fromDevice: null };
const script = await bundle(join(import.meta.dirname, 'support/mysql-process.ts'));
const ask = async (store: SessionStore): Promise<unknown> =>
  createSessions({ store, timeout: '2m' }).fence({ user: 'ann' });

/** A schema step of a future version. It adds one column to each of two existing tables. */
const NEXT: Step = {
  additions: ({ sessions, meta }) => [
    { table: 'sessions', column: 'colour', sql: `ALTER TABLE ${sessions} ADD COLUMN colour VARBINARY(20)` },
    { table: 'meta', column: 'since', sql: `ALTER TABLE ${meta} ADD COLUMN since BIGINT NOT NULL DEFAULT 0` },
  ],
  oldest: 1,
};

/** Returns a new prefix with a pool and a store. Removes the tables of the prefix after the test. */
function fresh(prefix: string = newPrefix()) {
  const pool = testPool();
  onTestFinished(() => dropTables(pool, prefix));
  return { prefix, pool, names: tablesOf(prefix), store: mysqlStore(pool, { prefix }) };
}

/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

describe.skipIf(url === null)('the tables', { timeout: TEST_TIMEOUT }, () => {
  test('are not made unasked; setup makes them, also again', async () => {
    const { pool, prefix, store } = fresh();
    await expect(ask(store)).rejects.toMatchObject({
      code: 'SESSION_STORE_NOT_SET_UP',
      message: expect.stringMatching(/setup\(\)/),
    });
    expect((await pool.query(`SHOW TABLES LIKE '${prefix}%'`))[0]).toEqual([]);
    await store.setup?.();
    const session = await addNew(store, ann);
    await store.setup?.();
    expect(await look(store, session)).toMatchObject({ session });
    await dropTables(pool, prefix);
    await expect(look(store, session)).rejects.toMatchObject({ code: 'SESSION_STORE_NOT_SET_UP' });
    await store.setup?.();
    expect(await look(store, session)).toBeNull();
  });

  test('are made by ten processes at once', async () => {
    const { prefix, store } = fresh();
    const run = () => promisify(execFile)(process.execPath, [script, `${url}`, prefix]);
    const told = await Promise.all(
      Array.from({ length: size('MariaDB: processes that make the tables at once') }, run),
    );
    expect(new Set(told.map(({ stdout }) => stdout))).toEqual(new Set(['ready\n']));
    // Ten stores in this process do the same, each over its own pool.
    await Promise.all(Array.from({ length: 10 }, async () => mysqlStore(testPool(), { prefix }).setup?.()));
    await addNew(store, ann);
  });

  test('may be made by a migration tool', async () => {
    const { pool, prefix, store } = fresh();
    for (const statement of mysqlSchema({ prefix }).split(';\n')) {
      if (statement.trim() !== '') await pool.query(statement);
    }
    await addNew(store, ann);
    await store.setup?.();
    expect(mysqlSchema({ from: STEPS.length })).toBe('');
    expect(() => mysqlSchema({ from: 99 })).toThrow(TypeError);
    expect(() => mysqlSchema({ prefix: '\0' })).toThrow(TypeError);
  });

  test('are upgraded while processes of the version before go on, and start anew, also where one stopped halfway', async () => {
    const { pool, prefix, names, store } = fresh();
    await store.setup?.();
    const session = await addNew(store, ann);
    const client = fromMysql2(pool);
    const steps = [...STEPS, NEXT];
    await expect(requireTables(client, names, steps)).rejects.toMatchObject({ code: 'SESSION_STORE_NOT_SET_UP' });
    await pool.query(NEXT.additions(names)[0]!.sql);
    await Promise.all([setUp(client, names, { steps }), setUp(client, names, { steps }), addNew(store, ann)]);
    await requireTables(client, names, steps);
    // Stores of the old version still read old rows and add rows. `late` first meets the tables after the upgrade.
    const late = mysqlStore(pool, { prefix });
    for (const old of [store, late]) {
      await old.setup?.();
      expect(await look(old, session)).toMatchObject({ session });
      await addNew(old, ann);
    }
    const findings = await late.powers?.diagnosis?.diagnose(Date.now());
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'ok', found: expect.stringMatching(/version 2/) }),
    );
  });

  test('are refused as too new once the code does not work on them', async () => {
    const { pool, prefix, names, store } = fresh();
    await store.setup?.();
    await setUp(fromMysql2(pool), names, { steps: [...STEPS, { ...NEXT, oldest: 2 }] });
    const late = mysqlStore(pool, { prefix });
    await expect(ask(late)).rejects.toMatchObject({ code: 'SESSION_STORE_TOO_NEW' });
    await expect(late.setup?.()).rejects.toMatchObject({ code: 'SESSION_STORE_TOO_NEW' });
  });

  test.each(['sessions', 'epochs', 'audit', 'outbox', 'policies', 'changes'])(
    'are named where %s was dropped, and not made anew',
    async (table) => {
      const { pool, prefix, store } = fresh();
      await store.setup?.();
      await pool.query(`DROP TABLE ${prefix}${table}`);
      const named = new RegExp(`${prefix}${table} was dropped`);
      const refused = { code: 'SESSION_STORE_NOT_SET_UP', message: expect.stringMatching(named) };
      await expect(store.setup?.()).rejects.toMatchObject(refused);
      expect((await pool.query(`SHOW TABLES LIKE '${prefix}%'`))[0]).toHaveLength(6);
      const findings = await store.powers?.diagnosis?.diagnose(Date.now());
      expect(findings).toContainEqual(
        expect.objectContaining({ subject: 'schema', level: 'problem', found: expect.stringMatching(named) }),
      );
    },
  );

  test('are left alone within seconds by a running process that does not work on them any more', async () => {
    const { pool, names, store } = fresh();
    await store.setup?.();
    const session = await addNew(store, ann);
    await setUp(fromMysql2(pool), names, { steps: [...STEPS, { ...NEXT, oldest: 2 }] });
    const later = performance.now() + 5_001;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => later);
    onTestFinished(() => clock.mockRestore());
    const tooNew = { code: 'SESSION_STORE_TOO_NEW' };
    const transaction = await pool.getConnection();
    await transaction.beginTransaction();
    const within = store.powers?.transactions?.within(transaction);
    await expect((async () => within?.end({ id: session.id, user: ann.tags.user }, ended, []))()).rejects.toMatchObject(
      tooNew,
    );
    await transaction.rollback();
    transaction.release();
    await expect(look(store, session)).rejects.toMatchObject(tooNew);
    await expect(store.deleteSessions(ann.tags.user, 1)).rejects.toMatchObject(tooNew);
  });

  test.each(['sessions', 'meta'])('are somebody else’s where %s is: nothing is touched', async (table) => {
    const { pool, prefix, store } = fresh();
    await pool.query(`CREATE TABLE ${prefix}${table} (id INT PRIMARY KEY, data TEXT)`);
    await expect(store.setup?.()).rejects.toMatchObject({ code: 'SESSION_STORE_NAME_CONFLICT' });
    expect((await pool.query(`SHOW TABLES LIKE '${prefix}%'`))[0]).toHaveLength(1);
    const code = table === 'meta' ? 'SESSION_STORE_NAME_CONFLICT' : 'SESSION_STORE_NOT_SET_UP';
    await expect(ask(store)).rejects.toMatchObject({ code });
  });

  test.each(['it`s "mine" \u00fc; --', 'with.dot/and\\slash '])('may be named %j', async (words) => {
    const { store } = await openTables({ prefix: `${newPrefix()}${words}` });
    const session = await addNew(store, ann);
    expect(await look(store, session)).toMatchObject({ session });
  });
});
