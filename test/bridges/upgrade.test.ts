import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session, { MemoryStore } from 'express-session';
import { createSessions, type SessionStore, type Sessions } from 'session-revocation';
import { authOf } from 'session-revocation/express';
import { bridge, type UpgradeRequirements } from 'session-revocation/express-session';
import { memoryStore } from 'session-revocation/memory';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

const ORIGIN = 'https://app.example.org';
const requirements: UpgradeRequirements = { kinds: ['browser'] };

describe('a WebSocket beside express-session', () => {
  let server: Server;
  let sockets: WebSocketServer;
  let sessions: Sessions;
  let broken: 'ours' | 'inner' | null;
  const failures: unknown[] = [];

  beforeEach(async () => {
    broken = null;
    failures.length = 0;
    const store = memoryStore();
    const find: SessionStore['find'] = (...given) => {
      if (broken === 'ours') throw new Error('down');
      return store.find(...given);
    };
    sessions = createSessions({ store: { ...store, find } });
    const bridged = bridge(sessions, { user: (data) => data.userId, origins: [ORIGIN] });
    const inner = new MemoryStore();
    const { get } = inner;
    inner.get = (id, callback) =>
      broken === 'inner' ? callback(new Error('the inner store is down')) : get.call(inner, id, callback);
    const parser = session({ store: bridged.store(inner), secret: 'x', resave: false, saveUninitialized: false });
    const app = express();
    app.use(parser);
    app.post('/sign-in', async (request, response) => {
      const signedIn = await authOf(request).signIn({ user: 'ann', verify: () => true });
      if (signedIn.ok) request.session.userId = 'ann';
      response.json(signedIn.ok);
    });
    server = createServer(app);
    sockets = new WebSocketServer({ noServer: true });
    const upgrade = bridged.upgrade(parser, requirements);
    server.on('upgrade', async (request, socket, head) => {
      const opened = await upgrade(request, socket).catch((error: unknown) => void failures.push(error));
      if (opened === null || opened === undefined) return;
      sockets.handleUpgrade(request, socket, head, (ws) => {
        const signal = sessions.signal(opened, ws);
        signal.addEventListener('abort', () => ws.close(4401, signal.reason.cause?.reason));
        ws.on('message', (text) => ws.send(`${opened.user}: ${text}`));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    for (const ws of sockets.clients) ws.terminate();
    server.close();
    await sessions.close();
  });

  const address = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function signIn(): Promise<string> {
    const response = await fetch(`http://${address()}/sign-in`, { method: 'POST', headers: { origin: ORIGIN } });
    expect(await response.json()).toBe(true);
    return `${response.headers.get('set-cookie')}`.split(';')[0] ?? '';
  }

  function statusOf(headers: Readonly<Record<string, string>>): Promise<number | undefined> {
    const ws = new WebSocket(`ws://${address()}/`, { headers });
    return new Promise((resolve, reject) => {
      ws.on('open', () => resolve(101));
      ws.on('unexpected-response', (_, response) => {
        response.resume();
        resolve(response.statusCode);
      });
      ws.on('error', reject);
    });
  }

  test('opens for a session of express-session, and closes with 4401 when that is revoked', async () => {
    const cookie = await signIn();
    const ws = new WebSocket(`ws://${address()}/`, { headers: { cookie, origin: ORIGIN } });
    await once(ws, 'open');
    ws.send('hello');
    expect(String((await once(ws, 'message'))[0])).toBe('ann: hello');
    const closed = once(ws, 'close');
    await sessions.revoke({ user: 'ann' });
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([4401, 'revoked']);
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(401);
  });

  test.each([
    ['without a session', async () => ({ origin: ORIGIN }), 401],
    ['with a made-up cookie', async () => ({ cookie: 'connect.sid=s%3Ax.y', origin: ORIGIN }), 401],
    ['of another site', async () => ({ cookie: await signIn(), origin: 'https://evil.example' }), 403],
    ['without an origin', async () => ({ cookie: await signIn() }), 403],
  ])('answers a request %s', async (_, headers, status) => {
    expect(await statusOf(await headers())).toBe(status);
  });

  test('answers 503 in an outage, and 500 with a rejection where the inner store fails', async () => {
    const cookie = await signIn();
    broken = 'ours';
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(503);
    broken = 'inner';
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(500);
    expect(failures).toMatchObject([{ message: 'the inner store is down' }]);
    broken = null;
    expect(await statusOf({ cookie, origin: ORIGIN })).toBe(101);
  });
});
