import formbody from '@fastify/formbody';
import { fastify } from 'fastify';
import type { Sessions } from 'session-revocation';
import * as ours from 'session-revocation/fastify';
import { httpBehaviours } from './http/index.ts';

httpBehaviours('fastify', async ({ sessions, authentication, routes, routesOf, also, pages, ...framework }) => {
  const app = fastify({ trustProxy: framework.trustsProxy, forceCloseConnections: true });
  app.setNotFoundHandler((_, reply) => reply.code(404).send());
  if (framework.parsesBodies) app.register(formbody);
  for (const realm of also) {
    app.register(ours.authentication, { sessions: realm });
    app.register(ours.sessionRoutes, { sessions: realm, prefix: '/also' });
  }
  if (authentication !== null) app.register(ours.authentication, { sessions, ...authentication });
  app.register(ours.sessionRoutes, routes && { sessions: routesOf, prefix: '/sessions', ...routes });
  for (const { method, path, guard = null, run } of pages) {
    const onRequest = guard && ('maxAge' in guard ? ours.requireRecentSignIn(guard) : ours.requireSession(guard));
    // As a regular expression only Express takes a path: of whatever is nowhere else.
    const url = typeof path === 'string' ? path : '/*';
    app[method](url, { onRequest: onRequest ?? [] }, async (request, reply) => {
      const auth = (realm?: Sessions) => ours.authOf<string>(request, realm);
      const session = (realm?: Sessions) => ours.sessionOf(request, realm);
      const query = new URLSearchParams(request.url.split('?')[1]);
      const setCookie = (line: string) => reply.header('set-cookie', line);
      const answer = await run({ auth, session, query, setCookie, sendHeaders: () => reply.raw.flushHeaders() });
      return reply.raw.headersSent ? reply.hijack().raw.end() : reply.send(answer);
    });
  }
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() };
});
