import express from 'express';
import { authentication, sessionRoutes } from 'session-revocation/express';
import { httpBehaviours, listen } from './http/index.ts';
import { guardsOf, show } from './support/express-page.ts';

httpBehaviours('express', ({ sessions, routes, routesOf, also, pages, ...described }) => {
  const app = express().set('trust proxy', described.trustedProxy ?? false);
  if (described.parsesBodies) app.use(express.json(), express.urlencoded());
  for (const realm of also) app.use(authentication(realm)).use('/also', sessionRoutes(realm));
  if (described.authentication !== null) app.use(authentication(sessions, described.authentication));
  app.use('/sessions', sessionRoutes(routesOf, routes));
  for (const page of pages) app[page.method](page.path === '*' ? /.*/ : page.path, ...guardsOf(page), show(page));
  return listen(app);
});
