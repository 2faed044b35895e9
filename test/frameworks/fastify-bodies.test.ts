import { once } from 'node:events';
import { connect } from 'node:http2';
import { createGunzip, gzipSync } from 'node:zlib';
import formbody from '@fastify/formbody';
import type { FastifyServerOptions } from 'fastify';
import { authentication, sessionRoutes } from 'session-revocation/fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
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
    // Registers the parsers before the routes, because a scope inherits the parsers of its parent.
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

    test('of a DELETE, which takes none', async () => {
      const { browser, signedIn } = await open();
      const mine = await signedIn();
      const id = await browser().signIn('alice');
      // Node frames the body of a DELETE only if the length is given.
      const headers = { ...JSON_TYPE, 'content-length': '1' };
      expectProblem(await mine.request('DELETE', `/sessions/${id}`, headers, '{'), 400, 'bad-request');
      expect(rowsOf(await mine.get('/sessions'))).toHaveLength(2);
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

    test.each([
      ['the app’s, where that is smaller', 13],
      ['the routes’, where that is smaller', 1024 * 1024],
    ])('are measured by one limit: %s', async (_, bodyLimit) => {
      const mine = await (await open({ bodyLimit })).signedIn();
      const body = (size: number): string => 'returnTo=%2F'.padEnd(size, 'x');
      const most = Math.min(bodyLimit, 16 * 1024);
      const large = await mine.post('/sessions/sign-out', FORM, body(most + 1));
      expectProblem(large, 413, 'body-too-large');
      expect(large.json?.detail).toContain(`${most} bytes`);
      expect((await mine.post('/sessions/sign-out', FORM, body(most))).status).toBe(303);
    });
  });

  test('without an end, over HTTP/2, are refused at the limit: the stream closes, and the connection goes on', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const { url, sessions } = await serveBare(
      (app, sessions) => {
        app.register(authentication, { sessions });
        app.register(sessionRoutes, { sessions, prefix: '/sessions' });
      },
      { http2: true } as FastifyServerOptions,
    );
    const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
    const cookie = `__Host-default-session=${started.ok && started.token}`;
    const client = connect(url);
    onTestFinished(() => client.destroy());
    const headers = { ':path': '/sessions/sign-out', cookie, 'sec-fetch-site': 'same-origin', ...JSON_TYPE };
    const endless = client.request({ ':method': 'POST', ...headers }, { endStream: false });
    const chunk = Buffer.alloc(8192, 'x');
    const send = (): void => {
      while (!endless.destroyed && endless.write(chunk));
    };
    endless.on('drain', send);
    send();
    endless.resume();
    const [answer] = await once(endless, 'response');
    expect(answer).toMatchObject({ ':status': 413, 'content-type': 'application/problem+json' });
    // The server resets the stream, without an error code.
    await once(endless, 'aborted');
    expect(endless.rstCode).toBe(0);
    const list = client.request({ ':path': '/sessions', cookie });
    expect((await once(list, 'response'))[0]).toMatchObject({ ':status': 200 });
    expect(warnings.filter(({ name }) => name === 'UnsupportedWarning')).toEqual([]);
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
