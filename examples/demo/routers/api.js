// @ts-check
import express from 'express';
import { problem } from '../answers.js';
import { TOKEN_KINDS } from './tokens.js';

/**
 * For programs, by the tokens that users make.
 *
 * @param {import('../app.js').Demo} demo
 */
export function apiRouter({ sessions }) {
  const router = express.Router();
  router.get('/me', async (req, res) => {
    const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(req.get('authorization') ?? '') ?? [];
    // The address is for the audit log. The program is not compared with the browser that the token was made in.
    const verdict = await sessions.check(token, { ip: req.ip });
    // The token of a browser's cookie is no key to this.
    if (verdict.ok && TOKEN_KINDS.includes(verdict.session.kind)) {
      const { user, kind } = verdict.session;
      res.json({ user, kind });
      return;
    }
    // RFC 6750, section 3: a request that brought no token is told no error.
    const error = token === undefined ? '' : ', error="invalid_token"';
    res.set('WWW-Authenticate', `Bearer realm="${sessions.realm}"${error}`);
    problem(res, 401, 'A valid token is required');
  });
  return router;
}
