import { Elysia } from 'elysia';
import { listen, sameWrapper } from './http/index.ts';
import { answerError, fetchApp, type RequestState } from './support/fetch-app.ts';
import { bridge } from './support/node-bridge.ts';

sameWrapper('fetch on Elysia', (description) => {
  const open = fetchApp(description);
  const visits = new WeakMap<Request, RequestState>();
  const app = new Elysia().onError(({ error, code }) => (code === 'NOT_FOUND' ? undefined : answerError(error)));
  for (const page of description.pages) {
    app[page.method](page.path, ({ request }) => visits.get(request)?.show(page), { parse: 'none' });
  }
  return listen(
    bridge(async (request, ip) => {
      const visit = await open(request, ip);
      visits.set(request, visit);
      const routes = await visit.routes().catch(answerError);
      return visit.commit(routes ?? (await app.handle(request)));
    }),
  );
});
