import { text } from 'node:stream/consumers';
import type { Middleware } from 'koa';

/** Reads JSON and forms like `koa-bodyparser`: `ctx.request.body` is `{}` without a body or for another type. */
export const bodyParser: Middleware = async (ctx, next) => {
  const isJson = ctx.is('json');
  const isForm = ctx.is('urlencoded');
  const body = isJson || isForm ? await text(ctx.req) : '';
  const parsed: unknown = isForm ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body || '{}');
  Object.assign(ctx.request, { body: parsed });
  await next();
};
