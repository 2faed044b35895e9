// @ts-check
// The app's own data: users and their memberships in accounts. A real app has them in its database.
import { scryptSync, timingSafeEqual } from 'node:crypto';

/** @typedef {'admin' | 'member'} Role */
/** @typedef {{ id: string, name: string, role: Role }} Membership */

const SALT = 'one for each user, in earnest';
const hashOf = (/** @type {string} */ password) => scryptSync(password, SALT, 32);
const PASSWORDS = new Map([
  ['alice', hashOf('wonderland')],
  ['bob', hashOf('builder')],
  ['carol', hashOf('singer')],
]);
const NOBODYS = hashOf('');

/** @type {ReadonlyMap<string, { name: string, members: ReadonlyMap<string, Role> }>} */
const ACCOUNTS = new Map([
  ['acme', { name: 'Acme', members: roles({ alice: 'admin', bob: 'member', carol: 'member' }) }],
  ['beta', { name: 'Beta', members: roles({ alice: 'member', bob: 'admin' }) }],
  ['gamma', { name: 'Gamma', members: roles({ bob: 'member', carol: 'admin' }) }],
]);

/** @param {Record<string, Role>} members */
function roles(members) {
  return new Map(Object.entries(members));
}

/** @param {unknown} user */
export const isUser = (user) => typeof user === 'string' && PASSWORDS.has(user);

/**
 * Compares a password. The comparison takes the same time for an unknown user.
 *
 * @param {string} user
 * @param {unknown} password
 */
export function isPassword(user, password) {
  return timingSafeEqual(hashOf(String(password)), PASSWORDS.get(user) ?? NOBODYS);
}

/** @param {string} account */
export const isAccount = (account) => ACCOUNTS.has(account);

/** @param {string | null} account */
export const nameOf = (account) => ACCOUNTS.get(account ?? '')?.name ?? 'no account';

/**
 * Returns the user's role in the account, or `null` for a user who is not a member.
 *
 * @param {string} user
 * @param {string | null} account
 */
export const roleOf = (user, account) => ACCOUNTS.get(account ?? '')?.members.get(user) ?? null;

/**
 * @param {string} user
 * @returns {Membership[]}
 */
export function membershipsOf(user) {
  return [...ACCOUNTS].flatMap(([id, { name, members }]) => {
    const role = members.get(user);
    return role === undefined ? [] : [{ id, name, role }];
  });
}
