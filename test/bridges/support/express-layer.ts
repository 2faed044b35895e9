import express, { type ErrorRequestHandler, type Request, type RequestHandler } from 'express';
import session, { type SessionOptions, type Store } from 'express-session';
import { authOf, requireSession, sessionOf, sessionRoutes } from 'session-revocation/express';
import { bridge } from 'session-revocation/express-session';
import { listen } from '../../frameworks/http/framework.ts';
import { answerOf } from './answer-of.ts';
import { recordOf } from './callback-calls.ts';
import { type Inner as HostStore, innerKinds, redis } from './inner-stores.ts';
import type { Inner, Page, SessionLayer } from './koa-fastify-site.ts';
import { done } from './pages.ts';

const innerOf = ({ store, close }: HostStore): Inner => ({
  store,
  read: (sid) => recordOf(store, sid),
  write: (sid, data) => done((callback) => store.set(sid, data as session.SessionData, callback)),
  remove: (sid) => done((callback) => store.destroy(sid, callback)),
  close,
});

const inners = innerKinds.map(({ name, open }) => ({
  name,
  open: open === null ? null : async () => innerOf(await open()),
}));

const answer =
  (run: Page['run']): RequestHandler =>
  async (request: Request, response) => {
    const result = await run({
      get auth() {
        return authOf<string>(request);
      },
      session: () => sessionOf(request),
      query: new URLSearchParams(request.url.split('?')[1]),
      get data() {
        return request.session ?? null;
      },
      destroy: () => done((callback) => request.session.destroy(callback)),
      save: () => done((callback) => request.session.save(callback)),
      regenerate: () => done((callback) => request.session.regenerate(callback)),
    });
    response.json(result ?? null);
  };

const answerError =
  (errors: unknown[]): ErrorRequestHandler =>
  (error, _request, response, _next) => {
    errors.push(error);
    const { status, body } = answerOf(error);
    if (!response.headersSent) response.status(status).json(body);
  };

/** The layer of express-session. */
export const expressLayer: SessionLayer = {
  name: 'express-session',
  cookie: 'connect.sid',
  rolling: { rolling: true, resave: true, cookie: { maxAge: 3600e3 } },
  inners: [inners[0]!, ...inners.slice(1)],
  openShared: async (url, prefix) => innerOf(await redis(url, prefix)),
  sidOf: (cookie) => /^s:([^.]+)\./.exec(decodeURIComponent(cookie))?.[1] ?? '',

  async serve({ sessions, inner, isPlain, pages, errors, ...app }) {
    const server = express();
    const store = inner.store as Store;
    const bridged = bridge(sessions, {
      user: ({ userId }) => userId,
      account: ({ account }) => account,
      ...(app.bridge as object),
    });
    if (app.bridge.adoptUntil !== undefined) server.use(bridged.middleware());
    const settings: SessionOptions = { secret: 'a test', resave: false, saveUninitialized: false, ...app.settings };
    server.use(session({ ...settings, store: isPlain ? store : bridged.store(store) }));
    if (!isPlain) server.use('/sessions', sessionRoutes(sessions));
    for (const { method, path, isGuarded, run } of pages) {
      server[method](path, isGuarded === true ? requireSession() : [], answer(run));
    }
    server.use(answerError(errors));
    return listen(server);
  },
};
