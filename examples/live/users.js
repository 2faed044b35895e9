// @ts-check
import { scryptSync, timingSafeEqual } from 'node:crypto';

const SALT = 'one for each user, in earnest';
const hashOf = (/** @type {string} */ password) => scryptSync(password, SALT, 32);
const PASSWORDS = new Map([['alice', hashOf('wonderland')]]);
const NOBODYS = hashOf('');

/**
 * Returns the arguments of `signIn` for a form with a user and a password.
 *
 * @param {any} form the body of the request, from anywhere
 */
export const signInBy = (form) => {
  const { user, password } = form ?? {};
  return {
    user: PASSWORDS.has(user) ? user : null,
    amr: ['pwd'],
    verify: () => typeof password === 'string' && timingSafeEqual(hashOf(password), PASSWORDS.get(user) ?? NOBODYS),
  };
};
