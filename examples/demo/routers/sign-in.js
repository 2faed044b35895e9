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
    const why = reasonText(reason) ?? reasonText(refusal?.cause) ?? reasonText(refusal?.reason);
    res.send(signInPage({ product, returnTo: safeReturnPath(returnTo), why, notice: noticeText(done) }));
  });

  router.post('/sign-in', async (req, res) => {
    const { email, password, code } = fieldsOf(req.body, 'email', 'password', 'code');
    const { remember, returnTo } = fieldsOf(req.body, 'remember', 'returnTo');
    const user = await users.idOf(email);
    const result = await authOf(req).signIn({
      // A stranger takes the same way, so that neither the answer nor its time tells who has an account.
      user,
      account: (user === null ? null : await users.get(user))?.account ?? undefined,
      kind: remember === '' ? 'browser' : 'remembered',
      // The library has noted by now what this sign-in must be younger than. Whatever is asked here is asked afresh, and only
      // what is proved here is known of the new session.
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
    // One session, or what the account's policy says.
    const { everywhere } = await authOf(req).signOut();
    if (!wantsPage(req)) res.status(204).end();
    else res.redirect(303, everywhere ? '/?reason=signed-out-everywhere' : '/?reason=signed-out');
  });

  router.get('/me', signedIn, async (req, res) => {
    const { user, account, kind, amr, authenticatedAt } = sessionOf(req);
    const { email = null, role = null } = (await users.get(user)) ?? {};
    res.json({ user, email, account, role, plan: await users.planOf(account), kind, amr, authenticatedAt });
  });

  return router;
}
