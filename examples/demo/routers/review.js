// @ts-check
// For administrators: shows who is signed in to the account, and ends sessions.
import express from 'express';
import { sessionOf } from 'session-revocation/express';
import { fieldsOf, fromClient, given, Refusal, wantsPage } from '../answers.js';
import { accountLog } from '../audit-log.js';
import { told } from '../changes.js';
import { actorOf, adminsOnly, signedIn } from '../guards.js';
import { questionPage } from '../pages/question.js';
import { reviewPage } from '../pages/review.js';
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
    const notice = noticeText(req.query.done, product);
    const whole = cursor === '' && review.cursor === null;
    res.send(reviewPage({ product, viewer, people, review, entries, whole, idleFor, now: now(), notice }));
  });

  router.post('/revoke', async (req, res) => {
    const account = accountOf(req);
    const { user, all, reason, note, dryRun } = fieldsOf(req.body, 'user', 'all', 'reason', 'note', 'dryRun');
    const member = all === 'yes' ? null : await memberOf(req, user);
    const scope = member === null ? { account } : { user: member.id, account };
    const asks = asksFirst(req);
    const request = { ...actorOf(req), reason: given(reason), note: given(note), dryRun: asks || dryRun === 'yes' };
    const result = await fromClient(() => sessions.revoke(scope, request));
    const wouldEnd = 'wouldEnd' in result ? result.wouldEnd : undefined;
    if (asks) {
      const { act, done } = product.words;
      const whom = member === null ? `everybody in ${account}` : member.email;
      const text =
        member === null
          ? `These members are ${done}, you too: ${(await membersOf(account)).join(', ')}.`
          : `${member.email} is ${done} on every device, and stays a member.`;
      const fields = { user, all, reason, note };
      await ask(req, res, { title: `${act} ${whom}?`, text, yes: act, fields, wouldEnd });
    } else if (wantsPage(req)) res.redirect(303, '/review?done=revoked');
    else res.json({ revoked: result.revoked, wouldEnd });
  });

  router.post('/end', async (req, res) => {
    const { user, session, note } = fieldsOf(req.body, 'user', 'session', 'note');
    const { id, email } = await memberOf(req, user);
    const scope = { user: id, account: accountOf(req) };
    const asks = asksFirst(req);
    const request = { ...scope, ...actorOf(req), reason: 'signed-out', note: given(note), dryRun: asks };
    const { ended } = await fromClient(() => sessions.end(session, request));
    if (!ended) throw new Refusal(404, 'There is no such session', { detail: 'Nothing was done.' });
    if (asks) {
      const found = await livingOf(scope, session);
      const title = `End the session of ${email} on ${found?.device.label ?? 'this device'}?`;
      const text = `${email} has to sign in again there. Other sessions stay.`;
      const wouldEnd = { sessions: found === null ? [] : [found], more: false };
      await ask(req, res, { title, text, yes: 'End it', fields: { user, session, note }, wouldEnd });
    } else if (wantsPage(req)) res.redirect(303, '/review?done=session-ended');
    else res.json({ ended });
  });

  router.post('/end-idle', async (req, res) => {
    const { unusedFor, note, dryRun } = fieldsOf(req.body, 'unusedFor', 'note', 'dryRun');
    const scope = {
      account: accountOf(req),
      unusedFor: /** @type {import('session-revocation').Duration} */ (unusedFor),
    };
    const asks = asksFirst(req);
    const request = { ...actorOf(req), note: given(note), dryRun: asks || dryRun === 'yes' };
    const { ended, wouldEnd } = await fromClient(() => sessions.endIdle(scope, request));
    if (asks) {
      const text = `These sessions in ${scope.account} were not used for ${unusedFor}. Their users have to sign in again there.`;
      const fields = { unusedFor, note };
      await ask(req, res, { title: 'End the unused sessions?', text, yes: 'End them', fields, wouldEnd });
    } else if (wantsPage(req)) res.redirect(303, '/review?done=idle-ended');
    else res.json({ ended, wouldEnd: wouldEnd ?? undefined });
  });

  router.post('/remove-member', async (req, res) => {
    const { user, note } = fieldsOf(req.body, 'user', 'note');
    const { id, email } = await anotherOf(req, user);
    const account = accountOf(req);
    const request = { user: id, account, note: noteOf(note), ...actorOf(req) };
    if (asksFirst(req)) {
      const title = `Remove ${email} from ${account}?`;
      const text = `${email} is ${product.words.done}, and cannot sign in to ${account} any more.`;
      const wouldEnd = await wouldTrigger('memberRemoved', request);
      await ask(req, res, { title, text, yes: 'Remove', fields: { user, note }, wouldEnd });
      return;
    }
    await users.change(id, { removed: true });
    const { revoked, found } = await trigger('The member is removed', 'memberRemoved', request);
    if (wantsPage(req)) res.redirect(303, '/review?done=member-removed');
    else res.json({ revoked, found });
  });

  router.post('/role', async (req, res) => {
    const { user, role } = fieldsOf(req.body, 'user', 'role');
    const { id, email } = await anotherOf(req, user);
    if (role !== 'admin' && role !== 'member') throw new Refusal(400, 'A role is admin or member');
    const request = { user: id, account: accountOf(req), ...actorOf(req) };
    if (asksFirst(req)) {
      const text = `${email} is ${product.words.done}, and has the new role at the next sign-in.`;
      const wouldEnd = await wouldTrigger('roleChanged', request);
      await ask(req, res, {
        title: `Make ${email} ${role}?`,
        text,
        yes: `Make ${role}`,
        fields: { user, role },
        wouldEnd,
      });
      return;
    }
    await users.change(id, { role });
    const { revoked, found } = await trigger('The role is changed', 'roleChanged', request);
    if (wantsPage(req)) res.redirect(303, '/review?done=role-changed');
    else res.json({ revoked, found });
  });

  // The library refuses the sign-ins of a suspended member. The user table only keeps the state for display.
  for (const step of /** @type {const} */ (['suspend', 'resume'])) {
    router.post(`/${step}`, async (req, res) => {
      const { user, note } = fieldsOf(req.body, 'user', 'note');
      const { id, email } = await anotherOf(req, user);
      const scope = { user: id, account: accountOf(req) };
      const asks = asksFirst(req);
      const request = { ...actorOf(req), note: given(note), dryRun: asks };
      const result = await fromClient(() => sessions[step](scope, request));
      if (asks) {
        const [title, text, yes] =
          step === 'suspend'
            ? [
                `Suspend ${email}?`,
                `${email} is ${product.words.done}, and cannot sign in until you allow it.`,
                'Suspend',
              ]
            : [`Let ${email} sign in again?`, `${email} is suspended now.`, 'Let sign in again'];
        const wouldEnd = 'wouldEnd' in result ? result.wouldEnd : undefined;
        await ask(req, res, { title, text, yes, fields: { user, note }, wouldEnd });
        return;
      }
      await users.change(id, { suspended: step === 'suspend' });
      if (wantsPage(req)) res.redirect(303, `/review?done=${step === 'suspend' ? 'suspended' : 'resumed'}`);
      else res.json({ revoked: result.revoked });
    });
  }

  router.post('/forget', async (req, res) => {
    const { user } = fieldsOf(req.body, 'user');
    const { id, email } = await anotherOf(req, user);
    if (asksFirst(req)) {
      const text = `The user ${email}, all their sessions and their entries in the audit log are erased. Nothing brings them back.`;
      const wouldEnd = await wouldTrigger('memberRemoved', { user: id, account: accountOf(req) });
      await ask(req, res, { title: `Forget ${email}?`, text, yes: 'Forget', fields: { user }, wouldEnd });
      return;
    }
    // Blocks sign-ins first, then erases the sessions, then the user. If a step fails, all of them can be repeated.
    await users.change(id, { removed: true });
    const { sessions: ended, entries } = await sessions.forgetUser(id, actorOf(req));
    await users.forget(id);
    if (wantsPage(req)) res.redirect(303, '/review?done=forgotten');
    else res.json({ sessions: ended, entries });
  });

  return router;

  /**
   * Call it after the user table is changed.
   *
   * @param {string} said
   * @param {import('session-revocation').BuiltInTrigger} name
   * @param {import('session-revocation').TriggerRequest} request
   */
  function trigger(said, name, request) {
    return told(said, () => sessions.trigger(name, request));
  }

  /**
   * Returns a member of the administrator's own account. A user of another account gets the same 404 as an unknown one.
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
   * @param {import('session-revocation').BuiltInTrigger} name
   * @param {import('session-revocation').TriggerRequest} request
   */
  async function wouldTrigger(name, request) {
    const result = await sessions.trigger(name, { ...request, dryRun: true });
    return 'wouldEnd' in result ? result.wouldEnd : undefined;
  }

  /**
   * @param {{ user: string, account: string }} scope
   * @param {string} id
   */
  async function livingOf(scope, id) {
    /** @type {string | null} */
    let cursor = null;
    do {
      /** @type {import('session-revocation').ListResult} */
      const page = await sessions.list(scope, { cursor, limit: 1000 });
      const found = page.sessions.find((session) => session.id === id);
      if (found !== undefined) return found;
      cursor = page.cursor;
    } while (cursor !== null);
    return null;
  }

  /** @param {string} account */
  async function membersOf(account) {
    const people = await users.all();
    return people.filter((person) => person.account === account && !person.removed).map(({ email }) => email);
  }

  /**
   * @param {Request} req
   * @param {import('express').Response} res
   * @param {Omit<import('../pages/question.js').Question, 'wouldEnd'> & {
   *   wouldEnd: import('../pages/question.js').Question['wouldEnd'] | null | undefined,
   * }} question
   */
  async function ask(req, res, question) {
    const [viewer, people] = [await viewerOf(demo, req), await users.all()];
    const wouldEnd = question.wouldEnd ?? { sessions: [], more: false };
    const action = req.baseUrl + req.path;
    res.send(questionPage({ product, viewer, people, action, ...question, wouldEnd, now: now() }));
  }
}

/**
 * A browser gets a confirmation page before each action. A program does not.
 *
 * @param {Request} req
 */
const asksFirst = (req) => wantsPage(req) && fieldsOf(req.body, 'confirmed').confirmed !== 'yes';

/**
 * Checks the note before the user table is changed. The library would refuse it only afterwards.
 *
 * @param {string} note
 */
function noteOf(note) {
  if (note.length <= 256 && note.isWellFormed() && !/\p{Cc}/u.test(note)) return given(note);
  throw new Refusal(400, 'A note has at most 256 characters, in one line');
}

/** @param {Request} req */
const accountOf = (req) => sessionOf(req).account ?? '';
