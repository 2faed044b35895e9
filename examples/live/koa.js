// @ts-check
// A WebSocket, an event stream and a job that end when their session does, on Koa.
//
//   npm install koa ws session-revocation
//   node koa.js
//
// In a checkout of this library instead: npm ci && npm run build && node examples/live/koa.js
// Then open http://localhost:3000 in two browsers, and sign in as alice (password: wonderland).
// README.md describes what you will see.
// Set PORT for another port. Sessions are in memory, so a restart signs all users out.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import Koa from 'koa';
import { createSessions } from 'session-revocation';
import {
  authenticateUpgrade,
  authentication,
  authOf,
  requireSession,
  sessionOf,
  sessionRoutes,
} from 'session-revocation/koa';
import { memoryStore } from 'session-revocation/memory';
import { WebSocketServer } from 'ws';
import { serveSocket, streamEvents, writeReport } from './live.js';
import { signInBy } from './users.js';

const port = Number(process.env.PORT ?? 3000);
const page = readFileSync(new URL('page.html', import.meta.url), 'utf8');
// `secure: false` is for http://localhost only.
const options = { origins: [`http://localhost:${port}`], cookie: { secure: false } };

const sessions = createSessions({ store: memoryStore() });
const app = new Koa();
app.use(authentication(sessions, options));
app.use(sessionRoutes(sessions, { path: '/sessions' }));

app.use(async (ctx, next) => {
  if (ctx.path === '/') ctx.body = page;
  else if (ctx.path === '/login' && ctx.method === 'POST') {
    const form = Object.fromEntries(new URLSearchParams(await text(ctx.req)));
    const signedIn = await authOf(ctx).signIn(signInBy(form));
    if (signedIn.ok) ctx.redirect('/');
    else ctx.throw(401, 'That did not work.');
  } else await next();
});

app.use(requireSession());
app.use(async (ctx) => {
  if (ctx.path === '/events') {
    // Tells Koa that `streamEvents` writes the response.
    ctx.respond = false;
    streamEvents(sessions, sessionOf(ctx), ctx.res);
  } else if (ctx.path === '/job' && ctx.method === 'POST') ctx.body = await writeReport(sessions, sessionOf(ctx));
});

const server = createServer(app.callback());
const sockets = new WebSocketServer({ noServer: true });
const upgrade = authenticateUpgrade(sessions, options);
server.on('upgrade', async (request, socket, head) => {
  const session = await upgrade(request, socket);
  // `upgrade` has already answered with 401, 403 or 503.
  if (session === null) return;
  sockets.handleUpgrade(request, socket, head, (ws) => serveSocket(sessions, session, ws));
});

server.listen(port, '127.0.0.1', () => {
  const address = server.address();
  const at = typeof address === 'object' && address !== null ? address.port : port;
  console.log(`Listening on http://localhost:${at} (sign in as alice, password wonderland)`);
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(() => sessions.close());
    server.closeAllConnections();
    for (const ws of sockets.clients) ws.terminate();
  });
}
