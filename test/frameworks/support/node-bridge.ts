import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/** Serves a function from `Request` to `Response` on `node:http`. */
export function bridge(fetch: (request: Request, ip: string | undefined) => Promise<Response>): RequestListener {
  return async (incoming, outgoing) => {
    await send(await fetch(requestOf(incoming), incoming.socket.remoteAddress), outgoing);
  };
}

function requestOf(incoming: IncomingMessage): Request {
  const { method = 'GET', url = '/', rawHeaders } = incoming;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
  // Node has dropped all lines of this header but the first.
  const lines = rawHeaders.filter((_, at) => rawHeaders[at - 1]?.toLowerCase() === 'authorization' && at % 2 === 1);
  if (lines.length > 0) headers.set('authorization', lines.join(', '));
  const target = url.startsWith('/') ? `http://localhost${url}` : url;
  if (method === 'GET' || method === 'HEAD') return new Request(target, { method, headers });
  return new Request(target, { method, headers, body: Readable.toWeb(incoming), duplex: 'half' });
}

async function send({ status, headers, body }: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.statusCode = status;
  for (const [name, value] of headers) if (name !== 'set-cookie') outgoing.setHeader(name, value);
  if (headers.getSetCookie().length > 0) outgoing.setHeader('set-cookie', headers.getSetCookie());
  if (body !== null) for await (const chunk of body) outgoing.write(chunk);
  outgoing.end();
}
