// @ts-check
// A single page whose scripts call an API with an access token, on Express. The token is in the page's memory and lives for five
// minutes; the refresh token that gets the next one is in a cookie, which no script can read.
//
//   npm install express session-revocation
//   node server.js
//
// In a checkout of this library instead: npm ci && npm run build && node examples/spa/server.js
// Then open http://localhost:3000 in two tabs, and in two browsers, and sign in as alice (password: wonderland).
// PORT chooses another port. Sessions and keys are kept in memory: a restart signs everybody out.
import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { createApp } from './app.js';

const port = Number(process.env.PORT ?? 3000);

const sessions = createSessions({ store: memoryStore(), replace: 'same-browser' });
sessions.startPruning({ every: '1h' });

const server = createApp(sessions, `http://localhost:${port}`).listen(port, '127.0.0.1', () => {
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
