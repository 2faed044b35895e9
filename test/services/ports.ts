import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range from which outgoing connections take theirs, so that none of them takes the port before its server
 * does; and so that the port of a cluster's bus, 10,000 higher, is below it too.
 */
const LOWEST = 11_000;
const HIGHEST = 21_999;
const BUS = 10_000;
const ATTEMPTS = 200;

/** A port of the loopback interface that is free, and whose bus port is, too. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
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
