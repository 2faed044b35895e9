import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createSessions } from 'session-revocation';
import { adapterHandle } from 'session-revocation/adapter';
import { authentication, requireSession, sessionOf } from 'session-revocation/express';
import { expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../services/index.ts';
import { hasRedis } from '../services/redis.ts';
import { newPlace, openStore } from '../services/stores.ts';
import { until } from '../services/until.ts';
import { MAX_TRIAL } from './trial.ts';

/** In ms. Long enough that even a busy machine answers some requests within it. */
const MAX_STALENESS = 3_000;

test.skipIf(!hasRedis())(
  'over HTTP, memory accepts for maxStaleness after a server was killed, then answers 503, and goes on when the server is back',
  { timeout: MAX_TRIAL },
  async () => {
    const server = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    onTestFinished(() => server.stop());
    const place = await newPlace('redis', server.url);
    const { store, end } = openStore(place);
    onTestFinished(end);
    const sessions = createSessions({ store, freshness: { maxStaleness: MAX_STALENESS }, timeout: '1s' });
    onTestFinished(() => sessions.close());
    await sessions.setup();
    const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
    if (!started.ok) expect.fail(started.reason);

    const app = express().use(authentication(sessions, { cookie: { name: 'session', secure: false } }));
    app.get('/', requireSession(), (request, response) => void response.send(sessionOf(request).user));
    const http = createServer(app).listen(0, '127.0.0.1');
    onTestFinished(() => void http.close());
    await once(http, 'listening');
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
    const get = async () => {
      const sentAt = performance.now();
      const answer = await fetch(url, { headers: { cookie: `session=${started.token}`, accept: 'application/json' } });
      return { sentAt, status: answer.status, headers: answer.headers, text: await answer.text() };
    };

    const handle = adapterHandle(sessions);
    await until('memory answers', async () => {
      expect((await get()).status).toBe(200);
      return !(handle.judge(started.token, {}) instanceof Promise);
    });
    await server.kill('SIGKILL');
    const killedAt = performance.now();
    let last = await get();
    expect([last.status, last.text]).toEqual([200, 'ann']);
    await until('memory is too old', async () => {
      last = await get();
      if (last.status === 200) expect(last.sentAt - killedAt).toBeLessThanOrEqual(MAX_STALENESS);
      return last.status !== 200;
    });
    for (let times = 0; times < 5; times++) {
      const { status, headers, text } = await get();
      expect(status).toBe(503);
      expect(JSON.parse(text)).toMatchObject({ status: 503, type: expect.stringMatching(/:store-unavailable$/) });
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
      expect(headers.get('set-cookie')).toBeNull();
    }

    await server.restart();
    await until('it is accepted again', async () => {
      const { status } = await get();
      expect([200, 503]).toContain(status);
      return status === 200;
    });
    const elsewhere = openStore(place);
    onTestFinished(elsewhere.end);
    const { effectiveWithin } = await createSessions({ store: elsewhere.store }).revoke({ user: 'ann' });
    const revokedAt = performance.now();
    expect(effectiveWithin).toBe(MAX_STALENESS);
    await until('it is refused', async () => {
      const { status, sentAt } = await get();
      if (status === 200) expect(sentAt - revokedAt).toBeLessThanOrEqual(effectiveWithin);
      return status === 401;
    });
  },
);
