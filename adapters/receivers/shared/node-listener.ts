import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Receiver } from './receiver.ts';

/**
 * Mounts a receiver, or an endpoint of `session-revocation/transmitters`, in Express, or in a server of `node:http`. Mount it
 * before parsers of bodies. The signal of the `Request` fires when the client has gone.
 * @param receiver the receiver.
 * @returns a listener. It hands an error to `next`. Without a `next`, it answers 500.
 */
export function nodeListener(
  receiver: Receiver,
): (request: IncomingMessage, response: ServerResponse, next?: (error: unknown) => void) => Promise<void> {
  return async function receive(request, response, next) {
    try {
      const { status, headers, body } = await receiver(requestOf(request, goneOf(response)));
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

function goneOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}

function requestOf(request: IncomingMessage, signal: AbortSignal): Request {
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
  // Of the URL, only the query is kept: the client chooses the host in it.
  const [query = ''] = /\?.*$/.exec(request.url ?? '') ?? [];
  return new Request(`http://localhost/${query}`, {
    ...{ method, headers, signal },
    ...(hasBody && { body: Readable.toWeb(request) as ReadableStream<Uint8Array>, duplex: 'half' }),
  });
}
