import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import Koa from 'koa';
import { createSessions, type SessionStore, type Sessions } from 'session-revocation';
import * as ofExpress from 'session-revocation/express';
import * as ofFastify from 'session-revocation/fastify';
import * as ofKoa from 'session-revocation/koa';
import { memoryStore } from 'session-revocation/memory';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

const ORIGIN = 'https://app.example.org';

type Wrapper = Pick<typeof ofExpress, 'authenticateUpgrade'>;

/** HTTP servers, each with the wrapper that checks its upgrades. */
const SERVERS: Readonly<Record<string, readonly [Wrapper, () => Promise<Server>]>> = {
  Express: [ofExpress, async () => createServer(express())],
  Koa: [ofKoa, async () => createServer(new Koa().callback())],
  Fastify: [
    ofFastify,
    async () => {
      const app = fastify();
      await app.ready();
      return app.server;
    },
  ],
};

describe.each(Object.entries(SERVERS))('a WebSocket beside %s', (_, [{ authenticateUpgrade }, create]) => {
  let server: Server;
  let sockets: WebSocketServer;
  let sessions: Sessions;
  let token: string;
  let isDown: boolean;
  let opened: number;

  beforeEach(async () => {
    isDown = false;
    opened = 0;
    const store = memoryStore();
    const find: SessionStore['find'] = (...given) => {
      if (isDown) throw new Error('down');
      return store.find(...given);
    };
    sessions = createSessions({ store: { ...store, find } });
    const fence = await sessions.fence({ user: 'ann' });
    const started = await sessions.start({ user: 'ann', fence });
    if (!started.ok) throw new Error(started.reason);
    token = started.token;

    server = await create();
    sockets = new WebSocketServer({ noServer: true });
    const upgrade = authenticateUpgrade(sessions, { origins: [ORIGIN], kinds: ['browser'] });
    server.on('upgrade', async (request, socket, head) => {
      const session = await upgrade(request, socket);
      if (session === null) return;
      sockets.handleUpgrade(request, socket, head, (ws) => {
        opened++;
        const signal = sessions.signal(session, ws);
        signal.addEventListener('abort', () => ws.close(4401, signal.reason.cause?.reason));
        ws.on('message', (text) => ws.send(`${session.user}: ${text}`));
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

  const port = (): number => (server.address() as AddressInfo).port;

  const open = (headers: Readonly<Record<string, string>>): WebSocket =>
    new WebSocket(`ws://127.0.0.1:${port()}/`, { headers });

  const cookie = (): string => `__Host-default-session=${token}`;

  /** Returns the status of a refused upgrade, or 101 if the upgrade succeeds. */
  function statusOf(headers: Readonly<Record<string, string>>): Promise<number | undefined> {
    const ws = open(headers);
    return new Promise((resolve, reject) => {
      ws.on('open', () => resolve(101));
      ws.on('unexpected-response', (__, response) => {
        response.resume();
        resolve(response.statusCode);
      });
      ws.on('error', reject);
    });
  }

  test('opens for a live session, and closes with 4401 when the session is over', async () => {
    const ws = open({ cookie: cookie(), origin: ORIGIN });
    await once(ws, 'open');
    ws.send('hello');
    expect(String((await once(ws, 'message'))[0])).toBe('ann: hello');
    const closed = once(ws, 'close');
    await sessions.revoke({ user: 'ann' });
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([4401, 'revoked']);
    expect(await statusOf({ cookie: cookie(), origin: ORIGIN })).toBe(401);
  });

  test('closes when another request renews the secret', async () => {
    const ws = open({ cookie: cookie(), origin: ORIGIN });
    await once(ws, 'open');
    const closed = once(ws, 'close');
    const { session } = await sessions.check(token);
    if (session === null) throw new Error('it is live');
    await sessions.renew(session);
    expect(String((await closed)[1])).toBe('superseded');
  });

  test.each([
    ['without a session', () => ({ origin: ORIGIN }), 401],
    ['with a made-up token', () => ({ cookie: `${cookie()}x`, origin: ORIGIN }), 401],
    ['of another site', () => ({ cookie: cookie(), origin: 'https://evil.example' }), 403],
    ['of a page on another site', () => ({ cookie: cookie(), 'sec-fetch-site': 'cross-site', origin: ORIGIN }), 403],
    ['without an origin', () => ({ cookie: cookie() }), 403],
  ])('answers a request %s', async (__, headers, status) => {
    expect(await statusOf(headers())).toBe(status);
    expect(opened).toBe(0);
  });

  test('answers 503 in an outage', async () => {
    isDown = true;
    expect(await statusOf({ cookie: cookie(), origin: ORIGIN })).toBe(503);
    isDown = false;
    expect(await statusOf({ cookie: cookie(), origin: ORIGIN })).toBe(101);
  });

  test('survives a client that is gone before its session was checked', async () => {
    const socket = connect(port(), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\nOrigin: ${ORIGIN}\r\n\r\n`,
    );
    socket.resetAndDestroy();
    await once(socket, 'close');
    expect(await statusOf({ cookie: cookie(), origin: ORIGIN })).toBe(101);
  });

  test('refuses wrong options', () => {
    expect(() => authenticateUpgrade(sessions, { property: 'auth' } as never)).toThrow(TypeError);
    expect(() => authenticateUpgrade(sessions, { origins: ['app.example.org'] })).toThrow(/origins/);
    expect(() => authenticateUpgrade({} as never)).toThrow(TypeError);
  });
});
