// @ts-check
// Texts by code. A code from a request only selects a text and is never shown itself. `{done}` is the product's word, and
// `{noticed}` tells when a device notices it.

/**
 * Why the user is signed out. The keys are codes of the library, its general reasons, and codes of the demo.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const REASONS = {
  'signed-out': 'You are {done} on this device.',
  'signed-out-others': 'You were {done} here, from another of your devices.',
  'signed-out-everywhere': 'You are {done} on every device: each notices {noticed}.',
  'signed-out-at-provider': 'You were {done} at your identity provider, and so here, too.',
  replaced: 'You signed in again, and that took the place of this session.',
  limit: 'You signed in on another device, and this one was one too many.',
  idle: 'You were {done} here because you had not been here for long.',
  suspended: 'Your account was suspended. An administrator can tell you more.',
  'password-changed': 'Your password was changed. Sign in with the new one.',
  'email-changed': 'Your e-mail address was changed. Sign in with the new one.',
  'password-reset': 'Your password was reset, and you were {done} on every device. Sign in with the new one.',
  'second-factor-changed': 'Your second factor was switched on or off. Sign in again.',
  'last-login-method-removed': 'Your last login method was removed. Reset your password to get in again.',
  'role-changed': 'Your role was changed. Sign in again to work with the new one.',
  'member-removed': 'You are no longer a member of this account.',
  'token-reused': 'This session was ended, since somebody else seemed to have it too. Sign in again.',
  ended: 'This session was ended.',
  expired: 'You were signed in for a long time. Sign in again to go on.',
  revoked: 'Your sessions were ended. If you do not know why, ask an administrator.',
};

/**
 * Answers to a sign-in that starts no session.
 *
 * @type {Readonly<Record<'not-verified' | import('session-revocation').StartRefusal, { status: number, title: string }>>}
 */
export const SIGN_IN_REFUSALS = {
  'not-verified': { status: 401, title: 'E-mail or password is wrong' },
  superseded: { status: 401, title: 'All sessions of this account were ended a moment ago: sign in again' },
  suspended: { status: 403, title: 'This account is suspended' },
  limit: { status: 403, title: 'This account is signed in on too many devices' },
};

/** @type {Readonly<Record<string, string>>} */
const NOTICES = {
  device: 'That device is {done}: it notices {noticed}.',
  others: 'All other devices are {done}: each notices {noticed}.',
  password: 'Your password is changed, and all other devices are {done}: each notices {noticed}.',
  email: 'Your e-mail address is changed, and all other devices are {done}: each notices {noticed}.',
  'second-factor': 'Your second factor is changed, and all other devices are {done}: each notices {noticed}.',
  'login-method': 'That login method is removed.',
  'tokens-revoked': 'All your tokens of that kind are revoked.',
  'reset-requested': 'If there is such an account, a link to choose a new password is on its way.',
  revoked: 'The sessions are ended: each device notices {noticed}.',
  'session-ended': 'The session is ended: its device notices {noticed}.',
  'idle-ended': 'The unused sessions are ended.',
  'member-removed': 'The member is removed, and {done}.',
  'role-changed': 'The role is changed, and the member {done}.',
  suspended: 'The member is suspended, and {done}.',
  resumed: 'The member may sign in again.',
  forgotten: 'The member is {done}, and forgotten.',
};

/** @type {Readonly<Record<number, readonly [string, string]>>} */
export const STATUS_TEXTS = {
  400: ['Bad request', ''],
  401: ['You are not signed in', 'Sign in again to go on.'],
  403: ['Not allowed', 'The request did not come from a page of this site.'],
  404: ['Not found', 'There is nothing here.'],
  503: ['Not available at the moment', 'No session was ended by this. Try again in a moment.'],
};

/** @typedef {import('./products.js').Product} Product */

/**
 * @param {unknown} code
 * @param {Product} product
 */
export const reasonText = (code, product) => textOf(REASONS, code, product);

/**
 * @param {unknown} name
 * @param {Product} product
 */
export const noticeText = (name, product) => textOf(NOTICES, name, product);

/**
 * @param {Readonly<Record<string, string>>} texts
 * @param {unknown} name
 * @param {Product} product
 */
function textOf(texts, name, { words }) {
  if (typeof name !== 'string' || !Object.hasOwn(texts, name)) return null;
  return texts[name]?.replaceAll('{done}', words.done).replaceAll('{noticed}', words.noticed) ?? null;
}
