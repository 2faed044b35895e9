import { once } from 'node:events';
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { createGunzip, gzipSync } from 'node:zlib';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify';
import { createSessions, type Sessions } from 'session-revocation';
import {
  type Auth,
  authentication,
  authOf,
  requireRecentSignIn,
  requireSession,
  sessionOf,
  sessionRoutes,
} from 'session-revocation/fastify';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Browser, CHROME_ON_MAC, type Headers, NAVIGATION, sendRaw } from './http/browser.ts';
import { expectProblem, rowsOf } from './http/expectations.ts';
import { Gatekeeper } from './http/store.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM = { ...NAVIGATION, 'content-type': 'application/x-www-form-urlencoded' };

/** Signs in whoever `?user=` names. */
function signInPage(app: FastifyInstance, path = '/sign-in'): void {
  app.post<{ Querystring: { user: string } }>(path, async (request) => {
    const { ok, session } = await authOf(request).signIn({ user: request.query.user, verify: () => true });
    return { ok, id: session?.id };
  });
}

const whoPage = (app: FastifyInstance, path: string): FastifyInstance =>
  app.get(path, async (request) => ({ user: authOf(request).session?.user ?? null }));

interface Site {
  readonly app: FastifyInstance;
  readonly sessions: Sessions;
  readonly store: Gatekeeper;
  readonly url: string;
  browser(): Browser;
  /** A browser in which somebody is signed in already. */
  signedIn(): Promise<Browser>;
}

type Build = (app: FastifyInstance, sessions: Sessions) => unknown;

/** An app without anything of ours, on a socket. */
async function serveBare(build: Build, options: FastifyServerOptions = {}): Promise<Site> {
  const store = new Gatekeeper(memoryStore());
  const sessions = createSessions({ store: store.store });
  const app = fastify({ forceCloseConnections: true, ...options });
  onTestFinished(async () => {
    await app.close();
    store.state = 'answers';
    await sessions.close();
  });
  await build(app, sessions);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const browser = (): Browser => new Browser(url, CHROME_ON_MAC);
  const signedIn = async (): Promise<Browser> => {
    const one = browser();
    await one.signIn('alice');
    return one;
  };
  return { app, sessions, store, url, browser, signedIn };
}

/** An app as the documentation has it, on a socket. */
const serve = (build: Build = () => {}, options: FastifyServerOptions = {}): Promise<Site> =>
  serveBare(async (app, sessions) => {
    app.register(authentication, { sessions, loginUrl: '/login' });
    app.register(sessionRoutes, { sessions, prefix: '/sessions' });
    signInPage(app);
    await build(app, sessions);
  }, options);

const realmOf = (realm: string): Sessions => createSessions({ store: memoryStore(), realm });

interface Held {
  sends: number;
}

/** Holds every answer up for a while, as a plugin that compresses may, and counts them. */
function heldUp(app: FastifyInstance): void {
  const held: Held = { sends: 0 };
  app.decorate('held', held);
  app.addHook('onSend', async () => {
    held.sends++;
    await new Promise((resolve) => setImmediate(resolve));
  });
}

/** Headers for `inject`, which takes no `null` and no lists. */
const inject = (headers: Headers): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((line): line is [string, string] => typeof line[1] === 'string'));

/** What an app says that cannot start. */
async function refusalOf(build: Build): Promise<unknown> {
  const app = fastify();
  build(app, realmOf('staff'));
  try {
    await app.ready();
  } catch (error) {
    return error;
  } finally {
    await app.close();
  }
  throw new Error('it started');
}

describe('the scope of authentication', () => {
  test('is the one that registers it, and those below; not its siblings', async () => {
    const { browser, store } = await serveBare((app, sessions) => {
      app.register(async (inside) => {
        inside.register(authentication, { sessions });
        signInPage(inside);
        whoPage(inside, '/inside');
        inside.register(async (below) => {
          whoPage(below, '/below');
        });
      });
      app.register(async (sibling) => {
        whoPage(sibling, '/sibling');
        sibling.get('/open', async () => ({ open: true }));
      });
    });
    const mine = browser();
    await mine.signIn('alice');
    for (const path of ['/inside', '/below']) expect((await mine.get(path)).json).toEqual({ user: 'alice' });
    store.forget();
    expect((await mine.get('/sibling')).status).toBe(500);
    expect((await mine.get('/open')).json).toEqual({ open: true });
    expect(store.calls).toEqual([]);
  });

  test('may be one of several, each with its own realm', async () => {
    const realms = ['staff', 'buyer'];
    const { browser } = await serveBare((app) => {
      for (const realm of realms) {
        app.register(
          async (scope) => {
            scope.register(authentication, { sessions: realmOf(realm), property: 'auth' });
            signInPage(scope);
            whoPage(scope, '/me');
          },
          { prefix: `/${realm}` },
        );
      }
    });
    const mine = browser();
    await mine.post('/staff/sign-in?user=alice');
    expect((await mine.get('/staff/me')).json).toEqual({ user: 'alice' });
    expect((await mine.get('/buyer/me')).json).toEqual({ user: null });
    await mine.post('/buyer/sign-in?user=bob');
    expect((await mine.get('/staff/me')).json).toEqual({ user: 'alice' });
    expect((await mine.get('/buyer/me')).json).toEqual({ user: 'bob' });
  });

  test('may have two realms, of which the one that was read last is meant', async () => {
    const staff = realmOf('staff');
    const { browser, sessions } = await serve((app) => {
      app.register(async (scope) => {
        scope.register(authentication, { sessions: staff });
        signInPage(scope, '/staff/sign-in');
        scope.get('/staff', async (request) => ({
          meant: authOf(request).session?.user ?? null,
          named: authOf(request, sessions).session?.user ?? null,
        }));
      });
      whoPage(app, '/me');
    });
    const mine = browser();
    await mine.signIn('alice');
    expect((await mine.get('/staff')).json).toEqual({ meant: null, named: 'alice' });
    await mine.post('/staff/sign-in?user=bob');
    expect((await mine.get('/staff')).json).toEqual({ meant: 'bob', named: 'alice' });
    expect((await mine.get('/me')).json).toEqual({ user: 'alice' });
  });

  test('reaches a 404 of the app', async () => {
    const { signedIn } = await serve((app) =>
      app.setNotFoundHandler(async (request, reply) =>
        reply.code(404).send({ user: authOf(request).session?.user ?? null }),
      ),
    );
    expect(await (await signedIn()).get('/nowhere')).toMatchObject({ status: 404, json: { user: 'alice' } });
  });
});

describe('as a plugin', () => {
  test('each is known by name, and asks for Fastify 5', async () => {
    const { app } = await serve();
    expect(app.hasPlugin('session-revocation/fastify')).toBe(true);
    expect(app.printPlugins()).toContain('session-revocation/fastify/session-routes');
    const meta = Symbol.for('plugin-meta');
    for (const plugin of [authentication, sessionRoutes]) {
      expect(Reflect.get(plugin, meta)).toMatchObject({ fastify: '5.x' });
    }
  });

  test.each<[string, Build]>([
    ['a misspelt option', (app, sessions) => app.register(authentication, { sessions, origin: [] } as never)],
    [
      'a prefix, which authentication has not',
      (app, sessions) => app.register(authentication, { sessions, prefix: '/x' }),
    ],
    ['no sessions', (app) => app.register(authentication, {} as never)],
    [
      'a misspelt option of the routes',
      (app, sessions) => app.register(sessionRoutes, { sessions, action: [] } as never),
    ],
    ['routes without sessions', (app) => app.register(sessionRoutes, { prefix: '/sessions' } as never)],
  ])('%s is refused at start-up', async (_, build) => {
    expect(await refusalOf(build)).toBeInstanceOf(TypeError);
  });

  test('the routes take what Fastify’s own register takes', async () => {
    const { signedIn } = await serve((app, sessions) =>
      app.register(sessionRoutes, { sessions, prefix: '/quiet', logLevel: 'silent', logSerializers: {} }),
    );
    expect(rowsOf(await (await signedIn()).get('/quiet'))).toHaveLength(1);
  });
});

describe('guards', () => {
  describe.each(['onRequest', 'preValidation', 'preHandler'] as const)('as %s', (hook) => {
    test('let pass, or answer in the handler’s place', async () => {
      let runs = 0;
      const { browser, signedIn } = await serve((app) => {
        app.get('/me', { [hook]: requireSession() }, async (request) => ({
          user: sessionOf(request).user,
          run: ++runs,
        }));
        app.get(
          '/keys',
          { [hook]: [requireSession(), requireRecentSignIn({ maxAge: '5m', amr: ['otp'] })] },
          async () => ({
            run: ++runs,
          }),
        );
      });
      expectProblem(await browser().get('/me'), 401, 'session-required');
      expect(await browser().get('/me', NAVIGATION)).toMatchObject({
        status: 303,
        headers: { location: '/login?returnTo=%2Fme' },
      });
      const mine = await signedIn();
      expectProblem(await mine.get('/keys'), 401, 'sign-in-not-recent');
      expect(runs).toBe(0);
      expect((await mine.get('/me')).json).toEqual({ user: 'alice', run: 1 });
    });

    test('guard a whole scope', async () => {
      const { browser, signedIn } = await serve((app) =>
        app.register(async (scope) => {
          // Each overload of `addHook` takes one name.
          if (hook === 'onRequest') scope.addHook(hook, requireSession());
          else if (hook === 'preHandler') scope.addHook(hook, requireSession());
          else scope.addHook(hook, requireSession());
          whoPage(scope, '/guarded');
        }),
      );
      expect((await browser().get('/guarded')).status).toBe(401);
      expect((await (await signedIn()).get('/guarded')).json).toEqual({ user: 'alice' });
    });

    test('answer once, also where the answer is held up by the app', async () => {
      let runs = 0;
      const count = async (): Promise<void> => void ++runs;
      const { app, signedIn, browser } = await serve((app) => {
        app.get('/me', { [hook]: [requireSession(), count] }, count);
        app.get('/keys', { [hook]: [requireRecentSignIn({ maxAge: '5m', amr: ['otp'] }), count] }, count);
        heldUp(app);
      });
      expectProblem(await browser().get('/me'), 401, 'session-required');
      expectProblem(await (await signedIn()).get('/keys'), 401, 'sign-in-not-recent');
      expect([runs, app.getDecorator<Held>('held').sends]).toEqual([0, 3]);
    });

    test('without authentication before them say so', async () => {
      const errors: unknown[] = [];
      const { browser } = await serveBare((app) => {
        app.setErrorHandler(async (error, _, reply) => {
          errors.push(error);
          return reply.code(500).send({});
        });
        app.get('/me', { [hook]: requireSession() }, async () => ({}));
      });
      expect((await browser().get('/me')).status).toBe(500);
      expect(errors).toEqual([expect.any(TypeError)]);
      expect(String(errors[0])).toContain('app.register(authentication, { sessions })');
    });
  });

  test('read nothing of a body that they refuse', async () => {
    let parsed = 0;
    const { browser } = await serve((app) => {
      app.addContentTypeParser('application/json', { parseAs: 'string' }, async () => ++parsed);
      app.post('/notes', { onRequest: requireSession() }, async () => ({}));
    });
    expect((await browser().post('/notes', JSON_TYPE, '{}')).status).toBe(401);
    expect(parsed).toBe(0);
  });

  test('answer a HEAD as the GET, without the body', async () => {
    const { browser, signedIn } = await serve((app) =>
      app.get('/me', { onRequest: requireSession() }, async (request) => ({ user: sessionOf(request).user })),
    );
    const refused = await browser().request('HEAD', '/me');
    expect(refused).toMatchObject({ status: 401, text: '', headers: { 'content-type': 'application/problem+json' } });
    expect(await (await signedIn()).request('HEAD', '/me')).toMatchObject({ status: 200, text: '' });
  });
});

describe('bodies of the routes', () => {
  const withApp: readonly [string, Build][] = [
    ['an app without parsers of its own', () => {}],
    ['an app with @fastify/formbody', (app) => app.register(formbody)],
    ['an app that refuses JSON', (app) => app.removeContentTypeParser('application/json')],
    [
      'an app that keeps text',
      (app) => app.addContentTypeParser('*', { parseAs: 'string' }, async (_: unknown, body: string) => body),
    ],
  ];

  describe.each(withApp)('in %s', (_, build) => {
    // The parsers are there before the routes, as a scope takes over those of its parent.
    const open = (options: FastifyServerOptions = {}): Promise<Site> =>
      serveBare(async (app, sessions) => {
        await build(app, sessions);
        app.register(authentication, { sessions });
        app.register(sessionRoutes, { sessions, prefix: '/sessions' });
        signInPage(app);
      }, options);

    test('promised by a type and empty, of a POST', async () => {
      const mine = await (await open()).signedIn();
      expect((await mine.post('/sessions/sign-out', JSON_TYPE)).status).toBe(204);
    });

    test('promised by a type and empty, of a DELETE', async () => {
      const { browser, signedIn } = await open();
      const mine = await signedIn();
      const id = await browser().signIn('alice');
      expect((await mine.request('DELETE', `/sessions/${id}`, JSON_TYPE)).status).toBe(204);
      expect(rowsOf(await mine.get('/sessions'))).toHaveLength(1);
    });

    test('of a DELETE, which reads none', async () => {
      const { browser, signedIn } = await open();
      const mine = await signedIn();
      const id = await browser().signIn('alice');
      // Node frames the body of a DELETE only where it is told its length.
      const headers = { ...JSON_TYPE, 'content-length': '1' };
      expect((await mine.request('DELETE', `/sessions/${id}`, headers, '{')).status).toBe(204);
    });

    test('a form', async () => {
      const mine = await (await open()).signedIn();
      const answer = await mine.post('/sessions/sign-out', FORM, 'returnTo=%2Fbye');
      expect(answer).toMatchObject({ status: 303, headers: { location: '/bye' } });
    });

    test('malformed JSON is the routes’ own 400', async () => {
      const mine = await (await open()).signedIn();
      expectProblem(await mine.post('/sessions/sign-out', JSON_TYPE, '{'), 400, 'bad-request');
    });

    test('what the app finds too large is measured by the routes', async () => {
      const mine = await (await open({ bodyLimit: 10 })).signedIn();
      const large = await mine.post('/sessions/sign-out', FORM, `a=${'x'.repeat(20_000)}`);
      expectProblem(large, 413, 'body-too-large');
      expect((await mine.post('/sessions/sign-out', FORM, 'returnTo=%2Fbye')).status).toBe(303);
    });
  });

  test('come as the app’s preParsing hooks hand them on', async () => {
    const { app, sessions } = await serveBare((app, sessions) => {
      app.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(createGunzip()));
      app.register(authentication, { sessions });
      app.register(sessionRoutes, { sessions, prefix: '/sessions' });
    });
    const started = await sessions.start({ user: 'alice', fence: await sessions.fence({ user: 'alice' }) });
    const { statusCode, headers } = await app.inject({
      method: 'POST',
      url: '/sessions/sign-out',
      headers: { ...inject(FORM), cookie: `__Host-default-session=${started.ok && started.token}` },
      payload: gzipSync('returnTo=%2Fbye'),
    });
    expect({ statusCode, location: headers.location }).toEqual({ statusCode: 303, location: '/bye' });
  });

  test('are left to the app on its own routes', async () => {
    const { browser } = await serve((app) => {
      app.register(formbody);
      app.post('/echo', async (request) => ({ body: request.body }));
    });
    expect((await browser().post('/echo', JSON_TYPE, '{"a":1}')).json).toEqual({ body: { a: 1 } });
    expect((await browser().post('/echo', FORM, 'a=1')).json).toEqual({ body: { a: '1' } });
    expect((await browser().post('/echo', JSON_TYPE)).status).toBe(400);
  });
});

describe('the routes', () => {
  test('are registered at several prefixes, also with a parameter or a slash at its end', async () => {
    const prefixes = ['/sessions', '/a/sessions', '/orgs/:org/sessions', '/slash/'];
    const { signedIn } = await serveBare((app, sessions) => {
      app.register(authentication, { sessions });
      signInPage(app);
      for (const prefix of prefixes) app.register(sessionRoutes, { sessions, prefix });
    });
    for (const path of ['/sessions', '/a/sessions', '/orgs/acme/sessions', '/slash']) {
      const mine = await signedIn();
      expect(rowsOf(await mine.get(`${path}/`))).toHaveLength(1);
      expect((await mine.get(`${path}/policy?x=1`)).json).toMatchObject({ signOut: 'session' });
      expect((await mine.delete(`${path}/${'A'.repeat(22)}`)).json).toMatchObject({ title: 'No such session' });
      expect((await mine.post(`${path}/sign-out-everywhere`)).status).toBe(204);
    }
  });

  test('are registered in a scope that has the prefix', async () => {
    const { signedIn } = await serve((app, sessions) =>
      app.register(async (scope) => void scope.register(sessionRoutes, { sessions }), { prefix: '/scope' }),
    );
    const mine = await signedIn();
    for (const path of ['/scope', '/scope/']) expect(rowsOf(await mine.get(path))).toHaveLength(1);
    expect((await mine.post('/scope/sign-out')).status).toBe(204);
  });

  test('are found as the router is set up', async () => {
    const routerOptions = { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: false };
    const { signedIn } = await serve(() => {}, { routerOptions });
    const mine = await signedIn();
    for (const path of ['/sessions', '/sessions/', '//Sessions']) expect(rowsOf(await mine.get(path))).toHaveLength(1);
    expect((await mine.post('/SESSIONS//sign-out/')).status).toBe(204);
  });

  test('are found by an absolute request line', async () => {
    const { url, signedIn } = await serve();
    const { session } = await signedIn();
    const lines = ['GET http://x/sessions/policy HTTP/1.1', 'Host: x', `Cookie: ${session}`, 'Connection: close'];
    expect(await sendRaw(url, `${lines.join('\r\n')}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 [\s\S]*"signOut":"session"/);
  });

  test.each(['GET', 'POST', 'PATCH', 'OPTIONS'])(
    'leave a path that is none of them to the app’s own 404: %s',
    async (method) => {
      const { browser, signedIn } = await serve((app) =>
        app.setNotFoundHandler(async (request, reply) =>
          reply.code(404).send({ lost: request.url, body: request.body }),
        ),
      );
      for (const one of [browser(), await signedIn()]) {
        const body = method === 'GET' ? '' : '{}';
        const headers = { ...JSON_TYPE, 'content-length': String(body.length) };
        const answer = await one.request(method, '/sessions/a/b', headers, body);
        expect(answer).toMatchObject({ status: 404, json: { lost: '/sessions/a/b' } });
        expect(answer.json).not.toHaveProperty('body');
      }
    },
  );

  test('answer once, also where the answer is held up by the app', async () => {
    const { app, browser } = await serve(heldUp);
    expectProblem(await browser().get('/sessions'), 401, 'session-required');
    expect((await browser().get('/sessions/a/b')).status).toBe(404);
    expect(app.getDecorator<Held>('held').sends).toBe(2);
  });

  test('leave a path that the app has a route for', async () => {
    const { signedIn } = await serve((app) => app.get('/sessions/help', async () => ({ help: true })));
    const mine = await signedIn();
    expect((await mine.get('/sessions/help')).json).toEqual({ help: true });
    expect((await mine.post('/sessions/help')).status).toBe(404);
  });

  test('answer a HEAD as the GET, without the body', async () => {
    const mine = await (await serve()).signedIn();
    const { date: _, ...headers } = (await mine.get('/sessions')).headers;
    expect(await mine.request('HEAD', '/sessions')).toMatchObject({ status: 200, text: '', headers });
  });

  test('are served over HTTP/2', async () => {
    const sessions = realmOf('default');
    const app = fastify({ http2: true, http2SessionTimeout: 1000 });
    app.register(authentication, { sessions });
    app.register(sessionRoutes, { sessions, prefix: '/sessions' });
    app.get('/me', { onRequest: requireSession() }, async (request) => ({ user: sessionOf(request).user }));
    const client = connect(await app.listen({ host: '127.0.0.1', port: 0 }));
    onTestFinished(async () => {
      client.close();
      await app.close();
    });
    const started = await sessions.start({ user: 'alice', fence: await sessions.fence({ user: 'alice' }) });
    const cookie = `__Host-default-session=${started.ok && started.token}`;
    const ask = async (headers: Record<string, string>, body = ''): Promise<unknown> => {
      const stream = client.request(
        { 'sec-fetch-site': 'same-origin', cookie, ...headers },
        { endStream: body === '' },
      );
      if (body !== '') stream.end(body);
      const [answer] = await once(stream, 'response');
      return [answer[':status'], answer.location, await text(stream)];
    };
    expect(await ask({ ':path': '/me' })).toEqual([200, undefined, '{"user":"alice"}']);
    const form = { ':method': 'POST', ':path': '/sessions/sign-out', ...inject(FORM) };
    expect(await ask(form, 'returnTo=%2Fbye')).toEqual([303, '/bye', '']);
    expect(await ask({ ':path': '/me' })).toEqual([401, undefined, expect.stringContaining('session-required')]);
  });

  test('are told what the client asked for, where the app rewrites it', async () => {
    const rewriteUrl = ({ url = '' }: { readonly url?: string | undefined }): string => url.replace('/v1/', '/');
    const { browser } = await serve(() => {}, { rewriteUrl });
    const { headers } = await browser().get('/v1/sessions?limit=5', NAVIGATION);
    expect(headers.location).toBe('/login?returnTo=%2Fv1%2Fsessions%3Flimit%3D5');
  });

  test('are called without a socket: inject', async () => {
    const { app, signedIn } = await serve();
    const headers = { ...inject(FORM), cookie: (await signedIn()).session };
    const listed = await app.inject({ url: '/sessions', headers });
    expect(listed.json()).toMatchObject({ sessions: [{ user: 'alice', current: true }] });
    const left = await app.inject({ method: 'POST', url: '/sessions/sign-out', headers, payload: 'returnTo=%2Fbye' });
    expect({ status: left.statusCode, location: left.headers.location }).toEqual({ status: 303, location: '/bye' });
    expect((await app.inject({ url: '/sessions', headers })).headers.location).toMatch(/^\/login/);
  });
});

describe('what is thrown', () => {
  const open = (): Promise<Site> =>
    serve((app) => {
      app.route({ method: ['GET', 'POST'], url: '/me', handler: async (request) => sessionOf(request).user });
      app.post('/password', async (request) => authOf(request).trigger('passwordChanged'));
    });

  test('for want of a session is a 401 with its challenge', async () => {
    const answer = await (await open()).browser().get('/me');
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Session realm="default"' },
      json: { statusCode: 401, code: 'SESSION_REQUIRED' },
    });
  });

  test('across origins is a 403', async () => {
    const mine = await (await open()).signedIn();
    for (const path of ['/me', '/password']) {
      const answer = await mine.post(path, { 'sec-fetch-site': 'cross-site' });
      expect(answer).toMatchObject({ status: 403, json: { code: 'SESSION_CROSS_ORIGIN' } });
    }
  });

  test('in an outage is a 503 that tells nothing of the store', async () => {
    const site = await open();
    const mine = await site.signedIn();
    site.store.state = 'throws';
    const answer = await mine.get('/me');
    expect(answer).toMatchObject({ status: 503, json: { code: 'SESSION_STORE_UNAVAILABLE' }, setCookies: [] });
    expect(answer.text).not.toMatch(/ECONN|10\.0\.0\.7|SELECT/);
  });
});

describe('the address', () => {
  test.each([
    ['is the socket’s', {}, '127.0.0.1'],
    ['is the forwarded one, where the proxy is trusted', { trustProxy: 'loopback' }, '203.0.113.9'],
    ['is the socket’s, where another proxy is trusted', { trustProxy: '10.0.0.1' }, '127.0.0.1'],
  ])('%s', async (_, options, ip) => {
    const { browser } = await serve(() => {}, options);
    const mine = browser();
    const forged = {
      'x-forwarded-for': '203.0.113.9',
      'x-real-ip': '198.51.100.1',
      forwarded: 'for=198.51.100.2',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
    };
    await mine.post('/sign-in?user=alice', forged);
    expect(rowsOf(await mine.get('/sessions'))).toMatchObject([{ device: { ip } }]);
    const { headers } = await browser().get('/sessions', { ...NAVIGATION, ...forged });
    expect(headers.location).toBe('/login?returnTo=%2Fsessions');
  });
});

describe('a property', () => {
  test('is the Auth of its own realm', async () => {
    const staff = realmOf('staff');
    const { signedIn } = await serveBare((app, sessions) => {
      app.register(authentication, { sessions, property: 'auth' });
      app.register(authentication, { sessions: staff, property: 'staff' });
      app.post<{ Querystring: { user: string } }>('/sign-in', async (request) => {
        const auth = request.getDecorator<Auth>('auth');
        const { ok, session } = await auth.signIn({ user: request.query.user, verify: () => true });
        return { ok, id: session?.id, same: auth === authOf(request, sessions) };
      });
      app.get('/me', async (request) =>
        ['auth', 'staff'].map((name) => request.getDecorator<Auth>(name).session?.user ?? null),
      );
    });
    expect((await (await signedIn()).get('/me')).json).toEqual(['alice', null]);
  });

  test('is not there by default', async () => {
    const { app } = await serve();
    expect(app.hasRequestDecorator('auth')).toBe(false);
  });

  test.each(['auth', 'ip', 'headers', 'body', 'toString', '', 7])(
    'may not be %j, which is taken or no name',
    async (property) => {
      const error = await refusalOf((app, sessions) => {
        app.decorateRequest('auth', null);
        app.register(authentication, { sessions, property: property as string });
      });
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toMatch(/property/);
    },
  );

  test('may not be that of another realm', async () => {
    const error = await refusalOf((app, sessions) => {
      app.register(authentication, { sessions, property: 'auth' });
      app.register(authentication, { sessions: realmOf('buyer'), property: 'auth' });
    });
    expect(String(error)).toContain('request.auth is there already');
  });
});

describe('cookies', () => {
  test('of the app and ours leave together, also by @fastify/cookie', async () => {
    const { browser } = await serveBare((app, sessions) => {
      app.register(cookie);
      app.register(authentication, { sessions });
      app.post('/sign-in', async (request, reply) => {
        reply.header('set-cookie', 'theme=dark; Path=/').setCookie('lang', 'de', { path: '/' });
        await authOf(request).signIn({ user: 'alice', verify: () => true });
        await authOf(request).renew();
        return {};
      });
    });
    const { setCookies } = await browser().post('/sign-in');
    expect(setCookies.map((line) => line.split('=')[0]).sort()).toEqual(['__Host-default-session', 'lang', 'theme']);
  });
});
