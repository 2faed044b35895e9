import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from './body.ts';
import type { HttpExchange } from './exchange.ts';

/** A request of Node's, and what frameworks on top of it add. */
export interface NodeRequest extends IncomingMessage {
  readonly originalUrl?: string;
  readonly ip?: string | undefined;
  readonly body?: unknown;
}

/** An exchange over Node's own request and response. */
export function nodeExchange(request: NodeRequest, response: ServerResponse): HttpExchange {
  return {
    method: request.method ?? 'GET',
    url: request.originalUrl ?? request.url ?? '/',
    ip: request.ip,
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: async () =>
      request.body ?? (request.readableEnded ? undefined : readBody(request.headers['content-type'], request)),
    get headersSent() {
      return response.headersSent;
    },
    setCookies: () => {
      const lines = response.getHeader('set-cookie') ?? [];
      return Array.isArray(lines) ? lines : [String(lines)];
    },
    replaceSetCookies: (lines) => response.setHeader('set-cookie', [...lines]),
    setHeader: (name, value) => response.setHeader(name, value),
  };
}
