// @ts-check
import { adapterHandle } from 'session-revocation/adapter';
import { authOf, requireSession, sessionOf } from 'session-revocation/express';
import { Refusal, wantsPage } from './answers.js';

/**
 * @typedef {import('express').RequestHandler} RequestHandler
 * @typedef {import('express').Request} Request
 * @typedef {import('express').Response} Response
 * @typedef {import('express').NextFunction} NextFunction
 * @typedef {import('./app.js').Demo} Demo
 */

/** Requires a session of a browser. Refuses API and MCP tokens, also in a cookie. */
export const signedIn = requireSession({ kinds: ['browser', 'remembered'] });

/**
 * Sends a browser an error page for an outage or a cross-origin form. The library's own routes would answer with JSON.
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
 * Refuses a cross-origin request that carries a session cookie. For routes that need no session.
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
 * Lets administrators of their account pass. Refuses other users, and records them in the audit log.
 *
 * @param {Demo} demo
 * @returns {RequestHandler}
 */
export function adminsOnly({ sessions, users }) {
  return async function adminsOnly(req, _res, next) {
    const { user, account } = sessionOf(req);
    if (!(await users.isAdmin(user, account))) {
      const action = `${req.method} ${req.baseUrl}${req.path}`.slice(0, 256);
      const device = adapterHandle(sessions).describe(clientOf(req));
      adapterHandle(sessions).report({ reason: 'forbidden', action, by: user, user, account, device });
      throw new Refusal(403, 'Not allowed', { detail: 'This is for administrators of your account.' });
    }
    next();
  };
}

/**
 * Returns the client's details, for calls of the library that do not see the request.
 *
 * @param {Request} req
 */
export const clientOf = (req) => ({ userAgent: req.get('user-agent'), ip: req.ip });

/**
 * Returns the acting user and the device. The audit log and the list of ended sessions show them.
 *
 * @param {Request} req
 */
export function actorOf(req) {
  const { user, device } = sessionOf(req);
  return { by: user, fromDevice: device.label };
}

/** @param {Request} req */
export const isSignedIn = (req) => authOf(req).session !== null;
