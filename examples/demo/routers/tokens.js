// @ts-check
// Tokens for programs are sessions of their own kinds. The card lists them beside the browsers.
import express from 'express';
import { sessionOf } from 'session-revocation/express';
import { fieldsOf, Refusal, wantsPage } from '../answers.js';
import { actorOf, signedIn } from '../guards.js';
import { tokensPage } from '../pages/tokens.js';
import { noticeText } from '../texts.js';
import { viewerOf } from './account.js';

export const TOKEN_KINDS = ['api', 'mcp'];

/** @param {import('../app.js').Demo} demo */
export function tokensRouter(demo) {
  const { product, sessions, now } = demo;
  const router = express.Router();
  router.use(signedIn);

  router.get('/', async (req, res) => {
    if (wantsPage(req)) res.send(await page(req, { notice: noticeText(req.query.done, product) }));
    else res.json({ tokens: await tokensOf(sessionOf(req).user) });
  });

  router.post('/', async (req, res) => {
    const session = sessionOf(req);
    const { user } = session;
    const account = session.account ?? undefined;
    const { kind, name } = fieldsOf(req.body, 'kind', 'name');
    refuseOtherKinds(kind);
    if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,49}$/u.test(name)) {
      throw new Refusal(400, 'A token needs a name of 1 to 50 letters, digits, spaces and . _ -');
    }

    const fence = await sessions.fence({ user, account });
    // After the fence: a session that was revoked meanwhile must not get a token that outlives it.
    const { ended: isLive } = await sessions.end(session.id, { user, dryRun: true });
    if (!isLive) throw new Refusal(401, 'You are not signed in', { detail: 'Sign in again to go on.' });
    const { amr } = session;
    // The card shows the device of a session. For a token, that is the name.
    const userAgent = `${name}/1.0`;
    const started = await sessions.start({ user, account, kind, fence, amr, userAgent, attributes: { name } });
    if (!started.ok) throw new Refusal(403, 'There is no token to be had now', { detail: `It was ${started.reason}.` });

    const { id } = started.session;
    // The only time that the token is shown. The store keeps no copy of it.
    if (wantsPage(req)) res.status(201).send(await page(req, { made: { name, token: started.token } }));
    else res.status(201).json({ id, token: started.token });
  });

  router.post('/revoke', async (req, res) => {
    const { kind } = fieldsOf(req.body, 'kind');
    refuseOtherKinds(kind);
    const { user } = sessionOf(req);
    const { revoked } = await sessions.revoke({ user }, { kinds: [kind], reason: 'signed-out', ...actorOf(req) });
    if (wantsPage(req)) res.redirect(303, '/tokens?done=tokens-revoked');
    else res.json({ revoked });
  });

  router.use(
    /** @type {import('express').ErrorRequestHandler} */ (
      async (error, req, res, next) => {
        if (!(error instanceof Refusal) || error.status !== 400 || !wantsPage(req)) next(error);
        else res.status(400).send(await page(req, { problem: `${error.title}.` }));
      }
    ),
  );
  return router;

  /**
   * @param {import('express').Request} req
   * @param {{ notice?: string | null, problem?: string, made?: { name: string, token: string } }} told
   */
  async function page(req, told) {
    const viewer = await viewerOf(demo, req);
    return tokensPage({ product, viewer, tokens: await tokensOf(viewer.user), now: now(), ...told });
  }

  /** @param {string} user */
  async function tokensOf(user) {
    const tokens = [];
    /** @type {string | null} */
    let cursor = null;
    do {
      /** @type {import('session-revocation').ListResult} */
      const page = await sessions.list({ user }, { cursor, limit: 1000 });
      tokens.push(...page.sessions.filter(({ kind }) => TOKEN_KINDS.includes(kind)));
      cursor = page.cursor;
    } while (cursor !== null);
    return tokens.map(({ id, kind, attributes, createdAt, lastUsedAt, expiresAt }) => {
      return { id, name: String(attributes.name ?? ''), kind, createdAt, lastUsedAt, expiresAt };
    });
  }
}

/** @param {string} kind */
function refuseOtherKinds(kind) {
  if (!TOKEN_KINDS.includes(kind)) throw new Refusal(400, `There are the kinds ${TOKEN_KINDS.join(' and ')}`);
}
