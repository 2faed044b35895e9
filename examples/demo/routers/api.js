// @ts-check
import express from 'express';
import { problem } from '../answers.js';
import { TOKEN_KINDS } from './tokens.js';

/**
 * The API for programs. It accepts the tokens that users make.
 *
 * @param {import('../app.js').Demo} demo
 */
export function apiRouter({ sessions }) {
  const router = express.Router();
  router.get('/me', async (req, res) => {
    const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(req.get('authorization') ?? '') ?? [];
    // `ip` is for the audit log. Without a `userAgent`, the library does not compare the program with the token's device.
    const verdict = await sessions.check(token, { ip: req.ip });
    // The API refuses the token of a browser's session.
    if (verdict.ok && TOKEN_KINDS.includes(verdict.session.kind)) {
      const { user, kind } = verdict.session;
      res.json({ user, kind });
      return;
    }
    // A request without a token gets no error code (RFC 6750, section 3).
    const error = token === undefined ? '' : ', error="invalid_token"';
    res.set('WWW-Authenticate', `Bearer realm="${sessions.realm}"${error}`);
    problem(res, 401, 'A valid token is required');
  });
  return router;
}
