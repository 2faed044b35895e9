// @ts-check
import express from 'express';
import { describeDevice } from 'session-revocation';
import { fieldsOf, Refusal, wantsPage } from '../answers.js';
import { told } from '../changes.js';
import { clientOf } from '../guards.js';
import { chooseNewPage, requestResetPage } from '../pages/password-reset.js';
import { Resets } from '../resets.js';
import { noticeText } from '../texts.js';
import { refuseShort } from './credentials.js';

/** @param {import('../app.js').Demo} demo */
export function passwordResetRouter({ product, sessions, users, mail, now, origins: [origin = ''] }) {
  const router = express.Router();
  const resets = new Resets(now);

  router.get('/', (req, res) => {
    const { token } = fieldsOf(req.query, 'token');
    res.send(token === '' ? requestResetPage({ product }) : chooseNewPage({ product, token }));
  });

  router.post('/request', async (req, res) => {
    const { email } = fieldsOf(req.body, 'email');
    const user = await users.idOf(email);
    if (user !== null) {
      const token = resets.begin(user);
      const text = `To choose a new password, open ${origin}/password-reset?token=${token} within an hour.`;
      // The mail goes to the stored address, never to the typed one.
      const to = (await users.get(user))?.email ?? email;
      mail({ to, subject: 'Choose a new password', text, token });
    }
    // The answer is the same for an unknown address: it must not reveal who has an account.
    res.status(202);
    if (wantsPage(req)) res.send(requestResetPage({ product, notice: noticeText('reset-requested', product) }));
    else res.json({});
  });

  router.post('/', async (req, res) => {
    const { token, next } = fieldsOf(req.body, 'token', 'next');
    const user = resets.userOf(token);
    if (user === null) throw new Refusal(400, 'This link is no longer good', { detail: 'Ask for another one.' });
    refuseShort(next);
    await users.setPassword(user, next);
    // The old password no longer works. Now end all sessions and tokens of the user.
    const fromDevice = describeDevice(clientOf(req).userAgent).label;
    const { revoked, found } = await told('Your password is changed', () =>
      sessions.trigger('passwordReset', { user, by: user, fromDevice }),
    );
    // The reset ends last, so that the link still works if the revocation fails.
    resets.finish(user);
    if (wantsPage(req)) res.redirect(303, '/?reason=password-reset');
    else res.json({ revoked, found });
  });

  router.use(
    /** @type {import('express').ErrorRequestHandler} */ (
      (error, req, res, next) => {
        const { token } = fieldsOf(req.body, 'token');
        if (!(error instanceof Refusal) || error.status !== 400 || !wantsPage(req)) next(error);
        else if (resets.userOf(token) === null) {
          res.status(400).send(requestResetPage({ product, problem: `${error.title}. ${error.detail}` }));
        } else res.status(400).send(chooseNewPage({ product, token, problem: `${error.title}.` }));
      }
    ),
  );
  return router;
}
