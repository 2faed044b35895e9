// @ts-check
import express from 'express';
import { sessionOf } from 'session-revocation/express';
import { fieldsOf, fromClient, given, Refusal, wantsPage } from '../answers.js';
import { accountLog } from '../audit-log.js';
import { adminsOnly, signedIn } from '../guards.js';
import { auditPage } from '../pages/audit.js';
import { viewerOf } from './account.js';

/** @param {import('../app.js').Demo} demo */
export function auditRouter(demo) {
  const { product, users } = demo;
  const router = express.Router();
  router.get('/', signedIn, adminsOnly(demo), async (req, res) => {
    const account = sessionOf(req).account ?? '';
    const asked = fieldsOf(req.query, 'user', 'by', 'from', 'until', 'cursor', 'limit');
    const { type } = req.query;
    const types = (Array.isArray(type) ? type : [type]).filter((one) => typeof one === 'string' && one !== '');
    const page = await fromClient(() =>
      accountLog(demo, account, {
        user: given(asked.user),
        by: given(asked.by),
        types: types.length === 0 ? undefined : /** @type {string[]} */ (types),
        since: timeOf('from', asked.from),
        until: timeOf('until', asked.until),
        cursor: given(asked.cursor),
        limit: asked.limit === '' ? undefined : Number(asked.limit),
      }),
    );
    if (!wantsPage(req)) {
      res.json(page);
      return;
    }
    const people = await users.all();
    const viewer = await viewerOf(demo, req);
    res.send(auditPage({ product, viewer, people, ...page, asked: { ...asked, type: String(types[0] ?? '') } }));
  });
  return router;
}

/**
 * Parses Unix ms or a date. Returns `undefined` for an empty field.
 *
 * @param {string} name
 * @param {string} text
 */
function timeOf(name, text) {
  if (text === '') return undefined;
  const time = /^\d+$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isSafeInteger(time)) return time;
  throw new Refusal(400, 'Bad request', { detail: `${name} must be a time in Unix ms, or a date such as 2026-01-31` });
}
