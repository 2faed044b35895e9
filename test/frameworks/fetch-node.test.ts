import { listen, otherWrapper } from './http/index.ts';
import { answerError, fetchApp } from './support/fetch-app.ts';
import { bridge } from './support/node-bridge.ts';

otherWrapper('fetch on node:http', (description) => {
  const open = fetchApp(description);
  return listen(
    bridge(async (request, ip) => {
      const visit = await open(request, ip);
      const { pathname } = new URL(request.url);
      const method = request.method === 'HEAD' ? 'get' : request.method.toLowerCase();
      const page = description.pages.find((one) => one.method === method && ['*', pathname].includes(one.path));
      const show = async () => (page ? visit.show(page) : new Response(null, { status: 404 }));
      return visit.commit(
        await visit
          .routes()
          .then((answer) => answer ?? show())
          .catch(answerError),
      );
    }),
  );
});
