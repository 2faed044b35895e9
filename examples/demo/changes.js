// @ts-check
// What follows after a user has changed something that sessions hang on.
import { isSessionError } from 'session-revocation';
import { authOf } from 'session-revocation/express';
import { Refusal, wantsPage } from './answers.js';

/**
 * Tells the library, and answers. It is called when the change is made and counts: now, the old password opens nothing
 * more, and what it opened before is covered.
 *
 * @param {import('express').Request} req
 * @param {import('express').Response} res
 * @param {object} change
 * @param {import('session-revocation').BuiltInTrigger} change.trigger
 * @param {string} change.said such as "Your password is changed"
 * @param {string} change.done where this session stays
 * @param {string} change.reason where it does not
 * @param {object} [change.members] more of the JSON
 */
export async function afterChange(req, res, { trigger, said, done, reason, members }) {
  const { revoked, kept, found } = await told(said, () => authOf(req).trigger(trigger));
  if (!wantsPage(req)) res.json({ ...members, revoked, kept: kept !== null, found });
  else res.redirect(303, kept === null ? `/?reason=${reason}` : `/account?done=${done}`);
}

/**
 * An outage between the change and the revocation must not pass for either.
 *
 * @template T
 * @param {string} said
 * @param {() => Promise<T>} revoke
 */
export async function told(said, revoke) {
  try {
    return await revoke();
  } catch (cause) {
    if (!isSessionError(cause)) throw cause;
    const detail = 'Nobody was signed out by it yet. Do that in a moment: sign out everywhere.';
    throw new Refusal(503, `${said}, but sessions are not ended`, { detail, cause });
  }
}
