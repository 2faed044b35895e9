import { createGunzip, gzipSync } from 'node:zlib';
import formbody from '@fastify/formbody';
import type { FastifyServerOptions } from 'fastify';
import { authentication, sessionRoutes } from 'session-revocation/fastify';
import { describe, expect, test } from 'vitest';
import { expectProblem, rowsOf } from './http/expectations.ts';
import {
  type Build,
  FORM,
  inject,
  JSON_TYPE,
  type Site,
  serve,
  serveBare,
  signInPage,
} from './support/fastify-site.ts';

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

  test('of no media type pass the app’s hooks, as any other does', async () => {
    const types: unknown[] = [];
    const { signedIn } = await serveBare((app, sessions) => {
      app.register(authentication, { sessions });
      app.addHook('preHandler', async (request, reply) => {
        types.push(request.headers['content-type']);
        if (request.headers['x-refuse'] !== undefined) return reply.code(418).send({});
      });
      app.register(sessionRoutes, { sessions, prefix: '/sessions' });
      signInPage(app);
    });
    const mine = await signedIn();
    const type = { 'content-type': 'nonsense' };
    expect((await mine.post('/sessions/sign-out', { ...type, 'x-refuse': '1' }, 'x')).status).toBe(418);
    expectProblem(await mine.post('/sessions/sign-out', type, 'x'), 415, 'unsupported-media-type');
    types.length = 0;
    expect((await mine.post('/sessions/sign-out', JSON_TYPE, '{}')).status).toBe(204);
    expect(types).toEqual(['application/json']);
  });

  test('of no media type are Fastify’s own to refuse on the app’s routes', async () => {
    const { browser } = await serve((app) => app.post('/echo', async () => ({})));
    for (const type of ['nonsense', '']) {
      const answer = await browser().post('/echo', { 'content-type': type }, 'x');
      expect(answer).toMatchObject({ status: 415, json: { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' } });
    }
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
