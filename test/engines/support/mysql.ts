import { randomBytes } from 'node:crypto';
import { createConnection as createMariadbConnection, createPool as createMariadbPool } from 'mariadb';
import { createPool, type Pool } from 'mysql2/promise';
import type { SessionStore } from 'session-revocation';
import { type Mysql2Connection, type MysqlOptions, mysqlStore } from 'session-revocation/mysql';
import type { ContractStore } from 'session-revocation/testing';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { TABLES, tablesOf } from '../../../adapters/engines/mysql/names.ts';
import { findService } from '../../services/index.ts';

/** URL of the server, or `null` if there is none. */
export const url: string | null = await findService('mysql');

/** A pool of `mysql2`. The caller must end it. */
export const openPool = (settings: object = {}): Pool =>
  createPool({ uri: `${url}`, connectionLimit: 10, ...settings });

/** A pool of `mysql2` for one test. */
export function testPool(settings: object = {}): Pool {
  const pool = openPool(settings);
  onTestFinished(() => pool.end());
  return pool;
}

function mariadbTarget() {
  const { hostname, port, username, password, pathname } = new URL(`${url}`);
  const target = { host: hostname, port: Number(port || 3306), user: username, password, database: pathname.slice(1) };
  // The default of 1 s is too short on a busy machine.
  return { ...target, connectTimeout: 120_000 };
}

/** A pool of `mariadb`. The caller must end it. */
export const openMariadbPool = (settings: object = {}): ReturnType<typeof createMariadbPool> =>
  createMariadbPool({ ...mariadbTarget(), connectionLimit: 10, acquireTimeout: 120_000, ...settings });

/** A connection of `mariadb`. The caller must end it. */
export const openMariadbConnection = (settings: object = {}): ReturnType<typeof createMariadbConnection> =>
  createMariadbConnection({ ...mariadbTarget(), ...settings });

/** Returns a new, unique prefix. */
export const newPrefix = (): string => `t${randomBytes(6).toString('hex')}_`;

/** Removes the tables of a prefix. */
export async function dropTables(pool: Pick<Pool, 'query'>, prefix: string): Promise<void> {
  for (const table of TABLES) await pool.query(`DROP TABLE IF EXISTS \`${prefix.replaceAll('`', '``')}${table}\``);
}

/** Creates tables for one test. Returns their store, their prefix and a pool. */
export async function openTables({
  pool: settings,
  ...options
}: MysqlOptions & { readonly pool?: object } = {}): Promise<{
  readonly pool: Pool;
  readonly prefix: string;
  readonly store: SessionStore<Mysql2Connection>;
}> {
  const prefix = options.prefix ?? newPrefix();
  const pool = testPool(settings);
  onTestFinished(() => dropTables(pool, prefix));
  const store = mysqlStore(pool, { ...options, prefix });
  await store.setup?.();
  return { pool, prefix, store };
}

/** Timeout of the cleanup, in ms: dropping a table waits for transactions that still use it. */
const TEST_TIMEOUT = 120_000;

/**
 * Creates stores for the contract, over any client. All of them use the same tables, which are emptied after each case.
 * That is quicker than creating new tables.
 */
export function contractStores(
  open: (
    prefix: string,
  ) => Promise<{ store(): SessionStore; end(): Promise<unknown> }> | { store(): SessionStore; end(): Promise<unknown> },
): { readonly create: () => ContractStore } {
  const prefix = newPrefix();
  const pool = openPool();
  let opened: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    opened = await open(prefix);
  });
  afterAll(async () => {
    await dropTables(pool, prefix);
    await pool.end();
    await opened.end();
  }, TEST_TIMEOUT);

  const { sessions, epochs, audit, outbox, policies, changes } = tablesOf(prefix);
  const dispose = () =>
    Promise.all(
      [sessions, epochs, audit, outbox, policies, changes].map((table) => pool.query(`DELETE FROM ${table}`)),
    );

  const begin = async () => {
    const transaction = await pool.getConnection();
    await transaction.beginTransaction();
    const end = async (how: 'commit' | 'rollback'): Promise<void> => {
      await transaction[how]();
      transaction.release();
    };
    return { transaction, commit: () => end('commit'), rollback: () => end('rollback') };
  };
  return { create: () => ({ store: opened.store(), second: () => opened.store(), begin, dispose }) };
}
