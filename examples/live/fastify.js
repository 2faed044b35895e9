// @ts-check
// A WebSocket, an event stream and a job that end when their session does, on Fastify.
//
//   npm install fastify @fastify/formbody ws session-revocation
//   node fastify.js
//
// In a checkout of this library instead: npm ci && npm run build && node examples/live/fastify.js
// Then open http://localhost:3000 in two browsers, and sign in as alice (password: wonderland).
// README.md describes what you will see.
// Set PORT for another port. Sessions are in memory, so a restart signs all users out.
import { readFileSync } from 'node:fs';
import formbody from '@fastify/formbody';
import { fastify } from 'fastify';
import { createSessions } from 'session-revocation';
import {
  authenticateUpgrade,
  authentication,
  authOf,
  requireSession,
  sessionOf,
  sessionRoutes,
} from 'session-revocation/fastify';
import { memoryStore } from 'session-revocation/memory';
import { WebSocketServer } from 'ws';
import { serveSocket, streamEvents, writeReport } from './live.js';
import { signInBy } from './users.js';

const port = Number(process.env.PORT ?? 3000);
const page = readFileSync(new URL('page.html', import.meta.url), 'utf8');
// `secure: false` is for http://localhost only.
const options = { origins: [`http://localhost:${port}`], cookie: { secure: false } };

const sessions = createSessions({ store: memoryStore() });
const app = fastify({ logger: { level: 'warn' }, forceCloseConnections: true });
app.register(formbody);
app.register(authentication, { sessions, ...options });
app.register(sessionRoutes, { sessions, prefix: '/sessions' });
app.addHook('onClose', () => sessions.close());

app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(page));

app.post('/login', async (request, reply) => {
  const signedIn = await authOf(request).signIn(signInBy(request.body));
  return signedIn.ok ? reply.redirect('/', 303) : reply.code(401).send('That did not work.');
});

app.get('/events', { onRequest: requireSession() }, (request, reply) => {
  // Tells Fastify that `streamEvents` writes the response.
  reply.hijack();
  streamEvents(sessions, sessionOf(request), reply.raw);
});

app.post('/job', { onRequest: requireSession() }, (request) => writeReport(sessions, sessionOf(request)));

const sockets = new WebSocketServer({ noServer: true });
const upgrade = authenticateUpgrade(sessions, options);
app.server.on('upgrade', async (request, socket, head) => {
  const session = await upgrade(request, socket);
  // `upgrade` has already answered with 401, 403 or 503.
  if (session === null) return;
  sockets.handleUpgrade(request, socket, head, (ws) => serveSocket(sessions, session, ws));
});
app.addHook('preClose', async () => {
  for (const ws of sockets.clients) ws.terminate();
});

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close());
const address = await app.listen({ host: '127.0.0.1', port });
console.log(`Listening on http://localhost:${new URL(address).port} (sign in as alice, password wonderland)`);
