import cookie from '@fastify/cookie';
import { type Auth, authentication, authOf, sessionRoutes } from 'session-revocation/fastify';
import { describe, expect, test } from 'vitest';
import { rowsOf } from './http/expectations.ts';
import { type Build, realmOf, refusalOf, serve, serveBare, signInPage, whoPage } from './support/fastify-site.ts';

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
  test('each is known by name, and asks for Fastify 4 or 5', async () => {
    const { app } = await serve();
    expect(app.hasPlugin('session-revocation/fastify')).toBe(true);
    expect(app.printPlugins()).toContain('session-revocation/fastify/session-routes');
    const meta = Symbol.for('plugin-meta');
    for (const plugin of [authentication, sessionRoutes]) {
      expect(Reflect.get(plugin, meta)).toMatchObject({ fastify: '4.x || 5.x' });
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
    expect(String(error)).toContain('request.auth already exists');
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

  test.each<[string, (auth: Auth) => Promise<unknown>]>([
    ['signIn', (auth) => auth.signIn({ user: 'bob', verify: () => true })],
    ['renew', (auth) => auth.renew()],
    ['signOut', (auth) => auth.signOut()],
    ['signOutOthers', (auth) => auth.signOutOthers()],
    ['signOutEverywhere', (auth) => auth.signOutEverywhere()],
    ['trigger', (auth) => auth.trigger('passwordChanged')],
  ])('of a reply that was hijacked cannot be set: %s is a TypeError, and does nothing', async (_, act) => {
    const { browser, sessions, signedIn } = await serveBare((app, sessions) => {
      app.register(authentication, { sessions });
      signInPage(app);
      whoPage(app, '/me');
      app.post('/late', async (request, reply) => {
        reply.hijack();
        const error: unknown = await act(authOf(request)).then(
          () => null,
          (reason) => reason,
        );
        reply.raw.end(String(error));
      });
    });
    const [mine, other] = [await signedIn(), browser()];
    await other.signIn('alice');
    const { text, setCookies } = await mine.post('/late');
    expect([text, setCookies]).toEqual([expect.stringMatching(/^TypeError: .*the cookie can no longer be set$/), []]);
    for (const one of [mine, other]) expect((await one.get('/me')).json).toEqual({ user: 'alice' });
    expect((await sessions.list({ user: 'bob' })).sessions).toEqual([]);
  });
});
