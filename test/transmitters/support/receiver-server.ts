import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request as it came over the network. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Answer = (response: ServerResponse, received: Received) => unknown;

/** A server on the loopback address that notes each request, and answers as the test says. */
export class ReceiverServer {
  readonly received: Received[] = [];
  /** Answers requests. Default: 200. */
  answer: Answer = (response) => response.end();
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  static async start(answer?: Answer): Promise<ReceiverServer> {
    const server = createServer();
    const url = await listening(server);
    const receiver = new ReceiverServer(`${url}/hook`);
    if (answer !== undefined) receiver.answer = answer;
    server.on('request', async (request, response) => {
      const received = await read(request);
      receiver.received.push(received);
      await receiver.answer(response, received);
    });
    return receiver;
  }

  /** The status codes of the next answers; the last one stays. */
  answerWith(...statuses: readonly number[]): void {
    const left = [...statuses];
    this.answer = (response) => response.writeHead(left.length > 1 ? left.shift()! : left[0]!).end();
  }
}

/** Starts a server on a free port, and stops it after the test. Returns its URL. */
export async function listening(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function read(request: IncomingMessage): Promise<Received> {
  let body = '';
  for await (const part of request.setEncoding('utf8')) body += part;
  const { method = '', url: path = '', headers } = request;
  return { method, path, headers, body };
}
