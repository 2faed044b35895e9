import { once } from 'node:events';
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { fastify } from 'fastify';
import { authentication, requireSession, sessionOf, sessionRoutes } from 'session-revocation/fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NAVIGATION, sendRaw } from './http/browser.ts';
import { expectProblem, rowsOf } from './http/expectations.ts';
import {
  FORM,
  type Held,
  heldUp,
  inject,
  JSON_TYPE,
  realmOf,
  serve,
  serveBare,
  signInPage,
} from './support/fastify-site.ts';

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
    const app = fastify({ http2: true, pluginTimeout: 0 });
    app.register(authentication, { sessions });
    app.register(sessionRoutes, { sessions, prefix: '/sessions' });
    app.get('/me', { onRequest: requireSession() }, async (request) => ({ user: sessionOf(request).user }));
    const client = connect(await app.listen({ host: '127.0.0.1', port: 0 }));
    onTestFinished(async () => {
      await new Promise<void>((resolve) => client.close(resolve));
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
