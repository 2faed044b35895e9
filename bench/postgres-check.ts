/**
 * What a strict check costs in Postgres, against a bare named `SELECT` by primary key over the same pool, and against
 * connect-pg-simple. The goals: at most 0.55 with 32 in flight and 1.15 with one; ahead of connect-pg-simple with any number.
 */
import { randomBytes } from 'node:crypto';
import connectPgSimple from 'connect-pg-simple';
import expressSession from 'express-session';
import { Pool } from 'pg';
import { realmTag } from 'session-revocation/adapter';
import { postgresStore } from 'session-revocation/postgres';
import { tablesOf } from '../adapters/engines/postgres/names.ts';
import { statementsOf } from '../adapters/engines/postgres/statements/index.ts';
import { findService, stopServices } from '../test/services/index.ts';
import { compareChecks, USERS } from './support/checks.ts';
import { plainSession } from './support/sign-in.ts';

const url = await findService('postgres');
if (url === null) process.exit(0);
const pool = new Pool({ connectionString: url, max: 10 });
const schema = `bench_${randomBytes(4).toString('hex')}`;
const options = { schema };
const batched = postgresStore(pool, options);
try {
  await batched.setup?.();
  await pool.query(`CREATE TABLE ${schema}.bare (id text PRIMARY KEY, value text NOT NULL)`);
  await pool.query(
    `INSERT INTO ${schema}.bare SELECT 'id-' || nth, repeat('x', 300) FROM generate_series(0, ${USERS - 1}) nth`,
  );
  const Simple = connectPgSimple(expressSession);
  const simple = new Simple({ pool, schemaName: schema, createTableIfMissing: true, pruneSessionInterval: false });
  for (let nth = 0; nth < USERS; nth++) {
    await new Promise((resolve) => simple.set(`${nth}`, plainSession(nth) as expressSession.SessionData, resolve));
  }
  await pool.query('VACUUM ANALYZE');
  const { findOne } = statementsOf(tablesOf(options));
  const text = `SELECT id, value FROM ${schema}.bare WHERE id = $1`;
  await compareChecks(
    {
      batched: batched as never,
      unbatched: postgresStore(pool, { ...options, batch: false }) as never,
      bare: (nth) => pool.query({ name: 'bare', text, values: [`id-${nth % USERS}`] }),
      floor: ({ id }) =>
        pool.query({
          ...{ name: findOne.name, text: findOne.text, rowMode: 'array' },
          values: [realmTag('default'), id],
        }),
      others: {
        'connect-pg-simple get': (nth) =>
          new Promise((resolve, reject) => {
            simple.get(`${nth % USERS}`, (error, found) => (error || !found ? reject(error) : resolve(found)));
          }),
      },
    },
    { 1: 1.15, 32: 0.55 },
  );
} finally {
  await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await pool.end();
  await stopServices();
}
