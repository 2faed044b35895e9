import { text } from 'node:stream/consumers';
import Koa from 'koa';
import { createSessions, type Sessions } from 'session-revocation';
import {
  type Auth,
  authentication,
  authOf,
  requireRecentSignIn,
  requireSession,
  sessionOf,
  sessionRoutes,
} from 'session-revocation/koa';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, test } from 'vitest';
import { NAVIGATION } from './http/browser.ts';
import { expectProblem, rowsOf } from './http/expectations.ts';
import { listen } from './http/framework.ts';
import { open, type Site } from './http/site.ts';
import { bodyParser } from './support/koa-body-parser.ts';
import { page } from './support/koa-page.ts';

const SESSIONS = { path: '/sessions' };
const FORM = { ...NAVIGATION, 'content-type': 'application/x-www-form-urlencoded' };

const signIn = page({ method: 'post', path: '/sign-in' }, async (ctx) => {
  const { ok, session } = await authOf(ctx).signIn({ user: String(ctx.query.user), verify: () => true });
  ctx.body = { ok, id: session?.id };
});
const me = page({ method: 'get', path: '/me' }, (ctx) => {
  ctx.body = { user: sessionOf(ctx).user };
});
const app404: Koa.Middleware = (ctx) => {
  ctx.body = { app: ctx.path };
};

/** Serves an app that collects its errors instead of printing them. */
async function serve(build: (app: Koa, sessions: Sessions) => unknown): Promise<Site & { readonly errors: unknown[] }> {
  const errors: unknown[] = [];
  const site = await open({
    serve: async ({ sessions }) => {
      const app = new Koa();
      app.on('error', (error) => errors.push(error));
      build(app, sessions);
      return listen(app.callback());
    },
  });
  return { ...site, errors };
}

/** Like `serve`, with a signed-in user. */
async function signedIn(build: (app: Koa, sessions: Sessions) => unknown) {
  const site = await serve((app, sessions) => {
    app.use(authentication(sessions)).use(signIn);
    build(app, sessions);
  });
  const browser = site.browser();
  const id = await browser.signIn('alice');
  return { ...site, alice: browser, id };
}

describe('sessionRoutes', () => {
  test('answers its path and what is below it, segment by segment', async () => {
    const { alice, id } = await signedIn((app, sessions) => app.use(sessionRoutes(sessions, SESSIONS)).use(app404));
    for (const path of ['/sessions', '/sessions/', '/sessions?limit=1', '/sessions/?limit=1']) {
      expect(rowsOf(await alice.get(path))).toHaveLength(1);
    }
    for (const path of ['/sessionsx', '/session', '/', '/a/sessions', '/Sessions', '/sessions/a/b', `/${id}`]) {
      expect((await alice.get(path)).json).toEqual({ app: path });
    }
    expect((await alice.delete(`/sessions/${id}`)).status).toBe(204);
  });

  test.each(['/account/sessions', '/account/sessions/'])('a path of several segments: %s', async (path) => {
    const { alice } = await signedIn((app, sessions) => app.use(sessionRoutes(sessions, { path })).use(app404));
    expect(rowsOf(await alice.get('/account/sessions'))).toHaveLength(1);
    expect((await alice.get('/account')).json).toEqual({ app: '/account' });
  });

  test('the root, and what another middleware made it', async () => {
    const { alice } = await signedIn((app, sessions) => {
      const root = sessionRoutes(sessions, { path: '/' });
      // Changes the path like koa-mount.
      app.use(async (ctx, next) => {
        const { path } = ctx;
        if (!path.startsWith('/prefix')) return next();
        ctx.path = path.slice('/prefix'.length) || '/';
        return root(ctx, async () => {
          ctx.path = path;
          await next();
        });
      });
      app.use(app404);
    });
    expect(rowsOf(await alice.get('/prefix'))).toHaveLength(1);
    expect((await alice.get('/prefix/a/b')).json).toEqual({ app: '/prefix/a/b' });
    expect((await alice.post('/prefix/sign-out')).status).toBe(204);
    expectProblem(await alice.get('/prefix'), 401, 'session-required');
  });

  test('a page comes back to the whole path, also where the routes see a part of it', async () => {
    const { browser } = await serve((app, sessions) => {
      app.use(authentication(sessions, { loginUrl: '/login' }));
      app.use(async (ctx, next) => {
        ctx.path = ctx.path.replace('/prefix', '');
        await next();
      });
      app.use(sessionRoutes(sessions, SESSIONS));
    });
    const answer = await browser().get('/prefix/sessions?limit=2', NAVIGATION);
    expect(answer.headers.location).toBe('/login?returnTo=%2Fprefix%2Fsessions%3Flimit%3D2');
  });

  test('twice, at two places', async () => {
    const { alice } = await signedIn((app, sessions) => {
      app.use(sessionRoutes(sessions, SESSIONS));
      app.use(sessionRoutes(sessions, { path: '/account/devices', actions: ['list'] }));
    });
    for (const path of ['/sessions', '/account/devices']) expect(rowsOf(await alice.get(path))).toHaveLength(1);
    expect((await alice.post('/account/devices/sign-out')).status).toBe(404);
    expect((await alice.post('/sessions/sign-out')).status).toBe(204);
  });

  test.each(['', 'sessions', '//sessions', '/sessions?x', '/a#b', 7, undefined])(
    'a path of %j is refused at start-up',
    (path) => {
      const sessions = createSessions({ store: memoryStore() });
      expect(() => sessionRoutes(sessions, { path: path as string })).toThrow(
        /^sessionRoutes\(sessions, \{ path \}\): path is .*; use the mount path/,
      );
    },
  );

  test('HEAD has the headers of a GET, and no body', async () => {
    const { alice } = await signedIn((app, sessions) => app.use(sessionRoutes(sessions, SESSIONS)));
    const [get, head] = [await alice.get('/sessions'), await alice.request('HEAD', '/sessions')];
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers).toMatchObject({
      'content-type': get.headers['content-type'],
      'cache-control': 'no-store',
      'content-length': get.headers['content-length'],
    });
  });

  test('what an earlier middleware said of its own body says nothing of ours', async () => {
    const { alice } = await signedIn((app, sessions) => {
      app.use(async (ctx, next) => {
        ctx.body = { early: true };
        await next();
      });
      app.use(sessionRoutes(sessions, SESSIONS));
    });
    const answer = await alice.post('/sessions/sign-out', FORM, 'returnTo=%2Fbye');
    expect(answer).toMatchObject({ status: 303, text: '', headers: { location: '/bye' } });
    expect(answer.headers).not.toHaveProperty('content-type');
  });
});

describe('a body', () => {
  test.each([
    ['read by the routes', []],
    ['parsed before', [bodyParser]],
  ])('%s', async (_, parsers) => {
    const { alice } = await signedIn((app, sessions) => {
      for (const parser of parsers) app.use(parser);
      app.use(sessionRoutes(sessions, SESSIONS));
    });
    const answer = await alice.post('/sessions/sign-out', FORM, 'returnTo=%2Fbye');
    expect(answer.headers.location).toBe('/bye');
  });

  test.each([
    ['text', (body: string): unknown => body],
    ['bytes', (body: string): unknown => Buffer.from(body)],
  ])('that a parser has left as %s is judged by its type', async (_, leave) => {
    const { alice } = await signedIn((app, sessions) => {
      app.use(async (ctx, next) => {
        Object.assign(ctx.request, { body: leave(await text(ctx.req)) });
        await next();
      });
      app.use(sessionRoutes(sessions, SESSIONS));
    });
    const ask = (type: string) => alice.post('/sessions/sign-out-others', { 'content-type': type }, '{"kinds":["x"]}');
    expectProblem(await ask('text/plain'), 415, 'unsupported-media-type');
    expectProblem(await ask('application/json'), 400, 'bad-request');
    expect((await alice.post('/sessions/sign-out', FORM, 'returnTo=%2Fbye')).headers.location).toBe('/bye');
  });

  test('that no route needs is left to the app', async () => {
    const { alice } = await signedIn((app, sessions) => {
      app.use(sessionRoutes(sessions, SESSIONS)).use(bodyParser);
      app.use((ctx) => {
        ctx.body = { got: (ctx.request as { body?: unknown }).body };
      });
    });
    const answer = await alice.post('/elsewhere', { 'content-type': 'application/json' }, '{"a":1}');
    expect(answer.json).toEqual({ got: { a: 1 } });
  });
});

describe('order', () => {
  test('what runs before authentication has no Auth: a clear error, and a 500', async () => {
    const { browser, errors } = await serve((app, sessions) => {
      app.use(page({ method: 'get', path: '/guarded' }, requireSession()));
      app.use(page({ method: 'get', path: '/recent' }, requireRecentSignIn({ maxAge: '5m' })));
      app.use(sessionRoutes(sessions, SESSIONS)).use(me).use(authentication(sessions)).use(app404);
    });
    const paths = ['/guarded', '/recent', '/sessions', '/me'];
    for (const path of paths) expect(await browser().get(path)).toMatchObject({ status: 500, setCookies: [] });
    const misuse = expect.objectContaining({ message: expect.stringContaining('app.use(authentication(sessions))') });
    expect(errors).toEqual(paths.map(() => misuse));
    expect((await browser().get('/sessionsx')).json).toEqual({ app: '/sessionsx' });
  });

  test('a guard stops what is behind it, and nothing that is before', async () => {
    const ran: string[] = [];
    const note =
      (name: string): Koa.Middleware =>
      async (_, next) => {
        ran.push(name);
        await next();
        ran.push(`${name}, after`);
      };
    const { browser } = await serve((app, sessions) =>
      app.use(authentication(sessions)).use(note('before')).use(requireSession()).use(note('behind')),
    );
    expectProblem(await browser().get('/'), 401, 'session-required');
    expect(ran).toEqual(['before', 'before, after']);
  });

  test('what is behind is waited for', async () => {
    const { alice } = await signedIn((app) => {
      app.use(requireSession());
      app.use(async (ctx) => {
        await new Promise(setImmediate);
        ctx.body = { late: true };
      });
    });
    expect((await alice.get('/')).json).toEqual({ late: true });
  });
});

describe('two realms', () => {
  test('have guards, routes and sessions of their own', async () => {
    const staff = createSessions({ store: memoryStore(), realm: 'staff' });
    const { alice } = await signedIn((app, sessions) => {
      app.use(authentication(staff));
      app.use(sessionRoutes(staff, { path: '/staff/sessions' })).use(sessionRoutes(sessions, SESSIONS));
      app.use(page({ method: 'get', path: '/staff' }, requireSession({ sessions: staff })));
      app.use((ctx) => {
        ctx.body = { buyer: sessionOf(ctx, sessions).user, last: authOf(ctx).session?.user ?? null };
      });
    });
    expectProblem(await alice.get('/staff'), 401, 'session-required');
    expectProblem(await alice.get('/staff/sessions'), 401, 'session-required');
    expect(rowsOf(await alice.get('/sessions'))).toHaveLength(1);
    expect((await alice.get('/')).json).toEqual({ buyer: 'alice', last: null });
  });

  test('the same one read twice is one', async () => {
    const { alice } = await signedIn((app, sessions) => app.use(authentication(sessions)).use(signIn).use(me));
    expect((await alice.get('/me')).json).toEqual({ user: 'alice' });
    const { setCookies } = await alice.post('/sign-in?user=bob');
    expect(setCookies).toHaveLength(1);
    expect((await alice.get('/me')).json).toEqual({ user: 'bob' });
  });
});

describe('an error', () => {
  test('of sessionOf comes out of Koa with its status and its challenge', async () => {
    const { browser, errors } = await serve((app, sessions) => app.use(authentication(sessions)).use(me));
    const answer = await browser().get('/me');
    expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Session realm="default"' } });
    expect(errors).toMatchObject([{ code: 'SESSION_REQUIRED' }]);
  });

  test('of the store is a 503 without a word of it', async () => {
    const { alice, store, errors } = await signedIn((app) => app.use(me));
    store.state = 'throws';
    const answer = await alice.get('/me');
    expect(answer).toMatchObject({ status: 503, setCookies: [] });
    expect(answer.text).not.toMatch(/ECONN|SELECT/);
    expect(errors).toMatchObject([{ code: 'SESSION_STORE_UNAVAILABLE' }]);
  });

  test('is the app’s to catch', async () => {
    const { browser } = await serve((app, sessions) => {
      app.use(async (ctx, next) => {
        try {
          await next();
        } catch (error) {
          ctx.status = 418;
          ctx.body = { code: (error as { code?: unknown }).code };
        }
      });
      app.use(authentication(sessions)).use(me);
    });
    expect(await browser().get('/me')).toMatchObject({ status: 418, json: { code: 'SESSION_REQUIRED' } });
  });

  test('behind a guard is not the guard’s', async () => {
    const { alice } = await signedIn((app) => {
      app.use(requireSession());
      app.use((ctx) => ctx.throw(409, 'of the app'));
    });
    expect(await alice.get('/')).toMatchObject({ status: 409, text: 'of the app' });
  });
});

describe('the address', () => {
  const forged = { 'x-forwarded-for': '203.0.113.9, 198.51.100.7', 'x-real-ip': '203.0.113.1', 'cf-ip': '192.0.2.5' };
  const addressOf = async (settings: Partial<Koa>): Promise<unknown> => {
    const site = await signedIn((app, sessions) =>
      Object.assign(app, settings).use(sessionRoutes(sessions, { path: '/devices' })),
    );
    const other = site.browser();
    await other.post('/sign-in?user=alice', forged);
    return rowsOf(await other.get('/devices')).find(({ current }) => current)?.device;
  };

  test.each<[string, Partial<Koa>, string]>([
    ['without app.proxy is the socket’s', {}, '127.0.0.1'],
    ['with app.proxy is the forwarded one', { proxy: true }, '203.0.113.9'],
    ['with maxIpsCount is the last proxy’s word', { proxy: true, maxIpsCount: 1 }, '198.51.100.7'],
    ['with proxyIpHeader is in that', { proxy: true, proxyIpHeader: 'CF-IP' }, '192.0.2.5'],
  ])('%s', async (_, settings, ip) => {
    expect(await addressOf(settings)).toMatchObject({ ip });
  });

  test('no forwarded host or scheme makes a request one of our own', async () => {
    const { alice } = await signedIn((app, sessions) => {
      app.proxy = true;
      app.use(sessionRoutes(sessions, SESSIONS));
    });
    const headers = { 'sec-fetch-site': null, origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' };
    const answer = await alice.post('/sessions/sign-out', { ...headers, 'x-forwarded-proto': 'https' });
    expectProblem(answer, 403, 'cross-origin');
  });
});

describe('property', () => {
  test('puts the Auth on the context', async () => {
    const { alice } = await signedIn((app, sessions) => {
      app.use(authentication(sessions, { property: 'auth' }));
      app.use((ctx) => {
        const auth: Auth = ctx.auth;
        ctx.body = { user: auth.session?.user, same: auth === authOf(ctx) };
      });
    });
    expect((await alice.get('/')).json).toEqual({ user: 'alice', same: true });
  });

  test('without it nothing is put there', async () => {
    const { alice } = await signedIn((app) =>
      app.use((ctx) => {
        ctx.body = { keys: Object.keys(ctx) };
      }),
    );
    expect((await alice.get('/')).json?.keys).not.toContain('auth');
  });

  test.each(['body', 'cookies', 'toString', 'user'])('ctx.%s is taken: a clear error', async (property) => {
    const { browser, errors } = await serve((app, sessions) => {
      app.use((ctx, next) => {
        ctx.user = 'of the app';
        return next();
      });
      app.use(authentication(sessions, { property }));
    });
    expect(await browser().get('/')).toMatchObject({ status: 500, text: 'Internal Server Error' });
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringMatching(`already.* ${property} |${property} already`) }),
    ]);
  });

  test('is of each realm where they have two, of the last one where they have one', async () => {
    const other = createSessions({ store: memoryStore(), realm: 'staff' });
    const { browser } = await serve((app, sessions) => {
      app.use(authentication(other, { property: 'staff' })).use(authentication(sessions, { property: 'auth' }));
      app.use(page({ method: 'get', path: '/last' }, authentication(other, { property: 'auth' })));
      app.use((ctx) => {
        const realmOf = ({ request: { settings } }: Auth): string => settings.sessions.realm;
        ctx.body = { staff: realmOf(ctx.staff), auth: realmOf(ctx.auth) };
      });
    });
    expect((await browser().get('/')).json).toEqual({ staff: 'staff', auth: 'default' });
    expect((await browser().get('/last')).json).toEqual({ staff: 'staff', auth: 'staff' });
  });

  test.each(['', 7, null])('of %j is refused at start-up', (property) => {
    const sessions = createSessions({ store: memoryStore() });
    expect(() => authentication(sessions, { property: property as string })).toThrow(
      /^authentication\(sessions, options\): property must be/,
    );
  });
});

test('fits apps whose state and context have types of their own', async () => {
  const sessions = createSessions({ store: memoryStore() });
  const app = new Koa<{ locale: string }, { tenant: string }>();
  app.use(authentication(sessions)).use(sessionRoutes(sessions, SESSIONS)).use(requireSession());
  app.use((ctx) => {
    const typed: [string, string, string] = [ctx.state.locale, ctx.tenant, sessionOf(ctx).user];
    ctx.body = typed;
  });
  expect(app.middleware).toHaveLength(4);
  expect((app.middleware as readonly { name: string }[]).slice(0, 3).map(({ name }) => name)).toEqual([
    ...['authentication', 'sessionRoutes', 'requireSession'],
  ]);
});
