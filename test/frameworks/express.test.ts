import express from 'express';
import type { Sessions } from 'session-revocation';
import * as ours from 'session-revocation/express';
import { httpBehaviours, listen } from './http/index.ts';

httpBehaviours('express', ({ sessions, authentication, routes, routesOf, also, pages, ...framework }) => {
  const app = express().set('trust proxy', framework.trustsProxy);
  if (framework.parsesBodies) app.use(express.json(), express.urlencoded());
  for (const realm of also)
    app.use(ours.authentication(realm), express.Router().use('/also', ours.sessionRoutes(realm)));
  if (authentication !== null) app.use(ours.authentication(sessions, authentication));
  app.use('/sessions', ours.sessionRoutes(routesOf, routes));
  for (const { method, guard = null, run, ...page } of pages) {
    const path = page.path === '*' ? /.*/ : page.path;
    if (guard) app[method](path, 'maxAge' in guard ? ours.requireRecentSignIn(guard) : ours.requireSession(guard));
    app[method](path, async (request, response) => {
      const auth = (realm?: Sessions) => ours.authOf<string>(request, realm);
      const session = (realm?: Sessions) => ours.sessionOf(request, realm);
      const query = new URLSearchParams(request.url.split('?')[1]);
      const setCookie = (line: string) => response.append('set-cookie', line);
      const answer = await run({ auth, session, query, setCookie, sendHeaders: () => response.flushHeaders() });
      if (response.headersSent) response.end();
      else response.json(answer);
    });
  }
  return listen(app);
});
