import { Redis } from 'ioredis';
import Libsql from 'libsql';
import mysqlCallbacks from 'mysql2';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { createClient } from 'redis';
import { createSessions } from 'session-revocation';
import { batched } from 'session-revocation/adapter';
import { memoryStore } from 'session-revocation/memory';
import { mysqlStore } from 'session-revocation/mysql';
import { postgresStore } from 'session-revocation/postgres';
import { redisStore } from 'session-revocation/redis';
import { sqliteStore } from 'session-revocation/sqlite';
import { type Mistake, mistake, untyped } from './mistake.ts';

const create = untyped(createSessions);
const postgres = untyped(postgresStore);
const mysqlOf = untyped(mysqlStore);
const redis = untyped(redisStore);
const sqlite = untyped(sqliteStore);

// No client connects before its first query.
const URL = 'postgres://app:hunter2@db.invalid/shop';
const pgPool = new pg.Pool({ connectionString: URL });
const mysqlPool = mysql.createPool({ uri: 'mysql://app:hunter2@db.invalid/shop' });
const callbackPool = mysqlCallbacks.createPool({ uri: 'mysql://app:hunter2@db.invalid/shop' });
const ioredis = new Redis('redis://app:hunter2@db.invalid', { lazyConnect: true });
const nodeRedis = createClient({ url: 'redis://app:hunter2@db.invalid' });

/** The mistake of passing a client of a database as the store. */
const asStore = (name: string, client: unknown, factory: string): Mistake =>
  mistake(
    `passes ${name} as the store`,
    () => create({ store: client }),
    'createSessions({ store })',
    ['the client of a database', `store: ${factory}`],
    ['hunter2'],
  );

/** A pool of a database without the tables. `setup` was never called. */
function unprepared(): pg.Pool {
  const missing = Object.assign(new Error('relation "sessions_meta" does not exist'), { code: '42P01' });
  return {
    ...pgPool,
    query: () => Promise.reject(missing),
    connect: () => Promise.reject(missing),
    options: {},
  } as never;
}

export const stores: readonly Mistake[] = [
  asStore("pg's Pool", pgPool, 'postgresStore(pool)'),
  asStore("pg's Client", new pg.Client(URL), 'postgresStore(client)'),
  asStore("mysql2's pool", mysqlPool, 'mysqlStore(pool)'),
  asStore("mysql2's pool of callbacks", callbackPool, 'mysqlStore(pool)'),
  asStore("ioredis's client", ioredis, 'redisStore(client)'),
  asStore("node-redis's client", nodeRedis, 'redisStore(client)'),
  asStore('a connection of libsql', new Libsql(':memory:'), 'sqliteStore('),
  mistake('makes a store of Postgres of nothing', () => postgres(), 'postgresStore(client, options)', [
    'undefined',
    "pg's Pool",
  ]),
  mistake(
    'makes a store of Postgres of a URL',
    () => postgres(URL),
    'postgresStore(client, options)',
    ['not string', 'new pg.Pool({ connectionString'],
    ['hunter2'],
  ),
  mistake(
    'makes a store of Postgres of settings',
    () => postgres({ host: 'db', password: 'hunter2' }),
    'postgresStore(client, options)',
    ["pg's Pool"],
    ['hunter2'],
  ),
  mistake(
    'makes a store of Postgres of a pool of mysql2',
    () => postgres(mysqlPool),
    'postgresStore(client, options)',
    ['mysqlStore'],
    ['hunter2'],
  ),
  mistake(
    'misspells an option of postgresStore',
    () => postgres(pgPool, { prefx: 'x' }),
    'postgresStore(client, options)',
    ['"prefx"', 'did you mean prefix?'],
  ),
  mistake(
    'makes a store of MySQL of a URL',
    () => mysqlOf('mysql://app:hunter2@db/shop'),
    'mysqlStore(client, options)',
    ['createPool('],
    ['hunter2'],
  ),
  mistake(
    'makes a store of MySQL of a pool of pg',
    () => mysqlOf(pgPool),
    'mysqlStore(client, options)',
    ['postgresStore'],
    ['hunter2'],
  ),
  mistake(
    'misspells an option of mysqlStore',
    () => mysqlOf(mysqlPool, { Prefix: 'x' }),
    'mysqlStore(client, options)',
    ['"Prefix"', 'did you mean prefix?'],
  ),
  mistake(
    'makes a store of Redis of a URL',
    () => redis('redis://app:hunter2@db'),
    'redisStore(client, options)',
    ['not string', 'new Redis('],
    ['hunter2'],
  ),
  mistake('makes a store of Redis of nothing', () => redis(), 'redisStore(client, options)', ['undefined']),
  mistake('misspells an option of redisStore', () => redis(ioredis, { prefixes: 'x' }), 'redisStore(client, options)', [
    '"prefixes"',
    'did you mean prefix?',
  ]),
  mistake('makes a store of SQLite of nothing', () => sqlite(), 'sqliteStore(file, options)', [
    'undefined',
    "':memory:'",
  ]),
  mistake(
    'makes a store of SQLite of settings',
    () => sqlite({ filename: 'sessions.db' }),
    'sqliteStore(file, options)',
    ['name of a file'],
  ),
  mistake(
    'misspells an option of sqliteStore',
    () => sqlite(':memory:', { busyTimeout: 1 }),
    'sqliteStore(file, options)',
    ['"busyTimeout"', 'did you mean timeout?'],
  ),
  mistake(
    'batches a pool',
    () => untyped(batched)(pgPool),
    'batched(store, options)',
    ['postgresStore(pool)'],
    ['hunter2'],
  ),
  mistake('batches a store that was not made', () => untyped(batched)(memoryStore), 'batched(store, options)', [
    'store is a function',
    'call it',
  ]),
  mistake(
    'forgets to set the store up',
    () => createSessions({ store: postgresStore(unprepared()) }).fence({ user: 'ann' }),
    'sessions.fence({ user })',
    ['await sessions.setup()'],
  ),
];

export const closeClients = async (): Promise<void> => {
  await pgPool.end();
  await mysqlPool.end();
  callbackPool.end();
  ioredis.disconnect();
};
