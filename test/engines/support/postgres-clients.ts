import { randomBytes } from 'node:crypto';
import pg from 'pg';
import postgres from 'postgres';
import type { SessionStore } from 'session-revocation';
import {
  fromDrizzle,
  fromKysely,
  fromPglite,
  fromPostgresJs,
  fromTypeOrm,
  type PostgresOptions,
  postgresStore,
} from 'session-revocation/postgres';
import type { OpenTransaction } from '../../../src/testing/harness/contract-store.ts';
import { findService } from '../../services/index.ts';

export const url: string | null = await findService('postgres');

/** Returns a new, unique name. */
export const newName = (): string => `srev_${randomBytes(6).toString('hex')}`;

/** A pool of pg. It ignores errors of idle connections, for example when a server stops. */
export function openPool(settings: pg.PoolConfig): pg.Pool {
  const made = new pg.Pool(settings);
  made.on('error', () => {});
  return made;
}

/** A connection of pg. It ignores error events: a query over a lost connection fails by itself. */
export async function openClient(at: string): Promise<pg.Client> {
  const made = new pg.Client({ connectionString: at });
  made.on('error', () => {});
  await made.connect();
  return made;
}

/**
 * A client of one package, and the operations that tests need beside the store. Most files need one client, so each
 * package is loaded only when it is used.
 */
export interface Connected {
  store(options: PostgresOptions): SessionStore;
  begin(level?: string): Promise<OpenTransaction>;
  /** Runs statements without parameters. */
  exec(sql: string): Promise<unknown>;
  close(): Promise<unknown>;
}

export type Connect = (url: string) => Promise<Connected>;

/**
 * Begins a transaction with a client that only offers one to a callback. The callback lasts until commit or rollback.
 */
function held(begin: (body: (transaction: unknown) => Promise<void>) => Promise<unknown>): Promise<OpenTransaction> {
  return new Promise((resolve, reject) => {
    const undo = new Error('undo');
    let ended: Promise<unknown>;
    const body = (transaction: unknown): Promise<void> =>
      new Promise((commit, rollBack) => {
        resolve({
          transaction,
          commit() {
            commit();
            return ended;
          },
          rollback() {
            rollBack(undo);
            return ended.catch(() => {});
          },
        });
      });
    ended = begin(body);
    ended.catch(reject);
  });
}

const BEGIN = 'read committed';

export const pool: Connect = async (at) => {
  // No test examines data after a crash. Waiting for the disk at each write would take half of the tests' time.
  const client = openPool({ connectionString: at, max: 5, options: '-c synchronous_commit=off' });
  return {
    store: (options) => postgresStore(client, options),
    async begin(level = BEGIN) {
      const transaction = await client.connect();
      await transaction.query(`BEGIN ISOLATION LEVEL ${level}`);
      const end = async (how: string) => {
        await transaction.query(how);
        transaction.release();
      };
      return { transaction, commit: () => end('COMMIT'), rollback: () => end('ROLLBACK') };
    },
    exec: (sql) => client.query(sql),
    close: () => client.end(),
  };
};

const client: Connect = async (at) => {
  const [one, other] = await Promise.all([openClient(at), openClient(at)]);
  return {
    store: (options) => postgresStore(one, options),
    async begin(level = BEGIN) {
      await other.query(`BEGIN ISOLATION LEVEL ${level}`);
      return { transaction: other, commit: () => other.query('COMMIT'), rollback: () => other.query('ROLLBACK') };
    },
    exec: (sql) => one.query(sql),
    close: () => Promise.all([one.end(), other.end()]),
  };
};

const postgresJs: Connect = async (at) => {
  const sql = postgres(at, { max: 5, onnotice: () => {} });
  return {
    store: (options) => postgresStore(fromPostgresJs(sql), options),
    begin: (level = BEGIN) => held((body) => sql.begin(`isolation level ${level}`, body)),
    exec: (text) => sql.unsafe(text),
    close: () => sql.end(),
  };
};

const kysely: Connect = async (at) => {
  const { Kysely, PostgresDialect } = await import('kysely');
  const db = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: openPool({ connectionString: at, max: 5 }) }),
  });
  return {
    store: (options) => postgresStore(fromKysely(db), options),
    begin: () => held((body) => db.transaction().setIsolationLevel('read committed').execute(body)),
    exec: (text) => pgExec(at, text),
    close: () => db.destroy(),
  };
};

const drizzled: Connect = async (at) => {
  const [{ sql: drizzleSql }, { drizzle }] = await Promise.all([
    import('drizzle-orm'),
    import('drizzle-orm/node-postgres'),
  ]);
  const of = openPool({ connectionString: at, max: 5 });
  const db = drizzle(of);
  return {
    store: (options) => postgresStore(fromDrizzle(db, drizzleSql), options),
    begin: () => held((body) => db.transaction(body)),
    exec: (text) => of.query(text),
    close: () => of.end(),
  };
};

const typeOrm: Connect = async (at) => {
  const { DataSource } = await import('typeorm');
  const source = await new DataSource({ type: 'postgres', url: at, poolSize: 5 }).initialize();
  return {
    store: (options) => postgresStore(fromTypeOrm(source), options),
    begin: () => held((body) => source.transaction(body)),
    exec: (text) => source.query(text),
    close: () => source.destroy(),
  };
};

/** Runs in this process, without a server. */
export const pglite: Connect = async () => {
  const { PGlite } = await import('@electric-sql/pglite');
  const db = await PGlite.create();
  return {
    store: (options) => postgresStore(fromPglite(db), options),
    begin: () => held((body) => db.transaction(body)),
    exec: (text) => db.exec(text),
    close: () => db.close(),
  };
};

async function pgExec(at: string, text: string): Promise<void> {
  const one = await openClient(at);
  await one.query(text);
  await one.end();
}

/** All clients that need a server, by name. */
export const clients: Readonly<Record<string, Connect>> = {
  'pg Pool': pool,
  'pg Client': client,
  'postgres.js': postgresJs,
  Kysely: kysely,
  Drizzle: drizzled,
  TypeORM: typeOrm,
};
