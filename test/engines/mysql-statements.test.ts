import type { Pool, RowDataPacket } from 'mysql2/promise';
import { mysqlStore } from 'session-revocation/mysql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tablesOf } from '../../adapters/engines/mysql/names.ts';
import { mysqlSchema } from '../../adapters/engines/mysql/schema.ts';
import { statementsOf } from '../../adapters/engines/mysql/statements/index.ts';
import type { AuditIndex } from '../../adapters/engines/sql/audit-page.ts';
import { size } from '../ci-only.ts';
import { dropTables, newPrefix, openPool, url } from './support/mysql.ts';

// Measured on MariaDB 10.11: every statement takes the same index of each table among 100,000 sessions as among a million.
const ROWS = size('MariaDB: rows under the plans');
/** Timeout of a test with that many rows, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 600_000;
const NOW = 1_700_000_000_000;

/** Every statement that looks for rows, with typical values. */
function everything(prefix: string): Readonly<Record<string, readonly [sql: string, ...values: unknown[]]>> {
  const sql = statementsOf(tablesOf(prefix));
  const stamp = Buffer.alloc(8);
  const [id, user, account, realm, credential] = ['s777', 'u77', 'a7', 'r', 'h'].map((text) => Buffer.from(text));
  const found: Readonly<Record<AuditIndex, unknown[]>> = {
    user: [user],
    actor: [user],
    account: [account],
    typeInAccount: [account, 'session.started'],
    type: [realm, 'session.started'],
    realm: [realm],
  };
  const pages = Object.entries(found).map(([by, values]) => {
    const page = sql.entries(by as AuditIndex, { user: false, actor: false, account: false, types: 2 });
    return [`page by ${by}`, [page, ...values, NOW, NOW, 'x', 0, realm, 'a', 'b', 51]] as const;
  });
  const lists = [true, false].flatMap((some) => {
    const stamps = some ? 1 : 0;
    const list = sql.list({ account: some, users: stamps, members: stamps, indexed: some, after: some, living: some });
    const values = some ? [account, stamp, stamp, NOW, NOW, id, NOW] : [];
    return [[`list ${some}`, [list, realm, user, ...values, 51]] as const];
  });
  return {
    epochs: [sql.epochs(2), realm, user],
    readEpochs: [sql.readEpochs(2), realm, user],
    lockedEpochs: [sql.lockedEpochs(2), realm, user],
    sharedRecords: [sql.sharedRecords(2), realm, account],
    lockUser: [sql.lockUser, user],
    moveFrom: [sql.moveFrom, NOW, user, 1],
    moveAndRaise: [sql.moveAndRaise, NOW, user],
    move: [sql.move, user],
    raise: [sql.raise, NOW, user],
    advance: [sql.advance, '{}', null, user, 1],
    advanceFor: [sql.advanceFor, '{}', null, credential, 1, user, 1, id, credential, NOW],
    'find one': [sql.find(1), realm, id],
    'find many': [sql.find(4), realm, id, 's1', 's2', 's3'],
    findLocked: [sql.findLocked, id, user],
    ...Object.fromEntries(lists),
    isLive: [sql.isLive, id, user, credential, NOW],
    renew: [sql.renew, credential, 1, account, NOW, NOW, NOW, stamp, '{}', null, id, user, credential, NOW],
    end: [sql.end, NOW, '{}', id, user, NOW],
    endIn: [sql.endIn, NOW, '{}', id, user, NOW, account],
    endLiving: [sql.endLiving, NOW, '{}', id, user, NOW],
    used: [sql.used(2), id, 's1'],
    present: [sql.present(2), id, 's1'],
    touch: [sql.touch(2), id, NOW, 's1', NOW, id, 's1'],
    users: [sql.users, '', 50],
    members: [sql.members, account, '', 50],
    idsOf: [sql.idsOf, user, 10],
    dueSessions: [sql.dueSessions, NOW - 9_000, 100],
    dueEpochs: [sql.dueEpochs, NOW - 9_000, 100],
    endless: [sql.endless, '', 's5', 100],
    records: [sql.records(2), realm, account],
    removeSessions: [sql.removeSessions(2), id, 's1'],
    removeEpochs: [sql.removeEpochs(2), realm, user],
    ...Object.fromEntries(pages),
    forgetUser: [sql.forgetUser, user, 10],
    forgetActor: [sql.forgetActor, user, 10],
    dueEntries: [sql.dueEntries, NOW - 9_000, 100],
    removeEntries: [sql.removeEntries(2), 1, 2],
    policy: [sql.policy, account],
    sharedPolicy: [sql.sharedPolicy, account],
    lockPolicy: [sql.lockPolicy, account],
    replacePolicy: [sql.replacePolicy, '{}', account],
    'changes since a position': [sql.changes, 101, ROWS - 5, 102],
    'no change since a position': [sql.changes, 101, ROWS, 102],
    lockNumbers: [sql.lockNumbers],
    unnumbered: [sql.unnumbered, 512],
    number: [sql.number(2), ROWS, 'c1', 'c2', 'x', 'c1', 'c2'],
    removeChanges: [sql.removeChanges, 1_000],
  };
}

/**
 * Fills the tables: ten sessions per user, every hundredth without an end. Each session has one audit entry and one
 * change.
 */
async function fill(pool: Pool, prefix: string): Promise<void> {
  const { sessions, epochs, audit, policies, changes } = tablesOf(prefix);
  // The numbers from 0, in SQL that both MariaDB and MySQL support.
  const digits =
    '(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)';
  const powers = Array.from({ length: `${ROWS - 1}`.length }, (_, at) => 10 ** at);
  const numbers = `(SELECT ${powers.map((power, at) => `t${at}.d * ${power}`).join(' + ')} AS n FROM ${powers.map((_, at) => `${digits} t${at}`).join(', ')}) numbers WHERE n < ${ROWS}`;
  await pool.query(`
    INSERT INTO ${sessions} (id, user_tag, account_tag, credential, serial, created_at, last_used_at, expires_at, idle, user_born,
      member_born, born, renewed)
    SELECT CONCAT('s', n), CONCAT('u', n DIV 10), CONCAT('a', n MOD 500), 'h', 0, ${NOW} + n, ${NOW} + n,
      IF(n MOD 100 = 0, NULL, ${NOW} + n), NULL, '', '', '{"realm":"shop"}', '{}' FROM ${numbers}`);
  await pool.query(`
    INSERT INTO ${epochs} SELECT CONCAT('u', n), '{}', 1, ${NOW} + n FROM ${numbers} AND n < ${ROWS / 10}`);
  await pool.query(`INSERT INTO ${epochs} SELECT CONCAT('a', n), '{}', 1, NULL FROM ${numbers} AND n < 500`);
  await pool.query(`INSERT INTO ${policies} SELECT CONCAT('a', n), '{}' FROM ${numbers} AND n < 500`);
  await pool.query(`
    INSERT INTO ${audit} (realm_tag, user_tag, account_tag, actor_tag, keep_until, id, at, type, realm, details)
    SELECT 'r', CONCAT('u', n DIV 10), CONCAT('a', n MOD 500), CONCAT('u', n DIV 10), ${NOW} + n, CONCAT('e', n),
      ${NOW} + n, IF(n MOD 2 = 0, 'session.started', 'session.ended'), 'shop', '{}' FROM ${numbers}`);
  // The last three changes have no number yet.
  await pool.query(`
    INSERT INTO ${changes} SELECT CONCAT('c', n), CONCAT('u', n DIV 10), NULLIF(n, GREATEST(n, ${ROWS - 3})), 'x', ${NOW} + n
    FROM ${numbers}`);
  for (const table of [sessions, epochs, audit, policies, changes]) await pool.query(`ANALYZE TABLE ${table}`);
}

describe.skipIf(url === null)(`statements, among ${ROWS} sessions`, () => {
  const pool = openPool();
  const prefix = newPrefix();

  beforeAll(async () => {
    await mysqlStore(pool, { prefix }).setup?.();
    await fill(pool, prefix);
  }, TEST_TIMEOUT);

  afterAll(async () => {
    await dropTables(pool, prefix);
    await pool.end();
  }, TEST_TIMEOUT);

  test('every one finds its rows by an index', { timeout: TEST_TIMEOUT }, async () => {
    for (const [name, [sql, ...values]] of Object.entries(everything(prefix))) {
      const [plan] = await pool.query<RowDataPacket[]>(`EXPLAIN ${sql}`, values);
      for (const { table, type, key, rows, Extra } of plan) {
        // A derived table holds the requested page of users and nothing else. Reading it whole is intended.
        if (table === null || `${table}`.startsWith('<')) continue;
        if (type === 'ALL' && `${Extra}`.includes('no matching row')) continue;
        expect
          .soft({ name, table, key, type })
          .toEqual({ name, table, key: expect.any(String), type: expect.not.stringMatching(/^(ALL|index)$/) });
        expect.soft(Number(rows), `rows of ${name}`).toBeLessThan(ROWS * 0.6);
        expect.soft(`${name}: ${Extra}`).not.toMatch(/filesort|temporary/);
      }
    }
  });

  test('none makes a temporary table on the disk, and one that does would be noticed', {
    timeout: TEST_TIMEOUT,
  }, async () => {
    const connection = await pool.getConnection();
    const made = async (): Promise<number> => {
      const [rows] = await connection.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Created_tmp_disk_tables'");
      return Number(rows[0]?.Value);
    };
    const sorting = `SELECT DISTINCT born FROM ${tablesOf(prefix).sessions} WHERE user_tag = 'u7'`;
    const asked = { ...everything(prefix), 'one that sorts': [sorting] as const };
    const onDisk: string[] = [];
    for (const [name, [sql, ...values]] of Object.entries(asked)) {
      await connection.beginTransaction();
      const before = await made();
      await connection.query(sql, values);
      if ((await made()) > before) onDisk.push(name);
      await connection.rollback();
    }
    connection.release();
    expect(onDisk).toEqual(['one that sorts']);
  });

  test('are of both dialects: nothing that only one of them knows', () => {
    const all = [...Object.values(everything('x_')).map(([sql]) => sql), mysqlSchema()].join(';\n');
    const outside = all.replaceAll(/\/\*M!.*?\*\//g, '');
    expect(outside).not.toMatch(/RETURNING|NOWAIT|\bWAIT \d|IF (NOT )?EXISTS|\bOF s\b|\bSEQUENCE\b|PERSISTENT|seq_\d/i);
    // MySQL alone has: row aliases in place of VALUES(), FOR SHARE, values as rows, expressions as defaults and
    // indexes, JSON tables.
    expect(outside).not.toMatch(/FOR SHARE|AS new\b|VALUES ROW|JSON_TABLE|->>|LATERAL|DEFAULT \(|utf8mb4_0900|nopad/i);
    expect(outside).not.toMatch(/BEGIN NOT ATOMIC|EXCEPT|INTERSECT|FETCH FIRST|@@in_transaction|tx_isolation/i);
  });
});
