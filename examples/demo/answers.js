// @ts-check
// Responses of the demo: HTML pages for browsers, JSON for programs.

import { SIGN_IN_REFUSALS } from './texts.js';

/**
 * @typedef {import('express').Request} Request
 * @typedef {import('express').Response} Response
 */

/** @param {Request} req */
export const wantsPage = (req) => req.accepts(['json', 'html']) === 'html';

/**
 * Sends a problem document (RFC 9457).
 *
 * @param {Response} res
 * @param {number} status
 * @param {string} title
 * @param {string} [detail]
 */
export const problem = (res, status, title, detail) =>
  res.status(status).type('application/problem+json').send(JSON.stringify({ title, status, detail }));

/**
 * Answers a sign-in. Success is a redirect to `returnPath` or JSON. Failure is the form with an error message, or a problem document.
 *
 * @param {Request} req
 * @param {Response} res
 * @param {import('session-revocation/express').SignInResult} result
 * @param {{ realm: string, returnPath: string, form: (problem: string) => string }} around
 */
export function answerSignIn(req, res, result, { realm, returnPath, form }) {
  if (result.ok) {
    const { id, user, device } = result.session;
    if (wantsPage(req)) res.redirect(303, returnPath);
    else res.json({ id, user, device: device.label });
    return;
  }
  const { status, title } = SIGN_IN_REFUSALS[result.reason];
  if (status === 401) res.set('WWW-Authenticate', `Session realm="${realm}"`);
  if (!wantsPage(req)) problem(res, status, title);
  else res.status(status).send(form(`${title}.`));
}

/** An error with a text for the client. The error handler sends it as a page or as JSON. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} title
   * @param {{ detail?: string, cause?: unknown }} [more]
   */
  constructor(status, title, { detail = '', cause } = {}) {
    super(title, { cause });
    this.status = status;
    this.title = title;
    this.detail = detail;
  }
}

/**
 * Calls the library with arguments from the client. An invalid argument is a `TypeError` of the library, and becomes a 400 here.
 *
 * @template T
 * @param {() => Promise<T>} call
 */
export async function fromClient(call) {
  try {
    return await call();
  } catch (error) {
    if (error instanceof TypeError) throw new Refusal(400, 'Bad request', { detail: error.message, cause: error });
    throw error;
  }
}

/**
 * Returns fields of a form, a JSON body or a query. A missing field, or one that is not a string, is `''`. A JSON `true` is `'yes'`,
 * the value of a checked box.
 *
 * @template {string} Name
 * @param {unknown} body
 * @param {...Name} names
 * @returns {{ [name in Name]: string }}
 */
export function fieldsOf(body, ...names) {
  const fields = /** @type {Record<string, unknown>} */ (typeof body === 'object' && body !== null ? body : {});
  const text = (/** @type {string} */ name) => {
    const value = fields[name] === true ? 'yes' : fields[name];
    return typeof value === 'string' ? value : '';
  };
  return /** @type {{ [name in Name]: string }} */ (Object.fromEntries(names.map((name) => [name, text(name)])));
}

/**
 * Returns `undefined` for an empty field, so that the library uses its default.
 *
 * @param {string} text
 */
export const given = (text) => (text === '' ? undefined : text);
