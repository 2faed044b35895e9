import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';

/**
 * Time limit for a server's answer, in ms. A long limit costs little: if no server listens, the connection fails at
 * once.
 */
const WAIT_TIMEOUT = 15_000;

/** Time limit of {@link withRedis} as a whole, in ms. */
const MAX_PROBE = 30_000;

/** Sends one real query. Rejects if the server does not answer it. */
export type Probe = (url: string) => Promise<void>;

export const probePostgres: Probe = async (url) => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: WAIT_TIMEOUT });
  // A server that stops during the query reports it twice: by the rejection, and by an error event.
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

/** Runs `ask` over a new connection, without retries. */
export async function withRedis<T>(url: string, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: WAIT_TIMEOUT,
    commandTimeout: WAIT_TIMEOUT,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  // A refused connection is reported twice: by the rejection, and by an error event.
  client.on('error', () => {});
  // The client retries while a server is loading, or a replica has no primary. This limits the retries.
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
