import { getRequestListener } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono } from 'hono';
import { listen, sameWrapper } from './http/index.ts';
import { answerError, fetchApp, type RequestState } from './support/fetch-app.ts';

sameWrapper('fetch on Hono', (description) => {
  const open = fetchApp(description);
  const app = new Hono<{ Variables: { visit: RequestState } }>().onError(answerError);
  app.use(async (c, next) => {
    const visit = await open(c.req.raw, getConnInfo(c).remote.address);
    c.set('visit', visit);
    const answer = await visit.routes();
    if (answer !== null) return answer;
    await next();
    const { res } = c;
    c.res = undefined; // otherwise Hono copies the old response's headers over the new ones
    c.res = visit.commit(res);
  });
  for (const page of description.pages) app[page.method](page.path, (c) => c.get('visit').show(page));
  return listen(getRequestListener(app.fetch));
});
