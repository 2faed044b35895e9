// @ts-check
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** @typedef {{ N: number, r: number, p: number }} Cost of scrypt */
/** @typedef {{ salt: string, hash: string, cost?: Cost }} Password with its own cost, so that new ones can cost more */

export const SHORTEST_PASSWORD = 8;

// OWASP Password Storage Cheat Sheet: N = 2^14, r = 8, p = 5 takes 16 MiB.
const COST = { N: 2 ** 14, r: 8, p: 5 };

/**
 * @param {string} password
 * @param {string} salt
 * @param {Cost} [cost]
 * @returns {Promise<Buffer>}
 */
function derive(password, salt, cost = COST) {
  return new Promise((resolve, reject) => {
    scrypt(password, Buffer.from(salt, 'base64'), 32, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/**
 * @param {string} password
 * @param {Cost} [cost]
 * @returns {Promise<Password>}
 */
export async function hashPassword(password, cost = COST) {
  const salt = randomBytes(16).toString('base64');
  return { salt, hash: (await derive(password, salt, cost)).toString('base64'), cost };
}

/**
 * The password of an unknown user. The comparison then takes as long as for a known user.
 *
 * @type {Password}
 */
const NOBODY = { salt: randomBytes(16).toString('base64'), hash: randomBytes(32).toString('base64') };

/**
 * @param {string} password
 * @param {Password | null} hashed
 */
export async function isPassword(password, hashed) {
  const { salt, hash, cost } = hashed ?? NOBODY;
  return timingSafeEqual(await derive(password, salt, cost), Buffer.from(hash, 'base64')) && hashed !== null;
}
