// @ts-check
import { authOf, requireSession, sessionOf } from 'session-revocation/express';
import { Refusal, wantsPage } from './answers.js';

/**
 * @typedef {import('express').RequestHandler} RequestHandler
 * @typedef {import('express').Request} Request
 * @typedef {import('express').Response} Response
 * @typedef {import('express').NextFunction} NextFunction
 * @typedef {import('./app.js').Demo} Demo
 */

/** A person in a browser. A token for programs is no key to the pages, in whatever header it comes. */
export const signedIn = requireSession({ kinds: ['browser', 'remembered'] });

/**
 * The library answers an outage, and a form of another site, as JSON: a page is told by the error handler, in words.
 *
 * @param {Request} req
 * @param {Response} _res
 * @param {NextFunction} next
 */
export function tellPages(req, _res, next) {
  if (wantsPage(req)) refuseForeign(req);
  next();
}

/**
 * For what needs no session: the library refuses it where it comes from another site in the name of who is signed in.
 *
 * @param {Request} req
 * @param {Response} _res
 * @param {NextFunction} next
 */
export function ownPagesOnly(req, _res, next) {
  refuseForeign(req);
  next();
}

/**
 * @param {Request} req
 * @throws `SESSION_CROSS_ORIGIN` or `SESSION_STORE_UNAVAILABLE`
 */
function refuseForeign(req) {
  try {
    sessionOf(req);
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code !== 'SESSION_REQUIRED') throw error;
  }
}

/**
 * Lets administrators of their account pass. Who else tries is in the audit log.
 *
 * @param {Demo} demo
 * @returns {RequestHandler}
 */
export function adminsOnly({ sessions, users }) {
  return async function adminsOnly(req, _res, next) {
    const { user, account } = sessionOf(req);
    if (!(await users.isAdmin(user, account))) {
      const action = `${req.method} ${req.baseUrl}${req.path}`.slice(0, 256);
      const device = sessions.describe(clientOf(req));
      sessions.report({ reason: 'forbidden', action, by: user, user, account, device });
      throw new Refusal(403, 'Not allowed', { detail: 'This is for administrators of your account.' });
    }
    next();
  };
}

/**
 * What a request says of its client: the library takes it from the request itself where it signs somebody in.
 *
 * @param {Request} req
 */
export const clientOf = (req) => ({ userAgent: req.get('user-agent'), ip: req.ip });

/**
 * Who does something, and from which device: for lists and the audit log.
 *
 * @param {Request} req
 */
export function actorOf(req) {
  const { user, device } = sessionOf(req);
  return { by: user, from: device.label };
}

/** @param {Request} req */
export const isSignedIn = (req) => authOf(req).session !== null;
