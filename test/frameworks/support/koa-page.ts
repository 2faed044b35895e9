import type { Middleware } from 'koa';
import type { Sessions } from 'session-revocation';
import { authOf, sessionOf } from 'session-revocation/koa';
import type { Page } from '../http/framework.ts';

/** Returns a route, since Koa has no router. A GET route also answers HEAD. The path `'*'` matches every path. */
export function page({ method, path }: Pick<Page, 'method' | 'path'>, middleware: Middleware): Middleware {
  return async (ctx, next) => {
    const asked = ctx.method === 'HEAD' ? 'get' : ctx.method.toLowerCase();
    await (asked === method && (path === '*' || ctx.path === path) ? middleware(ctx, next) : next());
  };
}

/** Runs a page, and sends what it returns as JSON. */
export function show({ run }: Pick<Page, 'run'>): Middleware {
  return async (ctx) => {
    const answer = await run({
      auth: (realm?: Sessions) => authOf<string>(ctx, realm),
      session: (realm?: Sessions) => sessionOf(ctx, realm),
      query: new URLSearchParams(ctx.querystring),
      secure: ctx.secure,
      addHeader: (name, value) => ctx.append(name, value),
      sendHeaders: () => ctx.flushHeaders(),
    });
    ctx.body = JSON.stringify(answer) ?? '';
    ctx.type = 'json';
  };
}
