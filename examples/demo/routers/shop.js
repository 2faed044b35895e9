// @ts-check
// The shop. Buyers are a separate population in their own realm. Nothing here affects the dashboard's sessions.
import express from 'express';
import {
  authentication,
  authOf,
  requireSession,
  safeReturnPath,
  sessionOf,
  sessionRoutes,
} from 'session-revocation/express';
import { answerSignIn, fieldsOf, wantsPage } from '../answers.js';
import { answerError, notFound } from '../errors.js';
import { ownPagesOnly, tellPages } from '../guards.js';
import { shopPage, shopSignInPage } from '../pages/shop.js';
import { reasonText } from '../texts.js';

/**
 * @param {import('../app.js').Demo} demo
 * @param {import('session-revocation').Sessions} buyers
 */
export function shopRouter({ product, users, origins, now }, buyers) {
  const router = express.Router();
  // The cookie is named after the realm, so the dashboard's cookie has another name.
  router.use(authentication(buyers, { cookie: { secure: false }, loginUrl: '/shop', origins }));
  router.use('/sessions', tellPages, sessionRoutes(buyers, product.routes(users)));
  router.use(express.urlencoded({ extended: false }), express.json());
  router.use(ownPagesOnly);

  router.get('/', async (req, res) => {
    const { session, refusal } = authOf(req);
    if (session === null) {
      const why = [req.query.reason, refusal?.reasonCode, refusal?.reason]
        .map((code) => reasonText(code, product))
        .find((text) => text !== null);
      const dismiss = refusal === null ? null : '/shop/sign-out';
      res.send(shopSignInPage({ product, returnTo: safeReturnPath(req.query.returnTo, '/shop'), why, dismiss }));
      return;
    }
    const email = (await users.get(session.user))?.email ?? session.user;
    const page = await buyers.list({ user: session.user }, { limit: 50 });
    const forms = { rows: page.sessions, more: page.cursor !== null, current: session.id };
    res.send(shopPage({ product, email, ...forms, now: now() }));
  });

  router.post('/sign-in', async (req, res) => {
    const { email, password, returnTo } = fieldsOf(req.body, 'email', 'password', 'returnTo');
    const user = await users.idOf(email, 'buyer');
    const verify = () => users.verify(user, password);
    const result = await authOf(req).signIn({ user, kind: 'remembered', amr: ['pwd'], verify });
    const returnPath = safeReturnPath(returnTo, '/shop');
    answerSignIn(req, res, result, {
      realm: buyers.realm,
      returnPath,
      form: (problem) => shopSignInPage({ product, returnTo: returnPath, email, problem }),
    });
  });

  router.post('/sign-out', async (req, res) => {
    await authOf(req).signOut();
    const { returnTo } = fieldsOf(req.body, 'returnTo');
    if (wantsPage(req)) res.redirect(303, safeReturnPath(returnTo, '/shop?reason=signed-out'));
    else res.status(204).end();
  });

  router.get('/me', requireSession(), async (req, res) => {
    const { user, kind, amr, authenticatedAt } = sessionOf(req);
    res.json({ user, email: (await users.get(user))?.email ?? null, kind, amr, authenticatedAt });
  });

  // Requests for unknown paths end here and do not reach the dashboard's routers.
  router.use(notFound);
  router.use(answerError);
  return router;
}
