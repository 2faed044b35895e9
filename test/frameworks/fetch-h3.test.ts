import { H3 } from 'h3';
import { toNodeHandler } from 'h3/node';
import { listen, sameWrapper } from './http/index.ts';
import { answerError, fetchApp, type RequestState } from './support/fetch-app.ts';

sameWrapper('fetch on h3', (description) => {
  const open = fetchApp(description);
  const visits = new WeakMap<Request, RequestState>();
  const app = new H3({ allowMalformedURL: true, silent: true, onError: ({ cause }) => answerError(cause) });
  app.use(async ({ req }, next) => {
    const visit = await open(req, req.ip);
    visits.set(req, visit);
    const answer = (await visit.routes()) ?? (await next());
    return answer instanceof Response ? visit.commit(answer) : answer;
  });
  for (const page of description.pages) {
    app[page.method](page.path.replace('*', '/**'), ({ req }) => visits.get(req)?.show(page));
  }
  return listen(toNodeHandler(app));
});
