// @ts-check
import express from 'express';
import { authOf, safeReturnPath, sessionOf } from 'session-revocation/express';
import { answerSignIn, fieldsOf, wantsPage } from '../answers.js';
import { signedIn } from '../guards.js';
import { signInPage } from '../pages/sign-in.js';
import { noticeText, reasonText } from '../texts.js';

/** @param {import('../app.js').Demo} demo */
export function signInRouter({ product, sessions, users, now }) {
  const router = express.Router();

  router.get('/', (req, res) => {
    const { session, refusal } = authOf(req);
    if (session !== null) {
      res.redirect(303, '/profile');
      return;
    }
    const { reason, returnTo, done } = req.query;
    const why = [reason, refusal?.reasonCode, refusal?.reason]
      .map((code) => reasonText(code, product))
      .find((text) => text !== null);
    // The cookie of a session that is over stays until the next sign-in, or until the user clicks "Dismiss".
    const dismiss = refusal === null ? null : '/sign-out';
    const notice = noticeText(done, product);
    res.send(signInPage({ product, returnTo: safeReturnPath(returnTo), why, dismiss, notice }));
  });

  router.post('/sign-in', async (req, res) => {
    const { email, password, code } = fieldsOf(req.body, 'email', 'password', 'code');
    const { remember, returnTo } = fieldsOf(req.body, 'remember', 'returnTo');
    const user = await users.idOf(email);
    const result = await authOf(req).signIn({
      // An unknown user takes the same path: neither the answer nor its time reveals who has an account.
      user,
      account: (user === null ? null : await users.get(user))?.account ?? undefined,
      kind: remember === '' ? 'browser' : 'remembered',
      // Runs after the fence, so read credentials here and not before. Return in `amr` only the methods that were checked here.
      async verify() {
        if (!(await users.verify(user, password)) || user === null) return false;
        if (!(await users.hasSecondFactor(user, product))) return { amr: ['pwd'] };
        return (await users.verifyCode(user, code, now())) && { amr: ['pwd', 'otp'] };
      },
    });
    const returnPath = safeReturnPath(returnTo, '/profile');
    answerSignIn(req, res, result, {
      realm: sessions.realm,
      returnPath,
      form: (problem) => signInPage({ product, returnTo: returnPath, email, problem }),
    });
  });

  router.post('/sign-out', async (req, res) => {
    // Ends this session, or all of them if the account's policy says so.
    const { everywhere } = await authOf(req).signOut();
    const { returnTo } = fieldsOf(req.body, 'returnTo');
    const told = `/?reason=${everywhere ? 'signed-out-everywhere' : 'signed-out'}`;
    if (!wantsPage(req)) res.status(204).end();
    else res.redirect(303, safeReturnPath(returnTo, told));
  });

  router.get('/me', signedIn, async (req, res) => {
    const { user, account, kind, amr, authenticatedAt } = sessionOf(req);
    const { email = null, role = null } = (await users.get(user)) ?? {};
    res.json({ user, email, account, role, plan: await users.planOf(account), kind, amr, authenticatedAt });
  });

  return router;
}
