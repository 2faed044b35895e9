import type Express from 'express';
import { authentication, sessionRoutes } from 'session-revocation/express';
import { type Framework, listen } from '../http/framework.ts';
import { guardsOf, show } from './express-page.ts';

/** Serves apps on one major version of Express. */
export const serveExpress =
  (express: typeof Express): Framework['serve'] =>
  ({ sessions, routes, routesOf, also, pages, ...described }) => {
    const app = express().set('trust proxy', described.trustedProxy ?? false);
    if (described.parsesBodies) app.use(express.json(), express.urlencoded({ extended: false }));
    for (const realm of also) app.use(authentication(realm)).use('/also', sessionRoutes(realm));
    if (described.authentication !== null) app.use(authentication(sessions, described.authentication));
    if (described.overridesMethod) {
      app.use((request, _response, next) => {
        request.method = request.get('x-http-method-override') ?? request.method;
        next();
      });
    }
    app.use('/sessions', sessionRoutes(routesOf, routes));
    for (const page of pages) app[page.method](page.path === '*' ? /.*/ : page.path, ...guardsOf(page), show(page));
    return listen(app);
  };
