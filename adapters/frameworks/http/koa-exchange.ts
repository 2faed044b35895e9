import type { ExtendableContext } from 'koa';
import type { HttpExchange } from './exchange.ts';
import { nodeExchange } from './node-exchange.ts';

/** As a parser before us left it. */
type WithBody = ExtendableContext['request'] & { readonly body?: unknown };

/** An exchange over Koa's context. */
export function koaExchange(ctx: ExtendableContext): HttpExchange {
  const request: WithBody = ctx.request;
  const exchange = nodeExchange(ctx.req, ctx.res);
  const { body: read } = exchange;
  return Object.assign(exchange, {
    url: ctx.originalUrl,
    ip: ctx.ip === '' ? undefined : ctx.ip,
    body: async () => request.body ?? read(),
  });
}
