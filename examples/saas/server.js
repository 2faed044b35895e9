// @ts-check
// A service for several accounts (tenants), on Express and SQLite. People are members of one account or of several and switch
// between them; an account's administrators see who is signed in, end a member's sessions or everybody's, decide what a
// sign-out ends, suspend the account, and read its audit log.
//
//   npm install express libsql session-revocation      (no libsql from Node.js 22.13 on)
//   node server.js
//
// In a checkout of this library instead: npm ci && npm run build && node examples/saas/server.js
// Then open http://localhost:3000 in two browsers, and sign in as alice (password: wonderland), an administrator of Acme and
// a member of Beta, as bob (builder), the other way round, or as carol (singer), a member of Acme.
// PORT chooses another port, DATABASE another file than saas.db.
import { createSessions } from 'session-revocation';
import { sqliteStore } from 'session-revocation/sqlite';
import { createApp } from './app.js';

const port = Number(process.env.PORT ?? 3000);

const sessions = createSessions({
  store: sqliteStore(process.env.DATABASE || 'saas.db'),
  replace: 'same-browser',
  limit: { perUser: 10, overflow: 'end-oldest' },
  policy: 'stored',
  audit: true,
});
sessions.startPruning({ every: '1h' });

const app = createApp(sessions, [`http://localhost:${port}`]);
const server = app.listen(port, '127.0.0.1', () => {
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
