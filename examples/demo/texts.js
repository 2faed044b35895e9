// @ts-check
// Why somebody is signed out, in words, by code: nothing of a request is ever shown.

/**
 * The library's codes, the coarse reasons where there is no code, and the demo's own.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const REASONS = {
  'signed-out': 'You are signed out on this device.',
  'signed-out-others': 'You were signed out here, from another of your devices.',
  'signed-out-everywhere': 'You are signed out on every device.',
  replaced: 'You signed in again, and that took the place of this session.',
  limit: 'You signed in on another device, and this one was one too many.',
  idle: 'You were signed out here because you had not been here for long.',
  suspended: 'Your account was suspended. An administrator can tell you more.',
  'password-changed': 'Your password was changed. Sign in with the new one.',
  'email-changed': 'Your e-mail address was changed. Sign in with the new one.',
  'password-reset': 'Your password was reset, and you were signed out on every device. Sign in with the new one.',
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
 * What a sign-in that got no session is answered with.
 *
 * @type {Readonly<Record<'not-verified' | import('session-revocation').StartRefusal, { status: number, title: string }>>}
 */
export const SIGN_IN_REFUSALS = {
  'not-verified': { status: 401, title: 'E-mail or password is wrong' },
  superseded: { status: 401, title: 'This account was signed out everywhere a moment ago: sign in again' },
  suspended: { status: 403, title: 'This account is suspended' },
  limit: { status: 403, title: 'This account is signed in on too many devices' },
};

/** @type {Readonly<Record<string, string>>} */
const NOTICES = {
  device: 'That device is logged out.',
  others: 'All other devices are logged out.',
  password: 'Your password is changed, and all other devices are logged out.',
  email: 'Your e-mail address is changed, and all other devices are logged out.',
  'second-factor': 'Your second factor is changed, and all other devices are logged out.',
  'login-method': 'That login method is removed.',
  'tokens-revoked': 'All your tokens of that kind are revoked.',
  'reset-requested': 'If there is such an account, a link to choose a new password is on its way.',
  revoked: 'The sessions are ended.',
  'idle-ended': 'The unused sessions are ended.',
  'member-removed': 'The member is removed, and signed out.',
  'role-changed': 'The role is changed, and the member signed out.',
  suspended: 'The member is suspended, and signed out.',
  resumed: 'The member may sign in again.',
  forgotten: 'The member is signed out, and forgotten.',
};

/** @type {Readonly<Record<number, readonly [string, string]>>} */
export const STATUS_TEXTS = {
  400: ['Bad request', ''],
  401: ['You are signed out', 'Sign in again to go on.'],
  403: ['Not allowed', 'The request did not come from a page of this site.'],
  404: ['Not found', 'There is nothing here.'],
  503: ['Not available at the moment', 'Nobody was signed out by this. Try again in a moment.'],
};

/** @param {unknown} code */
export const reasonText = (code) => textOf(REASONS, code);

/** @param {unknown} name */
export const noticeText = (name) => textOf(NOTICES, name);

/**
 * @param {Readonly<Record<string, string>>} texts
 * @param {unknown} name
 */
const textOf = (texts, name) => (typeof name === 'string' && Object.hasOwn(texts, name) ? (texts[name] ?? null) : null);
