// @ts-check
// For administrators of an account. The library's routes end the sessions of one member: see `authorize`.
import express from 'express';
import { sessionOf } from 'session-revocation/express';
import { roleOf } from './accounts.js';
import { administrationPage, messagePage } from './pages.js';

/** @typedef {import('express').Request} Request */

/** @param {import('session-revocation').Sessions} sessions */
export function administration(sessions) {
  const router = express.Router();

  router.use((req, res, next) => {
    const { user, account } = sessionOf(req);
    if (roleOf(user, account) === 'admin') next();
    else res.status(403).send(messagePage('This is for administrators of the account.'));
  });

  router.get('/', async (req, res) => {
    const session = sessionOf(req);
    const account = accountOf(req);
    const [review, policy, log] = await Promise.all([
      sessions.review({ account, roles: (user) => [roleOf(user, account) ?? 'removed'] }),
      sessions.policy(account),
      sessions.audit({ account, limit: 50 }),
    ]);
    res.send(administrationPage({ session, review, policy, entries: log.entries }));
  });

  router.use(express.urlencoded());

  router.post('/policy', async (req, res) => {
    const signOut = req.body?.signOut === 'everywhere' ? 'everywhere' : 'session';
    await sessions.setPolicy(accountOf(req), { signOut }, attributionOf(req));
    res.redirect(303, '/admin');
  });

  router.post('/end-unused', async (req, res) => {
    await sessions.endIdle({ account: accountOf(req), unusedFor: '30d' }, attributionOf(req));
    res.redirect(303, '/admin');
  });

  // The next two routes also end the administrator's own session. The redirect leads to the login page.
  router.post('/sign-everybody-out', async (req, res) => {
    await sessions.revoke({ account: accountOf(req) }, { ...attributionOf(req), reason: 'signed-out-everywhere' });
    res.redirect(303, '/');
  });

  router.post('/suspend', async (req, res) => {
    await sessions.suspend({ account: accountOf(req) }, attributionOf(req));
    res.redirect(303, '/');
  });

  return router;
}

/**
 * Returns the account of the session. An administrator's session always has one.
 *
 * @param {Request} req
 */
const accountOf = (req) => sessionOf(req).account ?? '';

/**
 * Returns the actor, the device and the note for the audit log.
 *
 * @param {Request} req
 */
function attributionOf(req) {
  const { user, device } = sessionOf(req);
  return { by: user, fromDevice: device.label, note: oneLine(String(req.body?.note ?? '')) || null };
}

/**
 * Turns a text into a note that the library accepts: one line of at most 256 characters.
 *
 * @param {string} text
 */
const oneLine = (text) =>
  text
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, 256)
    .toWellFormed();
