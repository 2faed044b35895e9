// @ts-check
import express from 'express';
import { sessionOf } from 'session-revocation/express';
import { fieldsOf, Refusal, wantsPage } from '../answers.js';
import { afterChange } from '../changes.js';
import { signedIn } from '../guards.js';
import { showRefusals } from './account.js';

/** @param {import('../app.js').Demo} demo */
export function loginMethodsRouter(demo) {
  const { users } = demo;
  const router = express.Router();
  router.use(signedIn);

  router.get('/', async (req, res) => {
    if (wantsPage(req)) res.redirect(303, '/account#login-methods');
    else res.json({ methods: (await users.get(sessionOf(req).user))?.methods ?? [] });
  });

  router.post('/remove', async (req, res) => {
    const { method } = fieldsOf(req.body, 'method');
    const methods = await users.removeMethod(sessionOf(req).user, method);
    if (methods === null) throw new Refusal(400, 'There is no such login method');
    if (methods.length > 0) {
      if (wantsPage(req)) res.redirect(303, '/account?done=login-method');
      else res.json({ methods, revoked: false, found: false });
      return;
    }
    const said = 'Your last login method is removed';
    const change = { said, done: 'login-method', reason: 'last-login-method-removed', members: { methods } };
    await afterChange(req, res, { trigger: 'lastLoginMethodRemoved', ...change });
  });

  router.use(showRefusals(demo));
  return router;
}
