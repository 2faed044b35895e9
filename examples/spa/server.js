// @ts-check
// A single-page app that calls an API with an access token, on Express. The access token lives for five minutes, in the page's
// memory. The refresh token is in a cookie that scripts cannot read.
//
//   npm install express session-revocation
//   node server.js
//
// In a checkout of this library instead: npm ci && npm run build && node examples/spa/server.js
// Then open http://localhost:3000 in two tabs, and in two browsers, and sign in as alice (password: wonderland).
// Set PORT for another port. Sessions and keys are in memory, so a restart signs all users out.
import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { createApp } from './app.js';

const port = Number(process.env.PORT ?? 3000);

const sessions = createSessions({ store: memoryStore(), replace: 'same-browser' });
sessions.startPruning({ every: '1h' });

const server = createApp(sessions, `http://localhost:${port}`).listen(port, '127.0.0.1', (error) => {
  if (error) throw error;
  const address = server.address();
  const at = typeof address === 'object' && address !== null ? address.port : port;
  console.log(`Listening on http://localhost:${at} (sign in as alice, password wonderland)`);
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(() => sessions.close());
    server.closeAllConnections();
  });
}
