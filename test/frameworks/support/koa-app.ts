import type Koa from 'koa';
import { authentication, requireRecentSignIn, requireSession, sessionRoutes } from 'session-revocation/koa';
import { type Framework, listen } from '../http/framework.ts';
import { bodyParser } from './koa-body-parser.ts';
import { page, show } from './koa-page.ts';

/** Serves apps on one major version of Koa. */
export const serveKoa =
  (App: typeof Koa): Framework['serve'] =>
  ({ sessions, routes, routesOf, also, pages, trustedProxy, parsesBodies, ...described }) => {
    const app = new App({ proxy: trustedProxy !== null, maxIpsCount: 1 });
    app.silent = true;
    if (parsesBodies) app.use(bodyParser);
    for (const realm of also) app.use(authentication(realm)).use(sessionRoutes(realm, { path: '/also' }));
    if (described.authentication !== null) app.use(authentication(sessions, described.authentication));
    if (described.overridesMethod) {
      app.use((ctx, next) => {
        ctx.method = ctx.get('x-http-method-override') || ctx.method;
        return next();
      });
    }
    app.use(sessionRoutes(routesOf, routes && { path: '/sessions', ...routes }));
    for (const one of pages) {
      const { guard = null } = one;
      if (guard) app.use(page(one, 'maxAge' in guard ? requireRecentSignIn(guard) : requireSession(guard)));
      app.use(page(one, show(one)));
    }
    return listen(app.callback());
  };
