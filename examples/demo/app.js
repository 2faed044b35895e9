// @ts-check
// The Express app of one product: which routers there are, in which order.
import express from 'express';
import { createSessions } from 'session-revocation';
import { authentication, sessionRoutes } from 'session-revocation/express';
import { alertUsers } from './alerts.js';
import { answerError, notFound, securityHeaders } from './errors.js';
import { ownPagesOnly, signedIn, tellPages } from './guards.js';
import { productOf } from './products.js';
import { aboutRouter } from './routers/about.js';
import { accountRouter } from './routers/account.js';
import { apiRouter } from './routers/api.js';
import { assetsRouter } from './routers/assets.js';
import { auditRouter } from './routers/audit.js';
import { credentialsRouter } from './routers/credentials.js';
import { loginMethodsRouter } from './routers/login-methods.js';
import { passwordResetRouter } from './routers/password-reset.js';
import { reviewRouter } from './routers/review.js';
import { shopRouter } from './routers/shop.js';
import { signInRouter } from './routers/sign-in.js';
import { tokensRouter } from './routers/tokens.js';

/**
 * @typedef {import('session-revocation').Sessions} Sessions
 */

/**
 * What the routers share.
 *
 * @typedef {object} Demo
 * @property {import('./products.js').Product} product
 * @property {Sessions} sessions
 * @property {Sessions | null} buyers of the shop, where there is one
 * @property {import('./users.js').Users} users
 * @property {() => number} now Unix ms
 * @property {(message: Mail) => unknown} mail
 * @property {readonly string[]} origins where the app is found
 */

/** @typedef {{ to: string, subject: string, text: string, token: string | null }} Mail */

/**
 * @param {object} options
 * @param {string} options.product its letter
 * @param {import('session-revocation').SessionStore} options.store
 * @param {import('./users.js').Users} options.users
 * @param {readonly string[]} options.origins where the app is found
 * @param {import('session-revocation').Clock} [options.clock]
 * @param {import('session-revocation').Duration} [options.pruneEvery]
 * @param {(message: Mail) => unknown} [options.mail]
 * @param {string} [options.card] the file of the card, where it is not the built one
 */
export function createDemo({ product: letter, store, users, origins, clock, pruneEvery = '1h', mail, card }) {
  const product = productOf(letter);
  const sessions = createSessions({ store, clock, ...product.sessions });
  const buyers = product.shop && createSessions({ store, clock, ...product.shop });
  // What is over is removed from the store, of every realm in it.
  sessions.startPruning({ every: pruneEvery });

  /** @type {Demo} */
  const demo = { product, sessions, buyers, users, origins, now: () => sessions.clock.now(), mail: mail ?? (() => {}) };
  if (product.alerts) alertUsers(demo);
  return {
    handler: createApp(demo, card),
    sessions,
    buyers,
    /** When nobody asks anything any more. */
    async close() {
      await buyers?.close();
      await sessions.close();
    },
  };
}

/**
 * @param {Demo} demo
 * @param {string} [card]
 */
function createApp(demo, card) {
  const { product, sessions, users, origins } = demo;
  const app = express();
  app.disable('x-powered-by');
  app.use(securityHeaders);
  app.use(assetsRouter(card));
  app.use(aboutRouter(demo));
  if (product.tokens) app.use('/api', apiRouter(demo));
  if (demo.buyers !== null) app.use('/shop', shopRouter(demo, demo.buyers));

  // Without `secure`, browsers take the cookie over http: for localhost and nothing else.
  app.use(authentication(sessions, { cookie: { secure: false }, loginUrl: '/', origins }));
  // The routes of the card. They parse their own bodies.
  app.use('/sessions', tellPages, signedIn, sessionRoutes(sessions, product.routes(users)));

  app.use(express.urlencoded({ extended: false }), express.json());
  app.use(ownPagesOnly);
  app.use(signInRouter(demo));
  app.use('/password-reset', passwordResetRouter(demo));
  app.use(accountRouter(demo));
  app.use(credentialsRouter(demo));
  app.use('/login-methods', loginMethodsRouter(demo));
  if (product.tokens) app.use('/tokens', tokensRouter(demo));
  app.use('/review', reviewRouter(demo));
  app.use('/audit', auditRouter(demo));

  app.use(notFound);
  app.use(answerError);
  return app;
}
