// @ts-check
// For administrators: who is signed in to the account, and the steps that one can take, from the smallest on.
import express from 'express';
import { sessionOf } from 'session-revocation/express';
import { fieldsOf, fromClient, given, Refusal, wantsPage } from '../answers.js';
import { accountLog } from '../audit-log.js';
import { told } from '../changes.js';
import { actorOf, adminsOnly, signedIn } from '../guards.js';
import { reviewPage, wouldEndPage } from '../pages/review.js';
import { noticeText } from '../texts.js';
import { viewerOf } from './account.js';

/** @typedef {import('express').Request} Request */

/** @param {import('../app.js').Demo} demo */
export function reviewRouter(demo) {
  const { product, sessions, users, now } = demo;
  const router = express.Router();
  router.use(signedIn, adminsOnly(demo));

  router.get('/', async (req, res) => {
    const account = accountOf(req);
    const { idleFor, cursor, limit } = fieldsOf(req.query, 'idleFor', 'cursor', 'limit');
    const review = await fromClient(() =>
      sessions.review({
        account,
        idleFor: /** @type {import('session-revocation').Duration | undefined} */ (given(idleFor)),
        roles: async (user) => [(await users.get(user))?.role ?? 'unknown'],
        cursor: given(cursor),
        limit: limit === '' ? undefined : Number(limit),
      }),
    );
    if (!wantsPage(req)) {
      res.json(review);
      return;
    }
    const [viewer, people] = [await viewerOf(demo, req), await users.all()];
    const { entries } = await accountLog(demo, account, { limit: 10 });
    const notice = noticeText(req.query.done);
    const whole = cursor === '' && review.cursor === null;
    res.send(reviewPage({ product, viewer, people, review, entries, whole, idleFor, now: now(), notice }));
  });

  router.post('/revoke', async (req, res) => {
    const account = accountOf(req);
    const { user, all, reason, note, dryRun } = fieldsOf(req.body, 'user', 'all', 'reason', 'note', 'dryRun');
    const scope = all === 'yes' ? { account } : { user: (await memberOf(req, user)).id, account };
    const request = { ...actorOf(req), reason: given(reason), note: given(note), dryRun: dryRun === 'yes' };
    const result = await fromClient(() => sessions.revoke(scope, request));
    const wouldEnd = 'wouldEnd' in result ? result.wouldEnd : undefined;
    if (!wantsPage(req)) res.json({ revoked: result.revoked, wouldEnd });
    else if (wouldEnd === undefined) res.redirect(303, '/review?done=revoked');
    else await preview(req, res, '/review/revoke', { user, all, reason, note }, wouldEnd);
  });

  router.post('/end-idle', async (req, res) => {
    const { unusedFor, note, dryRun } = fieldsOf(req.body, 'unusedFor', 'note', 'dryRun');
    const scope = {
      account: accountOf(req),
      unusedFor: /** @type {import('session-revocation').Duration} */ (unusedFor),
    };
    const request = { ...actorOf(req), note: given(note), dryRun: dryRun === 'yes' };
    const { ended, wouldEnd } = await fromClient(() => sessions.endIdle(scope, request));
    if (!wantsPage(req)) res.json({ ended, wouldEnd: wouldEnd ?? undefined });
    else if (wouldEnd === null) res.redirect(303, '/review?done=idle-ended');
    else await preview(req, res, '/review/end-idle', { unusedFor, note }, wouldEnd);
  });

  router.post('/remove-member', async (req, res) => {
    const { user, note } = fieldsOf(req.body, 'user', 'note');
    const { id } = await anotherOf(req, user);
    const request = { user: id, account: accountOf(req), note: noteOf(note), ...actorOf(req) };
    await users.change(id, { removed: true });
    const { revoked, found } = await trigger('The member is removed', 'memberRemoved', request);
    if (wantsPage(req)) res.redirect(303, '/review?done=member-removed');
    else res.json({ revoked, found });
  });

  router.post('/role', async (req, res) => {
    const { user, role } = fieldsOf(req.body, 'user', 'role');
    const { id } = await anotherOf(req, user);
    if (role !== 'admin' && role !== 'member') throw new Refusal(400, 'A role is admin or member');
    await users.change(id, { role });
    const request = { user: id, account: accountOf(req), ...actorOf(req) };
    const { revoked, found } = await trigger('The role is changed', 'roleChanged', request);
    if (wantsPage(req)) res.redirect(303, '/review?done=role-changed');
    else res.json({ revoked, found });
  });

  // The library refuses the sign-ins of who is suspended; the user table only shows it.
  for (const step of /** @type {const} */ (['suspend', 'resume'])) {
    router.post(`/${step}`, async (req, res) => {
      const { user, note } = fieldsOf(req.body, 'user', 'note');
      const { id } = await anotherOf(req, user);
      const scope = { user: id, account: accountOf(req) };
      const { revoked } = await fromClient(() => sessions[step](scope, { ...actorOf(req), note: given(note) }));
      await users.change(id, { suspended: step === 'suspend' });
      if (wantsPage(req)) res.redirect(303, `/review?done=${step === 'suspend' ? 'suspended' : 'resumed'}`);
      else res.json({ revoked });
    });
  }

  router.post('/forget', async (req, res) => {
    const { user } = fieldsOf(req.body, 'user');
    const { id } = await anotherOf(req, user);
    // Nobody can sign in as this user any more; then the sessions; the user at last, so that all can be tried again.
    await users.change(id, { removed: true });
    const { sessions: ended, entries } = await sessions.forgetUser(id, actorOf(req));
    await users.forget(id);
    if (wantsPage(req)) res.redirect(303, '/review?done=forgotten');
    else res.json({ sessions: ended, entries });
  });

  return router;

  /**
   * What the user table says counts by now.
   *
   * @param {string} said
   * @param {import('session-revocation').BuiltInTrigger} name
   * @param {import('session-revocation').TriggerRequest} request
   */
  function trigger(said, name, request) {
    return told(said, () => sessions.trigger(name, request));
  }

  /**
   * Somebody of the administrator's own account: of others, nobody hears that they are there.
   *
   * @param {Request} req
   * @param {string} id
   */
  async function memberOf(req, id) {
    const user = await users.get(id);
    if (user !== null && user.account === accountOf(req)) return user;
    throw new Refusal(404, 'There is no such member', { detail: 'Nothing was done.' });
  }

  /**
   * @param {Request} req
   * @param {string} id
   */
  async function anotherOf(req, id) {
    if (id === sessionOf(req).user) throw new Refusal(400, 'Another administrator has to do that for you');
    return memberOf(req, id);
  }

  /**
   * @param {Request} req
   * @param {import('express').Response} res
   * @param {string} action
   * @param {Readonly<Record<string, string>>} fields
   * @param {import('session-revocation').WouldEnd} wouldEnd
   */
  async function preview(req, res, action, fields, wouldEnd) {
    const [viewer, people] = [await viewerOf(demo, req), await users.all()];
    res.send(wouldEndPage({ product, viewer, people, action, fields, wouldEnd, now: now() }));
  }
}

/**
 * What the library would refuse only after the user table is changed is refused before.
 *
 * @param {string} note
 */
function noteOf(note) {
  if (note.length <= 256 && note.isWellFormed() && !/\p{Cc}/u.test(note)) return given(note);
  throw new Refusal(400, 'A note has at most 256 characters, in one line');
}

/** @param {Request} req */
const accountOf = (req) => sessionOf(req).account ?? '';
