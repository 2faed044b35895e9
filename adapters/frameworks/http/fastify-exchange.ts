import type { FastifyReply, FastifyRequest, RawServerBase, RouteGenericInterface } from 'fastify';
import type { HttpExchange } from './exchange.ts';

/** A request of Fastify's, over HTTP/1 or HTTP/2. */
export type Request = FastifyRequest<RouteGenericInterface, RawServerBase>;
/** Its reply. */
export type Reply = FastifyReply<RouteGenericInterface, RawServerBase>;

/** An exchange over Fastify's request and reply. */
export function fastifyExchange(
  request: Request,
  reply: Reply,
  body: () => Promise<unknown> = async () => request.body,
): HttpExchange {
  return {
    method: request.method,
    url: request.originalUrl,
    ip: request.ip,
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body,
    get headersSent() {
      return reply.raw.headersSent;
    },
    setCookies: () => {
      const lines = reply.getHeader('set-cookie') ?? [];
      return Array.isArray(lines) ? lines : [String(lines)];
    },
    // Fastify adds to the lines that there are.
    replaceSetCookies: (lines) => reply.removeHeader('set-cookie').header('set-cookie', [...lines]),
    setHeader: (name, value) => reply.header(name, value),
  };
}
