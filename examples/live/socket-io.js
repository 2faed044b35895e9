// @ts-check
// Connections of Socket.IO that end when their session does, on Express.
//
//   npm install express socket.io session-revocation
//   node socket-io.js
//
// In a checkout of this library instead: npm ci && npm run build && node examples/live/socket-io.js
// Then open http://localhost:3000 in two browsers, and sign in as alice (password: wonderland).
// README.md describes what you will see.
// Set PORT for another port. Sessions are in memory, so a restart signs all users out.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import express from 'express';
import { createSessions } from 'session-revocation';
import { authentication, authOf, requireSession, sessionOf, sessionRoutes } from 'session-revocation/express';
import { memoryStore } from 'session-revocation/memory';
import { Server } from 'socket.io';
import { reasonOf } from './live.js';
import { signInBy } from './users.js';

const port = Number(process.env.PORT ?? 3000);
const page = readFileSync(new URL('socket-io.html', import.meta.url), 'utf8');
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

const server = createServer(app);
const io = new Server(server);

// Socket.IO handles Node's requests itself, outside Express. Only the first request of a connection has no `sid`. Later
// ones carry the connection's secret id, so they need no check.
for (const middleware of [authentication(sessions, options), requireSession()]) {
  io.engine.use((/** @type {any} */ request, /** @type {any} */ response, /** @type {() => void} */ next) => {
    if (request._query.sid === undefined) middleware(request, response, next);
    else next();
  });
}

io.on('connection', (socket) => {
  const session = sessionOf(/** @type {import('express').Request} */ (socket.request));
  const closed = new AbortController();
  const timer = setInterval(() => socket.emit('time', new Date().toLocaleTimeString()), 1_000);
  socket.once('disconnect', () => {
    clearInterval(timer);
    closed.abort();
  });

  const signal = sessions.signal(session, closed.signal);
  signal.addEventListener('abort', () => {
    socket.emit('signed-out', reasonOf(sessions, signal));
    socket.disconnect(true);
  });
});

server.listen(port, '127.0.0.1', () => {
  const address = server.address();
  const at = typeof address === 'object' && address !== null ? address.port : port;
  console.log(`Listening on http://localhost:${at} (sign in as alice, password wonderland)`);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void io.close().then(() => sessions.close()));
