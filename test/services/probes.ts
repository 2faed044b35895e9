import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';

/**
 * How long a server has to answer before it counts as none, in ms. Where nothing listens that is known at once, so that it
 * costs nothing to wait for one that stands still.
 */
const WAIT_TIMEOUT = 15_000;

/** How long such a question may take altogether, in ms. */
const MAX_PROBE = 30_000;

/** Asks one real question; rejects where the server does not answer it. */
export type Probe = (url: string) => Promise<void>;

export const probePostgres: Probe = async (url) => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: WAIT_TIMEOUT });
  // A server that ends while it is asked says so twice: in the answer, and here.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end();
  }
};

export const probeMysql: Probe = async (url) => {
  const connection = await createConnection({ uri: url, connectTimeout: WAIT_TIMEOUT });
  connection.on('error', () => {});
  try {
    await connection.query('SELECT 1');
  } finally {
    connection.destroy();
  }
};

/** Without any retry: the answer now. */
export async function withRedis<T>(url: string, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: WAIT_TIMEOUT,
    commandTimeout: WAIT_TIMEOUT,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  // A refused connection says so twice: in the answer, and here.
  client.on('error', () => {});
  // A client that finds a server loading, or a replica without its primary, asks again until that is over.
  const timer = setTimeout(() => client.disconnect(), MAX_PROBE);
  try {
    await client.connect();
    return await ask(client);
  } finally {
    clearTimeout(timer);
    client.disconnect();
  }
}

export const probeRedis: Probe = async (url) => {
  await withRedis(url, (client) => client.ping());
};

export const probeNats: Probe = async (url) => {
  const connection = await connect({ servers: url, timeout: WAIT_TIMEOUT, reconnect: false });
  try {
    await connection.flush();
  } finally {
    await connection.close();
  }
};
