import { type IncomingMessage, request as send } from 'node:http';
import { createServer, type RequestOptions } from 'node:https';
import { type Served, serveOn } from '../http/framework.ts';
import { type Certified, selfSigned } from './certificate.ts';

const HOST = 'app.example.org';
/** Where the proxy's clients are: not where it is itself, so that the two addresses can be told apart. */
export const CLIENT = '127.0.0.2';
/** Where it is, as the app sees it. */
export const PROXY = '127.0.0.1';

/** A server that ends TLS. */
export interface TlsProxy extends Served {
  /** How a client connects: from its own address, and only to the server of the certificate. */
  readonly connection: RequestOptions;
}

let certified: Certified | null = null;

/** Ends TLS before an app that speaks plain HTTP, and tells it what proxies tell: who asked, and how. */
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

/** What the client sent, with the address that it was seen at behind those that it claims, as proxies do. */
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

/** What is about one connection is not handed on (RFC 9110 7.6.1). */
function withoutHop(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...others } = headers;
  return others;
}
