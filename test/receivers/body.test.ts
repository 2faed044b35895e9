import { request as ask, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import Koa from 'koa';
import { nodeListener, type Receiver } from 'session-revocation/receivers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readBody } from '../../adapters/receivers/shared/body.ts';
import { AS_APP, EndpointRealm } from './support/endpoints.ts';

const FORM = 'application/x-www-form-urlencoded';
const LIMIT = 32 * 1024;

/** A request whose body comes in these parts. It never ends if `isOpen`. */
function requestOf(parts: readonly (string | Uint8Array)[], headers: Record<string, string> = {}, isOpen = false) {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(typeof part === 'string' ? Buffer.from(part) : part);
      if (!isOpen) controller.close();
    },
  });
  const init = { method: 'POST', body, duplex: 'half', headers: { 'content-type': FORM, ...headers } };
  return new Request('http://localhost/', init as RequestInit);
}

describe('the body of a request', () => {
  test('is refused at the first byte too many, and the connection closes', async () => {
    const { revoke } = new EndpointRealm();
    for (const asked of [
      requestOf(['token=', 'x'.repeat(LIMIT - 5)], AS_APP),
      requestOf(['token=', 'x'.repeat(LIMIT)], AS_APP, true),
      requestOf(['token=x'], { ...AS_APP, 'content-length': String(LIMIT + 1) }, true),
    ]) {
      const answer = await revoke(asked);
      expect([answer.status, answer.headers.get('connection')]).toEqual([413, 'close']);
      expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
    }
    expect((await revoke(requestOf(['token=', 'x'.repeat(LIMIT - 6)], AS_APP))).status).toBe(200);
  });

  test('is refused if it does not arrive in time', async () => {
    const late = readBody(requestOf(['token=x'], {}, true), FORM, { bytes: 100, timeout: 20 });
    await expect(late).rejects.toMatchObject({
      status: 408,
      code: 'invalid_request',
      headers: { connection: 'close' },
    });
  });

  test('is refused if it breaks off, or is not UTF-8', async () => {
    const { revoke } = new EndpointRealm();
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error('reset')) });
    const init = { method: 'POST', body: broken, duplex: 'half', headers: { 'content-type': FORM, ...AS_APP } };
    for (const asked of [
      new Request('http://localhost/', init as RequestInit),
      requestOf([Buffer.from([0x74, 0x3d, 0xff])], AS_APP),
    ]) {
      expect((await revoke(asked)).status).toBe(400);
    }
  });

  test('may come in any parts, and may be missing', async () => {
    const { revoke } = new EndpointRealm();
    expect((await revoke(requestOf(['to', 'ken', '=%', '41'], AS_APP))).status).toBe(200);
    const bare = new Request('http://localhost/', { method: 'POST', headers: { 'content-type': FORM, ...AS_APP } });
    expect((await revoke(bare)).status).toBe(400);
  });

  test('that was read before is a mistake of the app', async () => {
    const { revoke } = new EndpointRealm();
    const asked = requestOf(['token=x'], AS_APP);
    await asked.text();
    await expect(revoke(asked)).rejects.toThrow(/read already: mount the receiver before/);
  });
});

/** Serves a listener on a free port, and returns its port. */
async function serve(listener: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer({}, listener as never);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('nodeListener', () => {
  test('mounts a receiver in Express, before parsers of bodies', async () => {
    const realm = new EndpointRealm();
    const { accessToken, refreshToken } = await realm.grant();
    const app = express();
    app.use('/revoke', nodeListener(realm.revoke));
    app.post('/introspect', nodeListener(realm.introspect));
    app.use(express.urlencoded({ extended: false }));
    app.post('/late', nodeListener(realm.revoke));
    app.use((error: Error, _: unknown, response: express.Response, __: unknown) => {
      response.status(500).send(error.message);
    });
    const port = await serve(app);
    const post = (path: string, token: string) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: AS_APP,
        body: new URLSearchParams({ token }),
      });

    expect(await (await post('/introspect', accessToken)).json()).toMatchObject({ active: true });
    const revoked = await post('/revoke', refreshToken);
    expect([revoked.status, await revoked.text(), revoked.headers.get('cache-control')]).toEqual([200, '', 'no-store']);
    expect(await (await post('/introspect', accessToken)).text()).toBe('{"active":false}');
    expect((await fetch(`http://127.0.0.1:${port}/revoke`)).status).toBe(405);
    expect((await fetch(`http://127.0.0.1:${port}/revoke`, { method: 'PUT', body: 'x' })).status).toBe(405);
    const late = await post('/late', accessToken);
    expect([late.status, await late.text()]).toEqual([500, expect.stringContaining('read already')]);
  });

  test('mounts a receiver in Koa and in Fastify, as docs/receivers.md says', async () => {
    const listener = nodeListener(new EndpointRealm().revoke);
    const koa = new Koa().use((ctx) => {
      ctx.respond = false;
      return listener(ctx.req, ctx.res);
    });
    const app = fastify();
    app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
      scope.post('/', (request, reply) => {
        reply.hijack();
        return listener(request.raw, reply.raw);
      });
    });
    onTestFinished(() => app.close());
    const urls = [`http://127.0.0.1:${await serve(koa.callback())}/`, await app.listen({ port: 0, host: '127.0.0.1' })];
    for (const url of urls) {
      const statusOf = async (headers: Record<string, string>): Promise<number> =>
        (await fetch(url, { method: 'POST', headers, body: new URLSearchParams({ token: 'x' }) })).status;
      expect(await statusOf(AS_APP)).toBe(200);
      expect(await statusOf({})).toBe(401);
      expect(await statusOf({ ...AS_APP, 'content-type': 'text/plain' })).toBe(415);
    }
  });

  test('answers a body that is too large while the client sends it', async () => {
    const port = await serve(nodeListener(new EndpointRealm().revoke));
    const status = await new Promise((resolve, reject) => {
      const sent = ask({ port, method: 'POST', headers: { 'content-type': FORM } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject);
      sent.write('token='.padEnd(LIMIT + 1, 'x'));
    });
    expect(status).toBe(413);
  });

  test('refuses credentials that come in two lines, and the method TRACE', async () => {
    const port = await serve(nodeListener(new EndpointRealm().revoke));
    const status = (head: string, body = '') =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () =>
          socket.end(`${head}\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
        );
        socket.once('error', reject).once('data', (data) => resolve(data.toString().slice(9, 12)));
      });
    const line = `Authorization: ${AS_APP.authorization}`;
    expect(await status(`POST / HTTP/1.1\r\n${line}`, 'token=x')).toBe('200');
    expect(await status(`POST / HTTP/1.1\r\n${line}\r\n${line}`, 'token=x')).toBe('401');
    expect(await status('TRACE / HTTP/1.1')).toBe('405');
  });

  test('answers 500 if the receiver fails and no error handler is there', async () => {
    const failing: Receiver = () => Promise.reject(new Error('secret text'));
    const port = await serve(nodeListener(failing));
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' });
    expect([answer.status, await answer.text()]).toEqual([500, '']);
  });
});
