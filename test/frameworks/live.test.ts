import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import express from 'express';
import fastify from 'fastify';
import Koa from 'koa';
import { createSessions, type Session, type Sessions } from 'session-revocation';
import * as ofExpress from 'session-revocation/express';
import * as ofFastify from 'session-revocation/fastify';
import * as ofKoa from 'session-revocation/koa';
import { memoryStore } from 'session-revocation/memory';
import { Server as SocketServer } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';

const ORIGIN = 'https://app.example.org';

/** The parts that the apps below share. */
interface Live {
  /** Sends a line several times per second, until the session is over. */
  stream(session: Session, response: ServerResponse): void;
  /** Works until the session is over. Returns why it stopped. */
  work(session: Session): Promise<string>;
}

/** A request of Socket.IO. Those after the handshake have the id of the connection. */
interface HandshakeRequest {
  readonly _query: { readonly sid?: string };
}

type Create = (sessions: Sessions, live: Live) => Promise<Server>;

const APPS: Readonly<Record<string, Create>> = {
  async Express(sessions, live) {
    const app = express();
    app.use(ofExpress.authentication(sessions, { origins: [ORIGIN] }));
    app.get('/events', ofExpress.requireSession(), (request, response) =>
      live.stream(ofExpress.sessionOf(request), response),
    );
    app.get('/job', ofExpress.requireSession(), async (request, response) => {
      response.json(await live.work(ofExpress.sessionOf(request)));
    });
    return createServer(app);
  },
  async Koa(sessions, live) {
    const app = new Koa();
    app.use(ofKoa.authentication(sessions, { origins: [ORIGIN] }));
    app.use(ofKoa.requireSession());
    app.use(async (ctx) => {
      if (ctx.path === '/job') ctx.body = JSON.stringify(await live.work(ofKoa.sessionOf(ctx)));
      else {
        ctx.respond = false;
        live.stream(ofKoa.sessionOf(ctx), ctx.res);
      }
    });
    return createServer(app.callback());
  },
  async Fastify(sessions, live) {
    const app = fastify();
    await app.register(ofFastify.authentication, { sessions, origins: [ORIGIN] });
    app.get('/events', { preHandler: ofFastify.requireSession() }, (request, reply) => {
      reply.hijack();
      live.stream(ofFastify.sessionOf(request), reply.raw);
    });
    app.get('/job', { preHandler: ofFastify.requireSession() }, async (request) =>
      JSON.stringify(await live.work(ofFastify.sessionOf(request))),
    );
    await app.ready();
    return app.server;
  },
};

describe.each(Object.entries(APPS))('what outlives its request, on %s', (_, create) => {
  let sessions: Sessions;
  let server: Server;
  let sockets: SocketServer;
  let token: string;
  let steps: number;
  let writes: number;

  beforeEach(async () => {
    steps = 0;
    writes = 0;
    sessions = createSessions({ store: memoryStore() });
    const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
    if (!started.ok) throw new Error(started.reason);
    token = started.token;
    server = await create(sessions, {
      stream(session, response) {
        const signal = sessions.signal(session, response);
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: hello\n\n');
        const timer = setInterval(() => {
          writes++;
          response.write('data: tick\n\n');
        }, 5);
        signal.addEventListener('abort', () => response.end('event: over\ndata: \n\n'));
        response.once('close', () => clearInterval(timer));
      },
      async work(session) {
        const job = new AbortController();
        const signal = sessions.signal(session, job.signal);
        try {
          for (;;) {
            signal.throwIfAborted();
            steps++;
            await wait(2);
          }
        } catch (error) {
          return (error as { cause: { reason: string } }).cause.reason;
        } finally {
          job.abort();
        }
      },
    });

    sockets = new SocketServer(server);
    // Socket.IO passes on Node's requests with every framework, so the functions of Express fit.
    for (const middleware of [ofExpress.authentication(sessions, { origins: [ORIGIN] }), ofExpress.requireSession()]) {
      sockets.engine.use((request: HandshakeRequest, response: never, next: () => void) => {
        if (request._query.sid === undefined) middleware(request as never, response, next);
        else next();
      });
    }
    sockets.on('connection', (socket) => {
      const session = ofExpress.sessionOf(socket.request as never);
      const closed = new AbortController();
      socket.once('disconnect', () => closed.abort());
      const signal = sessions.signal(session, closed.signal);
      signal.addEventListener('abort', () => {
        socket.emit('over', signal.reason.cause?.reason);
        socket.disconnect(true);
      });
      socket.on('say', (text, answer) => answer(`${session.user}: ${text}`));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    await sockets.close();
    server.closeAllConnections();
    await sessions.close();
  });

  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cookie = (): string => `__Host-default-session=${token}`;
  const revoke = () => sessions.revoke({ user: 'ann' });

  test('an event stream ends, with a last event, and writes nothing afterwards', async () => {
    const response = await fetch(`${url()}/events`, { headers: { cookie: cookie() } });
    expect(response.status).toBe(200);
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      const isFirst = text === '';
      text += decoder.decode(chunk);
      if (isFirst) await revoke();
    }
    expect(text).toMatch(/^data: hello\n\n(data: tick\n\n)*event: over\n/);
    const before = writes;
    await wait(20);
    expect(writes).toBe(before);
    expect((await fetch(`${url()}/events`, { headers: { cookie: cookie() } })).status).toBe(401);
  });

  test('a job stops between two steps, and its request is answered', async () => {
    const answer = fetch(`${url()}/job`, { headers: { cookie: cookie() } });
    while (steps < 3) await wait(2);
    await revoke();
    expect(await (await answer).json()).toBe('revoked');
    const before = steps;
    await wait(20);
    expect(steps).toBe(before);
  });

  async function connect(transports: string[], headers: Record<string, string>): Promise<Socket> {
    const socket = io(url(), { transports, extraHeaders: headers, reconnection: false, forceNew: true });
    onTestFinished(() => void socket.close());
    return new Promise((resolve, reject) => {
      socket.on('connect', () => resolve(socket));
      socket.on('connect_error', reject);
    });
  }

  test.each([
    ['WebSockets alone', ['websocket']],
    ['polling alone', ['polling']],
    ['polling, then a WebSocket', ['polling', 'websocket']],
  ])('Socket.IO disconnects with the reason, over %s', async (__, transports) => {
    const socket = await connect(transports, { cookie: cookie(), origin: ORIGIN });
    expect(await socket.emitWithAck('say', 'hello')).toBe('ann: hello');
    const over = new Promise((resolve) => socket.on('over', resolve));
    const disconnected = new Promise((resolve) => socket.on('disconnect', resolve));
    await revoke();
    expect(await over).toBe('revoked');
    expect(await disconnected).toMatch(/io server disconnect|transport (close|error)/);
    await expect(connect(transports, { cookie: cookie(), origin: ORIGIN })).rejects.toThrow();
  });

  test.each([
    ['without a session', () => ({ origin: ORIGIN })],
    ['of another site', () => ({ cookie: cookie(), origin: 'https://evil.example' })],
  ])('Socket.IO refuses a WebSocket %s', async (__, headers) => {
    await expect(connect(['websocket'], headers())).rejects.toThrow();
  });

  test('Socket.IO refuses a poll without a session', async () => {
    await expect(connect(['polling'], { origin: ORIGIN })).rejects.toThrow();
    expect((await fetch(`${url()}/socket.io/?EIO=4&transport=polling`)).status).toBe(401);
  });
});
