import Koa from 'koa';
import { authentication, requireRecentSignIn, requireSession, sessionRoutes } from 'session-revocation/koa';
import { httpBehaviours, listen } from './http/index.ts';
import { bodyParser } from './support/koa-body-parser.ts';
import { page, show } from './support/koa-page.ts';

httpBehaviours('koa', ({ sessions, routes, routesOf, also, pages, trustedProxy, parsesBodies, ...described }) => {
  const app = new Koa({ proxy: trustedProxy !== null, maxIpsCount: 1 });
  app.silent = true;
  if (parsesBodies) app.use(bodyParser);
  for (const realm of also) app.use(authentication(realm)).use(sessionRoutes(realm, { path: '/also' }));
  if (described.authentication !== null) app.use(authentication(sessions, described.authentication));
  app.use(sessionRoutes(routesOf, routes && { path: '/sessions', ...routes }));
  for (const one of pages) {
    const { guard = null } = one;
    if (guard) app.use(page(one, 'maxAge' in guard ? requireRecentSignIn(guard) : requireSession(guard)));
    app.use(page(one, show(one)));
  }
  return listen(app.callback());
});
