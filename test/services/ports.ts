import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * The ports are below the range of outgoing connections, so that no connection takes a port before its server does. The
 * bus port of a cluster node is 10,000 higher, and must be below that range, too.
 */
const LOWEST = 11_000;
const HIGHEST = 21_999;
const BUS = 10_000;

/**
 * Each process searches its own share of the ports, and tries the ports in turn. A server takes its port only some time
 * after the search, and frees it when it is killed. No other process may take the port then. Vitest numbers the
 * processes that run at the same time.
 */
const SHARES = 20;
const SHARE = Math.floor((HIGHEST - LOWEST + 1) / SHARES);
const share = Number(process.env.VITEST_POOL_ID ?? 0) % SHARES;
let next = Math.floor(Math.random() * SHARE);

/** Returns a free port of the loopback interface. Its bus port is free, too. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < SHARE; attempt++) {
    const port = LOWEST + share * SHARE + (next++ % SHARE);
    if ((await isFree(port)) && (await isFree(port + BUS))) return port;
  }
  throw new Error(`no free port was found between ${LOWEST} and ${HIGHEST}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
