// @ts-check
// A WebSocket, an event stream and a job that end when their session does, on Express.
//
//   npm install express ws session-revocation
//   node express.js
//
// In a checkout of this library instead: npm ci && npm run build && node examples/live/express.js
// Then open http://localhost:3000 in two browsers, and sign in as alice (password: wonderland).
// README.md describes what you will see.
// Set PORT for another port. Sessions are in memory, so a restart signs all users out.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import express from 'express';
import { createSessions } from 'session-revocation';
import {
  authenticateUpgrade,
  authentication,
  authOf,
  requireSession,
  sessionOf,
  sessionRoutes,
} from 'session-revocation/express';
import { memoryStore } from 'session-revocation/memory';
import { WebSocketServer } from 'ws';
import { serveSocket, streamEvents, writeReport } from './live.js';
import { signInBy } from './users.js';

const port = Number(process.env.PORT ?? 3000);
const page = readFileSync(new URL('page.html', import.meta.url), 'utf8');
// `secure: false` is for http://localhost only.
const options = { origins: [`http://localhost:${port}`], cookie: { secure: false } };

const sessions = createSessions({ store: memoryStore() });
const app = express();
app.use(authentication(sessions, options));
app.use('/sessions', sessionRoutes(sessions));

app.get('/', (_request, response) => {
  response.type('html').send(page);
});

app.post('/login', express.urlencoded(), async (request, response) => {
  const signedIn = await authOf(request).signIn(signInBy(request.body));
  if (signedIn.ok) response.redirect(303, '/');
  else response.status(401).send('That did not work.');
});

app.get('/events', requireSession(), (request, response) => {
  streamEvents(sessions, sessionOf(request), response);
});

app.post('/job', requireSession(), async (request, response) => {
  response.type('text').send(await writeReport(sessions, sessionOf(request)));
});

const server = createServer(app);
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
