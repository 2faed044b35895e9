import { once } from 'node:events';
import { connect } from 'node:net';
import { withTimeout } from '../../../src/adapter.ts';
import { Refusal } from '../errors.ts';
import type { StoreUrl } from './store-url.ts';

/** In ms. */
const MAX_WAIT = 3_000;

/** A request for TLS. Postgres answers it with one letter, before any login. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const PING = Buffer.from('PING\r\n');

const SERVERS = {
  postgres: { kind: 'PostgreSQL', port: 5432, scheme: 'postgres:' },
  mysql: { kind: 'MySQL or MariaDB', port: 3306, scheme: 'mysql:' },
  redis: { kind: 'Redis', port: 6379, scheme: 'redis:' },
} as const;

type Engine = keyof typeof SERVERS;

/**
 * Detects a server of another kind at the store's address, such as MySQL at a Postgres URL. Most drivers only wait for an
 * answer there. Returns `null` if it detects none. Sends no login.
 *
 * @param timeout in ms; at most three seconds.
 */
export async function wrongServer(store: StoreUrl, timeout: number): Promise<Refusal | null> {
  if (store.engine === 'sqlite' || store.engine === 'redis-cluster') return null;
  const { kind, port: usual } = SERVERS[store.engine];
  const { hostname, port } = store.url;
  if (hostname === '') return null;
  const host = decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1');
  const address = { host, port: port === '' ? usual : Number(port), wait: Math.min(timeout, MAX_WAIT) };
  const found = await engineAt(address);
  if (found === null || found === store.engine) return null;
  const { kind: other, scheme } = SERVERS[found];
  return new Refusal(
    `--store is a URL of ${kind}, but ${other} answers at ${host}:${address.port}: ` +
      `begin it with ${scheme}//, or give the port of ${kind}`,
  );
}

interface Address {
  readonly host: string;
  readonly port: number;
  /** In ms. */
  readonly wait: number;
}

async function engineAt(address: Address): Promise<Engine | null> {
  // MySQL sends first: three bytes for the length, one for the number, then the protocol version (or 0xff for a refusal).
  const greeting = await answerOf(address, null);
  if (greeting?.[3] === 0 && (greeting[4] === 10 || greeting[4] === 255)) return 'mysql';
  const [letter, pong] = await Promise.all([answerOf(address, SSL_REQUEST), answerOf(address, PING)]);
  if (letter?.length === 1 && /^[SN]$/.test(letter.toString('latin1'))) return 'postgres';
  return pong !== null && /^(\+PONG|-[A-Z]+ )/.test(pong.toString('latin1')) ? 'redis' : null;
}

/** Returns the first bytes over a new connection, or `null` if none arrive in time. */
async function answerOf({ host, port, wait }: Address, question: Buffer | null): Promise<Buffer | null> {
  const socket = connect({ host, port });
  try {
    if (question !== null) socket.write(question);
    const closed = once(socket, 'close').then(() => [null]);
    const [answer] = (await withTimeout(Promise.race([once(socket, 'data'), closed]), wait)) as [Buffer | null];
    return answer;
  } catch {
    return null;
  } finally {
    socket.on('error', () => {});
    socket.destroy();
  }
}
