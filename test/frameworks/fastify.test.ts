import formbody from '@fastify/formbody';
import { fastify } from 'fastify';
import { authentication, sessionRoutes } from 'session-revocation/fastify';
import { httpBehaviours } from './http/index.ts';
import { guardsOf, show } from './support/fastify-page.ts';

httpBehaviours('fastify', async ({ sessions, routes, routesOf, also, pages, ...described }) => {
  const trustProxy = described.trustedProxy ?? false;
  const app = fastify({ trustProxy, forceCloseConnections: true, pluginTimeout: 0 });
  app.setNotFoundHandler((_, reply) => reply.code(404).send());
  if (described.parsesBodies) app.register(formbody);
  for (const realm of also) {
    app.register(authentication, { sessions: realm });
    app.register(sessionRoutes, { sessions: realm, prefix: '/also' });
  }
  if (described.authentication !== null) app.register(authentication, { sessions, ...described.authentication });
  app.register(sessionRoutes, routes && { sessions: routesOf, prefix: '/sessions', ...routes });
  for (const page of pages) {
    app[page.method](page.path.replace('*', '/*'), { onRequest: guardsOf(page) }, show(page));
  }
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() };
});
