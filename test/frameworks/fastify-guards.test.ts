import { authOf, requireRecentSignIn, requireSession, sessionOf } from 'session-revocation/fastify';
import { describe, expect, test } from 'vitest';
import { NAVIGATION } from './http/browser.ts';
import { expectProblem } from './http/expectations.ts';
import { type Held, heldUp, JSON_TYPE, type Site, serve, serveBare, whoPage } from './support/fastify-site.ts';

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
