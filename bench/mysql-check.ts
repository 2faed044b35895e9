/**
 * What a strict check costs in MariaDB, against a bare prepared `SELECT` by primary key over the same pool of mysql2. The
 * goals: at most 0.55 with 32 in flight and 1.15 with one.
 */
import { randomBytes } from 'node:crypto';
import { createPool } from 'mysql2/promise';
import { realmTag } from 'session-revocation/adapter';
import { mysqlStore } from 'session-revocation/mysql';
import { tablesOf } from '../adapters/engines/mysql/names.ts';
import { statementsOf } from '../adapters/engines/mysql/statements/index.ts';
import { findService, stopServices } from '../test/services/index.ts';
import { compareChecks, USERS } from './support/checks.ts';

const url = await findService('mysql');
if (url === null) process.exit(0);
const pool = createPool({ uri: url, connectionLimit: 10 });
const prefix = `bench_${randomBytes(4).toString('hex')}_`;
const batched = mysqlStore(pool, { prefix });
try {
  await batched.setup?.();
  await pool.query(`CREATE TABLE ${prefix}bare (id VARBINARY(40) PRIMARY KEY, value VARBINARY(400) NOT NULL)`);
  const rows = Array.from({ length: USERS }, (_, nth) => [`id-${nth}`, 'x'.repeat(300)]);
  await pool.query(`INSERT INTO ${prefix}bare VALUES ?`, [rows]);
  const find = statementsOf(tablesOf(prefix)).find(1);
  await compareChecks(
    {
      batched: batched as never,
      unbatched: mysqlStore(pool, { prefix, batch: false }) as never,
      floor: ({ id }) => pool.execute(find, [realmTag('default'), id]),
      bare: (nth) => pool.execute(`SELECT id, value FROM ${prefix}bare WHERE id = ?`, [`id-${nth % USERS}`]),
    },
    { 1: 1.15, 32: 0.55 },
  );
} finally {
  const [tables] = await pool.query(
    `SELECT table_name name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE ?`,
    [`${prefix}%`],
  );
  for (const { name } of tables as { name: string }[]) await pool.query(`DROP TABLE \`${name}\``);
  await pool.end();
  await stopServices();
}
