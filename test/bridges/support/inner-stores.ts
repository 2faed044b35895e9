import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pgStoreOf from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import session, { MemoryStore, type Store } from 'express-session';
import pg from 'pg';
import { createClient } from 'redis';
import fileStoreOf from 'session-file-store';
import { includes } from '../../ci-only.ts';
import { newName } from '../../engines/support/postgres-clients.ts';
import { newPrefix, removeKeys } from '../../engines/support/redis-clients.ts';
import { findService } from '../../services/index.ts';

/** A real store of the inner layer. `close` also removes everything that the store wrote. */
export interface Inner {
  readonly store: Store;
  close(): Promise<void>;
}

/** A kind of inner store. `open` is `null` if its server is missing. */
export interface InnerKind {
  readonly name: string;
  readonly open: (() => Promise<Inner>) | null;
}

const redisUrl = await findService('redis');
const postgresUrl = await findService('postgres');

export const memory = async (): Promise<Inner> => ({ store: new MemoryStore(), close: async () => {} });

async function files(): Promise<Inner> {
  const path = await mkdtemp(join(tmpdir(), 'inner-store-'));
  const FileStore = fileStoreOf(session);
  return {
    store: new FileStore({ path, retries: 0, reapInterval: -1, logFn: () => {} }),
    close: () => rm(path, { recursive: true, maxRetries: 3 }),
  };
}

/** Opens a connect-redis store under a prefix that other processes may share. */
export async function redis(url: string, prefix: string): Promise<Inner> {
  const client = createClient({ url });
  await client.connect();
  return {
    store: new RedisStore({ client, prefix }),
    async close() {
      client.destroy();
      await removeKeys(url, prefix);
    },
  };
}

async function postgres(url: string): Promise<Inner> {
  const pool = new pg.Pool({ connectionString: url, max: 5 });
  const schemaName = newName();
  await pool.query(`CREATE SCHEMA ${schemaName}`);
  const PgStore = pgStoreOf(session);
  return {
    store: new PgStore({ pool, schemaName, createTableIfMissing: true, pruneSessionInterval: false }),
    async close() {
      await pool.query(`DROP SCHEMA ${schemaName} CASCADE`);
      await pool.end();
    },
  };
}

/** The inner stores that apps use. */
export const innerKinds: readonly InnerKind[] = [
  { name: 'MemoryStore', open: memory },
  { name: 'connect-redis', open: redisUrl === null ? null : () => redis(redisUrl, newPrefix()) },
  ...(includes('bridges: every inner store of express-session')
    ? [
        { name: 'session-file-store', open: files },
        { name: 'connect-pg-simple', open: postgresUrl === null ? null : () => postgres(postgresUrl) },
      ]
    : []),
];
