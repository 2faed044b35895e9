import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Receiver } from './receiver.ts';

/**
 * Mounts a receiver in Express, or in a server of `node:http`. Mount it before parsers of bodies.
 * @param receiver the receiver.
 * @returns a listener. It hands an error to `next`. Without a `next`, it answers 500.
 */
export function nodeListener(
  receiver: Receiver,
): (request: IncomingMessage, response: ServerResponse, next?: (error: unknown) => void) => Promise<void> {
  return async function receive(request, response, next) {
    try {
      const { status, headers, body } = await receiver(requestOf(request));
      // A middleware may have answered, because it took too long.
      if (response.headersSent) return;
      // The unread rest of a body would stand before the next request.
      const closes = request.complete ? {} : { connection: 'close' };
      response.writeHead(status, { ...Object.fromEntries(headers), ...closes });
      response.end(body === null ? undefined : Buffer.from(await new Response(body).arrayBuffer()));
    } catch (error) {
      if (next !== undefined) return next(error);
      if (!response.headersSent) response.writeHead(500).end();
    }
  };
}

function requestOf(request: IncomingMessage): Request {
  if (request.readableEnded)
    throw new TypeError('the body was read already: mount the receiver before parsers of bodies');
  const headers = new Headers();
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(at, at + 2);
    // HTTP/2 lists `:method` and its like among the headers.
    if (!name.startsWith(':')) headers.append(name, value);
  }
  // A `Request` cannot have the method TRACE.
  const method = request.method === 'TRACE' ? 'OPTIONS' : (request.method ?? 'GET');
  const hasBody = method !== 'GET' && method !== 'HEAD';
  // Receivers do not read the URL: the client chooses the host in it.
  return new Request('http://localhost/', {
    ...{ method, headers },
    ...(hasBody && { body: Readable.toWeb(request) as ReadableStream<Uint8Array>, duplex: 'half' }),
  });
}
