// @ts-check
// Ends sessions after a user has changed a credential.
import { isSessionError } from 'session-revocation';
import { authOf } from 'session-revocation/express';
import { Refusal, wantsPage } from './answers.js';

/**
 * Ends the sessions that a change must end, and answers. Call it after the change is stored: then the old password can start no
 * further session.
 *
 * @param {import('express').Request} req
 * @param {import('express').Response} res
 * @param {object} change
 * @param {import('session-revocation').BuiltInTrigger} change.trigger
 * @param {string} change.said for the error message, such as "Your password is changed"
 * @param {string} change.done notice code if this session stays
 * @param {string} change.reason reason code if this session ends
 * @param {object} [change.members] further members of the JSON answer
 */
export async function afterChange(req, res, { trigger, said, done, reason, members }) {
  const { revoked, kept, found } = await told(said, () => authOf(req).trigger(trigger));
  if (!wantsPage(req)) res.json({ ...members, revoked, kept: kept !== null, found });
  else res.redirect(303, kept === null ? `/?reason=${reason}` : `/account?done=${done}`);
}

/**
 * Runs a revocation. If it fails, the answer is a 503 that says that the change is stored and that no session has ended.
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
    const detail = 'No session has ended by it yet. End all of them in a moment, under “Sessions & security”.';
    throw new Refusal(503, `${said}, but sessions are not ended`, { detail, cause });
  }
}
