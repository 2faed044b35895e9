// @ts-check
// An app for several accounts (tenants), on Express and SQLite. Users are members of one or more accounts and switch
// between them. Administrators of an account see who is signed in, and end the sessions of one member or of all. They
// also decide what a sign-out ends, suspend the account, and read its audit log.
//
//   npm install express libsql session-revocation      (no libsql from Node.js 22.13 on)
//   node server.js
//
// In a checkout of this library instead: npm ci && npm run build && node examples/saas/server.js
// Then open http://localhost:3000 in two browsers, and sign in as alice (password: wonderland), bob (builder) or carol
// (singer). They administer Acme, Beta and Gamma, and each of them is a member of another account too.
// Set PORT for another port, and DATABASE for another file than saas.db.
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
const server = app.listen(port, '127.0.0.1', (error) => {
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
