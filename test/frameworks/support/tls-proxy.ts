import { type IncomingMessage, request as send } from 'node:http';
import { createServer, type RequestOptions } from 'node:https';
import { type Served, serveOn } from '../http/framework.ts';
import { type Certified, selfSigned } from './certificate.ts';

const HOST = 'app.example.org';
/** The address of the proxy's clients. It differs from the proxy's own address, so that tests can tell them apart. */
export const CLIENT = '127.0.0.2';
/** The address of the proxy, as the app sees it. */
export const PROXY = '127.0.0.1';

/** A server that terminates TLS. */
export interface TlsProxy extends Served {
  /** The options of a client's connection: its own address, and the server's certificate as the only trusted one. */
  readonly connection: RequestOptions;
}

let certified: Certified | null = null;

/** Terminates TLS in front of an app that speaks plain HTTP. Adds the headers that proxies add. */
export async function tlsProxy(app: string): Promise<TlsProxy> {
  certified ??= selfSigned(HOST);
  const server = createServer(certified, (incoming, outgoing) => {
    const { method, url } = incoming;
    const onward = send(app + url, { method, headers: forwardedBy(incoming), agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, withoutHop(answer.headers));
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  const served = await serveOn(server, 'https');
  return { ...served, connection: { ca: certified.cert, servername: HOST, localAddress: CLIENT } };
}

/** Returns the client's headers. Like a proxy, it appends the client's real address to the claimed addresses. */
function forwardedBy({ headers, socket }: IncomingMessage): IncomingMessage['headers'] {
  const { 'x-forwarded-for': claimed, forwarded, ...others } = withoutHop(headers);
  const behind = (before: unknown, seen: string): string => (before === undefined ? seen : `${before}, ${seen}`);
  return {
    ...others,
    'x-forwarded-for': behind(claimed, String(socket.remoteAddress)),
    forwarded: behind(forwarded, `for=${socket.remoteAddress};proto=https`),
    'x-forwarded-proto': 'https',
    'x-forwarded-host': HOST,
  };
}

/** Removes the headers that concern only one connection (RFC 9110 7.6.1). */
function withoutHop(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...others } = headers;
  return others;
}
