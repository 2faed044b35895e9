import type formbody from '@fastify/formbody';
import type { FastifyServerOptions, fastify } from 'fastify';
import { authentication, sessionRoutes } from 'session-revocation/fastify';
import type { Framework } from '../http/framework.ts';
import { guardsOf, show } from './fastify-page.ts';

/** Serves apps on one major version of Fastify, with the form parser for that version. */
export const serveFastify =
  (create: typeof fastify, forms: typeof formbody, options: FastifyServerOptions = {}): Framework['serve'] =>
  async ({ sessions, routes, routesOf, also, pages, ...described }) => {
    const trustProxy = described.trustedProxy ?? false;
    const app = create({ trustProxy, forceCloseConnections: true, pluginTimeout: 0, ...options });
    app.setNotFoundHandler((_, reply) => reply.code(404).send());
    if (described.parsesBodies) app.register(forms);
    for (const realm of also) {
      app.register(authentication, { sessions: realm });
      app.register(sessionRoutes, { sessions: realm, prefix: '/also' });
    }
    if (described.authentication !== null) app.register(authentication, { sessions, ...described.authentication });
    if (described.overridesMethod) {
      app.addHook('onRequest', async ({ headers, raw }) => {
        raw.method = String(headers['x-http-method-override'] ?? raw.method);
      });
    }
    app.register(sessionRoutes, routes && { sessions: routesOf, prefix: '/sessions', ...routes });
    for (const page of pages) {
      app[page.method](page.path.replace('*', '/*'), { onRequest: guardsOf(page) }, show(page));
    }
    return { url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() };
  };
