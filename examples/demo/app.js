// @ts-check
// The Express app of one product.
import express from 'express';
import { createSessions } from 'session-revocation';
import { authentication, sessionRoutes } from 'session-revocation/express';
import { alertUsers } from './alerts.js';
import { answerError, notFound, securityHeaders } from './errors.js';
import { ownPagesOnly, signedIn, tellPages } from './guards.js';
import { productOf, withBound } from './products.js';
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
 * The parts that all routers share.
 *
 * @typedef {object} Demo
 * @property {import('./products.js').Product} product
 * @property {Sessions} sessions
 * @property {Sessions | null} buyers sessions of the shop's buyers; `null` without a shop
 * @property {import('./users.js').Users} users
 * @property {() => number} now Unix ms
 * @property {(message: Mail) => unknown} mail
 * @property {readonly string[]} origins that serve the app
 */

/** @typedef {{ to: string, subject: string, text: string, token: string | null }} Mail */

/**
 * @param {object} options
 * @param {string} options.product letter of the product
 * @param {import('session-revocation').SessionStore} options.store
 * @param {import('./users.js').Users} options.users
 * @param {readonly string[]} options.origins that serve the app
 * @param {number} [options.maxStaleness] in ms, see `withBound`; default: 0
 * @param {import('session-revocation/adapter').Clock} [options.clock]
 * @param {import('session-revocation').Duration} [options.pruneEvery]
 * @param {(message: Mail) => unknown} [options.mail]
 * @param {string} [options.card] path of the script of `<login-management>`, the card with the list of devices;
 *   default: the built one
 */
export function createDemo(options) {
  const { product: letter, store, users, origins, maxStaleness = 0, clock, pruneEvery = '1h', mail, card } = options;
  const product = withBound(productOf(letter), maxStaleness);
  const sessions = createSessions({ store, clock, ...product.sessions });
  const buyers = product.shop && createSessions({ store, clock, ...product.shop });
  // Removes sessions that are over from the store, in every realm.
  sessions.startPruning({ every: pruneEvery });

  /** @type {Demo} */
  const demo = { product, sessions, buyers, users, origins, now: () => sessions.clock.now(), mail: mail ?? (() => {}) };
  if (product.alerts) alertUsers(demo);
  return {
    handler: createApp(demo, card),
    sessions,
    buyers,
    /** Call it after the HTTP server has closed. */
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

  // `secure: false` is for http://localhost only.
  app.use(authentication(sessions, { cookie: { secure: false }, loginUrl: '/', origins }));
  // The routes of the card parse their own bodies, so they stand before the body parsers.
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
