import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import express from 'express';
import { fastify } from 'fastify';
import { createSessions } from 'session-revocation';
import { authentication, authOf } from 'session-revocation/express';
import * as onFastify from 'session-revocation/fastify';
import { memoryStore } from 'session-revocation/memory';
import { expect, onTestFinished, test } from 'vitest';
import { Browser, CHROME_ON_MAC } from './http/browser.ts';
import { listen } from './http/framework.ts';

/** Returns the process warnings that sign-ins for these hosts cause. */
async function warningsOf(hosts: readonly string[], secure: boolean): Promise<readonly NodeJS.ErrnoException[]> {
  const warnings: Error[] = [];
  const note = (warning: Error): unknown => warnings.push(warning);
  process.on('warning', note);
  const sessions = createSessions({ store: memoryStore() });
  const app = express().use(authentication(sessions, { cookie: { secure } }));
  app.post('/', async (request, response) => {
    const { ok } = await authOf(request).signIn({ user: 'ann', verify: () => true });
    response.json({ ok });
  });
  const { url, close } = await listen(app);
  onTestFinished(async () => {
    process.off('warning', note);
    await close();
    await sessions.close();
  });
  for (const host of hosts) {
    expect((await new Browser(url, CHROME_ON_MAC).post('/', { host })).json).toEqual({ ok: true });
  }
  return warnings.filter(({ name }) => name === 'SessionRevocationWarning');
}

const HERE = ['localhost', 'LOCALHOST:3000', 'app.localhost', '127.0.0.1:80', '127.1.2.3', '[::1]:3000', 'localhost.'];
const ELSEWHERE = ['app.example.org', 'localhost.example.org', 'notlocalhost', '192.168.0.7:3000', '127.0.0.1.nip.io'];

test('a cookie without Secure is warned of once in a process, where its host is not this machine', async () => {
  expect(await warningsOf(HERE, false), 'this machine').toEqual([]);
  expect(await warningsOf(ELSEWHERE, true), 'with Secure').toEqual([]);
  const [warning, ...others] = await warningsOf([...ELSEWHERE, ...ELSEWHERE], false);
  expect(warning?.code).toBe('SESSION_COOKIE_INSECURE');
  expect(warning?.message).toContain('cookie.secure: false');
  expect(warning?.message, 'a client chooses its Host').not.toContain('example');
  expect(others).toEqual([]);
});

test('of an HTTP/2 request, the host is its authority', async () => {
  Reflect.deleteProperty(process, Symbol.for('session-revocation.insecure-cookie'));
  const warnings: Error[] = [];
  const note = (warning: Error): unknown => warnings.push(warning);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  const sessions = createSessions({ store: memoryStore() });
  const app = fastify({ http2: true });
  app.register(onFastify.authentication, { sessions, cookie: { secure: false } });
  app.post('/', async (request) => onFastify.authOf(request).signIn({ user: 'ann', verify: () => true }));
  const client = connect(await app.listen({ port: 0, host: '127.0.0.1' }));
  onTestFinished(async () => {
    client.destroy();
    await app.close();
    await sessions.close();
  });
  const request = { ':method': 'POST', 'sec-fetch-site': 'same-origin' };
  for (const authority of ['localhost:3000', 'app.example.org']) {
    expect(warnings).toEqual([]);
    const answer = JSON.parse(await text(client.request({ ...request, ':authority': authority }).end()));
    expect(answer).toMatchObject({ ok: true });
  }
  expect(warnings).toMatchObject([{ code: 'SESSION_COOKIE_INSECURE' }]);
});

test.each(ELSEWHERE)('%s is not this machine', async (host) => {
  Reflect.deleteProperty(process, Symbol.for('session-revocation.insecure-cookie'));
  expect(await warningsOf([host], false)).toHaveLength(1);
});
