// @ts-check
import express from 'express';
import { sessionOf } from 'session-revocation/express';
import { Refusal, wantsPage } from '../answers.js';
import { isSignedIn, signedIn } from '../guards.js';
import { accountPage, signOutEverywherePage } from '../pages/account.js';
import { profilePage } from '../pages/profile.js';
import { noticeText } from '../texts.js';

/** @typedef {import('../app.js').Demo} Demo */

/** @param {Demo} demo */
export function accountRouter(demo) {
  const { product, sessions, now } = demo;
  const router = express.Router();

  router.get('/profile', signedIn, async (req, res) => {
    const viewer = await viewerOf(demo, req);
    const page = await sessions.list({ user: viewer.user }, { limit: 50 });
    const notice = noticeText(req.query.done, product);
    const hide = [product.hide, ...unpaid(demo, viewer)].join(' ');
    res.send(
      profilePage({ product, viewer, hide, rows: page.sessions, more: page.cursor !== null, now: now(), notice }),
    );
  });

  router.get('/account', signedIn, async (req, res) => {
    res.send(await account(demo, req, { notice: noticeText(req.query.done, product) }));
  });

  // A page that asks for confirmation and needs no JavaScript.
  router.get('/account/sign-out-everywhere', signedIn, async (req, res) => {
    const viewer = await viewerOf(demo, req);
    if (unpaid(demo, viewer).includes('sign-out-everywhere')) res.redirect(303, '/account');
    else res.send(signOutEverywherePage({ product, viewer }));
  });

  return router;
}

/**
 * Shows a refused form of the account page as an error message on that page.
 *
 * @param {Demo} demo
 * @returns {import('express').ErrorRequestHandler}
 */
export function showRefusals(demo) {
  return async function showRefusals(error, req, res, next) {
    if (!(error instanceof Refusal) || error.status !== 400 || !wantsPage(req) || !isSignedIn(req)) next(error);
    else res.status(400).send(await account(demo, req, { problem: `${error.title}.` }));
  };
}

/**
 * @param {Demo} demo
 * @param {import('express').Request} req
 * @param {{ notice?: string | null, problem?: string }} told
 */
async function account(demo, req, told) {
  const { product, users } = demo;
  const viewer = await viewerOf(demo, req);
  const person = await users.get(viewer.user);
  return accountPage({
    product,
    viewer,
    methods: person?.methods ?? [],
    totpSecret: person?.totpSecret ?? '',
    secondFactor: await users.hasSecondFactor(viewer.user, product),
    everywhere: !unpaid(demo, viewer).includes('sign-out-everywhere'),
    ...told,
  });
}

/**
 * Returns the actions that the plan lacks. Pages only hide them. `authorize` refuses them.
 *
 * @param {Demo} demo
 * @param {Viewer} viewer
 * @returns {readonly string[]}
 */
const unpaid = ({ product }, { plan }) => (plan === 'free' ? product.paid : []);

/**
 * The signed-in user of a page.
 *
 * @typedef {object} Viewer
 * @property {string} user
 * @property {string} email
 * @property {string | null} account
 * @property {boolean} admin
 * @property {'free' | 'pro'} plan
 * @property {string} session id of the session
 */

/**
 * @param {Demo} demo
 * @param {import('express').Request} req
 * @returns {Promise<Viewer>}
 */
export async function viewerOf({ users }, req) {
  const { id, user, account } = sessionOf(req);
  const email = (await users.get(user))?.email ?? user;
  const admin = await users.isAdmin(user, account);
  return { user, email, account, admin, plan: await users.planOf(account), session: id };
}
