// @ts-check
import express from 'express';
import { sessionOf } from 'session-revocation/express';
import { fieldsOf, Refusal } from '../answers.js';
import { afterChange } from '../changes.js';
import { signedIn } from '../guards.js';
import { SHORTEST_PASSWORD } from '../users.js';
import { showRefusals } from './account.js';

/** @param {import('../app.js').Demo} demo */
export function credentialsRouter(demo) {
  const { product, users } = demo;
  const router = express.Router();

  router.post('/password', signedIn, async (req, res) => {
    const { user } = sessionOf(req);
    const { current, next } = fieldsOf(req.body, 'current', 'next');
    refuseShort(next);
    if (!(await users.changePassword(user, current, next))) throw new Refusal(400, 'The current password is wrong');
    const said = 'Your password is changed';
    await afterChange(req, res, { trigger: 'passwordChanged', said, done: 'password', reason: 'password-changed' });
  });

  router.post('/email', signedIn, async (req, res) => {
    const { user } = sessionOf(req);
    const { password, email } = fieldsOf(req.body, 'password', 'email');
    if (!/^[^\s@]{1,64}@[^\s@]{1,190}$/.test(email.trim())) throw new Refusal(400, 'That is no e-mail address');
    const outcome = await users.changeEmail(user, password, email);
    if (outcome === 'wrong-password') throw new Refusal(400, 'The password is wrong');
    if (outcome === 'taken') throw new Refusal(400, 'That e-mail address cannot be used');
    const said = 'Your e-mail address is changed';
    await afterChange(req, res, { trigger: 'emailChanged', said, done: 'email', reason: 'email-changed' });
  });

  if (product.secondFactor !== null) {
    router.post('/second-factor', signedIn, async (req, res) => {
      const { user } = sessionOf(req);
      const { password, enabled } = fieldsOf(req.body, 'password', 'enabled');
      if (enabled !== 'yes' && enabled !== 'no') throw new Refusal(400, 'enabled must be yes or no');
      if (!(await users.setSecondFactor(user, password, enabled === 'yes'))) {
        throw new Refusal(400, 'The password is wrong');
      }
      const change = { said: 'Your second factor is changed', done: 'second-factor', reason: 'second-factor-changed' };
      await afterChange(req, res, { trigger: 'secondFactorChanged', ...change });
    });
  }

  router.use(showRefusals(demo));
  return router;
}

/** @param {string} password */
export function refuseShort(password) {
  if (password.length >= SHORTEST_PASSWORD) return;
  throw new Refusal(400, `The new password needs at least ${SHORTEST_PASSWORD} characters`);
}
