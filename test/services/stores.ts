import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Cluster, Redis } from 'ioredis';
import { createConnection, createPool } from 'mysql2/promise';
import { Client, Pool } from 'pg';
import type { SessionStore } from 'session-revocation';
import { mysqlStore } from 'session-revocation/mysql';
import { postgresStore } from 'session-revocation/postgres';
import { type RedisAddress, type RedisOptions, redisStore } from 'session-revocation/redis';
import { sqliteStore } from 'session-revocation/sqlite';
import { findService } from './index.ts';

/** The engines that several processes can share. */
export type EngineName = 'sqlite' | 'postgres' | 'mysql' | 'redis' | 'redis-cluster';

export const engineNames: readonly EngineName[] = ['sqlite', 'postgres', 'mysql', 'redis', 'redis-cluster'];

/** The location of a test's store, separate from all other stores. It can be passed to another process. */
export interface Place {
  readonly engine: EngineName;
  /** URL of the server. For SQLite, the file. */
  readonly url: string;
  /** The name of a schema or database, or the prefix of keys without its colon. */
  readonly space: string;
}

/** A store, and its client. */
export interface Opened {
  readonly store: SessionStore;
  /** Ends the client. Call it after the store is closed. */
  end(): Promise<void>;
}

/** Options of {@link openStore}. */
export interface OpenOptions {
  /** The maximum number of connections in a pool. Default: the client's own. */
  readonly connections?: number;
  /** How long a Redis server may be silent before its client gives the connection up, in ms. Default 2,000. */
  readonly silence?: number;
  /** How many Redis replicas must confirm a write that takes access away. By default, the store waits for none. */
  readonly replicas?: number;
}

/**
 * Creates an empty place for a test on a server that is found, and sets it up. Returns `null` if there is no server.
 */
export async function findPlace(engine: EngineName): Promise<Place | null> {
  if (engine === 'sqlite') return newPlace(engine, join(mkdtempSync(join(tmpdir(), 'session-test-')), 'sessions.db'));
  const url = await findService(engine);
  return url === null ? null : newPlace(engine, url);
}

/** Creates an empty place on this server, and sets it up. */
export async function newPlace(engine: EngineName, server: string): Promise<Place> {
  const space = `sr_test_${randomBytes(6).toString('hex')}`;
  let url = server;
  if (engine === 'mysql') {
    await queryMysql(server, `CREATE DATABASE ${space}`);
    url = databaseUrl(server, space);
  }
  const place: Place = { engine, url, space };
  const { store, end } = openStore(place);
  await store.setup?.();
  await store.close?.();
  await end();
  return place;
}

/**
 * How long a Redis server may be silent before its client gives the connection up, in ms. By default, clients wait for
 * ever.
 */
const SOCKET_TIMEOUT = 2_000;

/** Returns the same place, reached through another port of this machine. */
export function through(place: Place, port: number): Place {
  const url = new URL(place.url);
  url.host = `127.0.0.1:${port}`;
  return { ...place, url: url.href };
}

/**
 * The options that the docs recommend for ioredis and iovalkey on one server. When a connection ends, its commands fail
 * at once.
 */
export const ioRedisOptions = (silence = SOCKET_TIMEOUT) => ({ socketTimeout: silence, maxRetriesPerRequest: 0 });

/** The options that the docs recommend for node-redis. */
export const nodeRedisOptions = (silence = SOCKET_TIMEOUT) => ({
  socket: { socketTimeout: silence },
  pingInterval: 1_000,
});

const openers: Readonly<Record<EngineName, (place: Place, options: OpenOptions) => Opened>> = {
  sqlite({ url }) {
    // The timeout is long: many processes write at once, and SQLite serves them in no order.
    return { store: sqliteStore(url, { timeout: '1m' }), end: async () => {} };
  },
  postgres({ url, space }, { connections }) {
    const pool = new Pool({ connectionString: url, ...(connections === undefined ? {} : { max: connections }) });
    // Without a listener, the loss of an idle connection would end the process.
    pool.on('error', () => {});
    return { store: withoutTransactions(postgresStore(pool, { schema: space })), end: () => pool.end() };
  },
  mysql({ url }, { connections }) {
    const pool = createPool({ uri: url, ...(connections === undefined ? {} : { connectionLimit: connections }) });
    return { store: withoutTransactions(mysqlStore(pool)), end: () => pool.end() };
  },
  redis({ url, space }, options) {
    const client = new Redis(url, ioRedisOptions(options.silence));
    client.on('error', () => {});
    const { hostname, port } = new URL(url);
    const changes = { connect: () => connect(Number(port), hostname) };
    return {
      store: redisStore(client, { ...redisOptions(space, options), changes }),
      end: async () => client.disconnect(),
    };
  },
  'redis-cluster'({ url, space }, options) {
    const socketTimeout = options.silence ?? SOCKET_TIMEOUT;
    const client = new Cluster(url.split(','), { redisOptions: { connectTimeout: socketTimeout, socketTimeout } });
    client.on('error', () => {});
    const changes = { connect: ({ host, port }: RedisAddress) => connect(port, host) };
    return {
      store: redisStore(client, { ...redisOptions(space, options), changes }),
      end: async () => client.disconnect(),
    };
  },
};

const redisOptions = (space: string, { replicas }: OpenOptions): RedisOptions => ({
  prefix: `${space}:`,
  ...(replicas === undefined ? {} : { replicas: { atLeast: replicas, timeout: 300 } }),
});

/** Opens a store in a place, with its own client. The client and its options are typical. */
export const openStore = (place: Place, options: OpenOptions = {}): Opened => openers[place.engine](place, options);

/** Drops the transaction type, so that all engines have the same store type. No caller passes a transaction. */
const withoutTransactions = <Transaction>(store: SessionStore<Transaction>): SessionStore =>
  store as unknown as SessionStore;

/** Removes all data of a place. */
export async function clearPlace({ engine, url, space }: Place): Promise<void> {
  switch (engine) {
    case 'sqlite':
      rmSync(dirname(url), { recursive: true, force: true });
      return;
    case 'postgres':
      return queryPostgres(url, `DROP SCHEMA IF EXISTS ${space} CASCADE`);
    case 'mysql':
      return queryMysql(url, `DROP DATABASE IF EXISTS ${space}`);
    default:
      for (const node of url.split(',')) await deleteKeys(node, `${space}:*`);
  }
}

/** Runs one statement. */
export async function queryPostgres(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** Runs one statement. */
export async function queryMysql(url: string, text: string): Promise<void> {
  const connection = await createConnection(url);
  connection.on('error', () => {});
  try {
    await connection.query(text);
  } finally {
    await connection.end();
  }
}

function databaseUrl(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = database;
  return changed.href;
}

/** Searches all keys of a test server. The store itself never does that. */
async function deleteKeys(url: string, pattern: string): Promise<void> {
  const client = new Redis(url);
  client.on('error', () => {});
  try {
    if (!(await client.info('replication')).includes('role:master')) return;
    for await (const keys of client.scanStream({ match: pattern, count: 1_000 })) {
      // One command per key: on a cluster, the keys are in different slots.
      await Promise.all((keys as readonly string[]).map((key) => client.unlink(key)));
    }
  } finally {
    client.disconnect();
  }
}
