import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range from which outgoing connections take theirs, so that none of them takes the port before its server
 * does; and so that the port of a cluster's bus, 10,000 higher, is below it too.
 */
const LOWEST = 11_000;
const HIGHEST = 21_999;
const BUS = 10_000;

/**
 * A process looks in a share of its own, and nowhere twice: a server takes its port only after a while, and lets go of it
 * when it is killed, and nobody else may come in between. Vitest numbers those of its processes that run at the same time.
 */
const SHARES = 20;
const SHARE = Math.floor((HIGHEST - LOWEST + 1) / SHARES);
const share = Number(process.env.VITEST_POOL_ID ?? 0) % SHARES;
let next = Math.floor(Math.random() * SHARE);

/** A port of the loopback interface that is free, and whose bus port is, too. */
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
