import { text } from 'node:stream/consumers';
import type { Middleware } from 'koa';

/** Reads JSON and forms as `koa-bodyparser` does: `ctx.request.body` is `{}` where there is none, or one of another type. */
export const bodyParser: Middleware = async (ctx, next) => {
  const isJson = ctx.is('json');
  const isForm = ctx.is('urlencoded');
  const body = isJson || isForm ? await text(ctx.req) : '';
  const parsed: unknown = isForm ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body || '{}');
  Object.assign(ctx.request, { body: parsed });
  await next();
};
