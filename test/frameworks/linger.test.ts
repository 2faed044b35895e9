import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { readNodeBody } from '../../adapters/frameworks/http/node-exchange.ts';

/** More bytes than the buffer of a request holds. */
const SENT = 100_000;

afterEach(() => void vi.useRealTimers());

/** A client that has read the whole answer to a body which is too large. It has not sent the rest of the body. */
async function refused(rest: number): Promise<{ client: Socket; request: IncomingMessage; answer: string }> {
  // Fakes only the time limit of the connection: Node's own timers do not use the global functions.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const server = createServer(async (request, response) => {
    // Waits until the buffer is full, as if the app had called its store before.
    while (request.readableLength < request.readableHighWaterMark) await new Promise(setImmediate);
    await readNodeBody(request).catch(() => {});
    response.writeHead(413, { connection: 'close' }).end('too large');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  client.on('error', () => {});
  let answer = '';
  client.setEncoding('latin1').on('data', (chunk) => {
    answer += chunk;
  });
  client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${SENT + rest}\r\n\r\n${'x'.repeat(SENT)}`);
  const [request] = (await once(server, 'request')) as [IncomingMessage];
  await Promise.race([once(client, 'end'), once(client, 'close')]);
  return { client, request, answer };
}

describe('the connection of a request whose body is too large', () => {
  test('is closed for writing first, and still takes the rest of the body', async () => {
    const { client, request, answer } = await refused(SENT);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(request.socket.destroyed).toBe(false);
    const ended = once(request, 'end');
    client.write('x'.repeat(SENT));
    await ended;
    await once(request.socket, 'close');
  });

  test('is destroyed after 2 seconds, although more of the body may come', async () => {
    const { request } = await refused(SENT);
    const closed = once(request.socket, 'close');
    vi.advanceTimersByTime(1_999);
    expect(request.socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(request.socket.destroyed).toBe(true);
    await closed;
  });

  test('is destroyed after another 256 KiB of the body', async () => {
    const { client, request } = await refused(1_000_000);
    const closed = once(request.socket, 'close');
    client.write('x'.repeat(300_000));
    await closed;
  });
});
