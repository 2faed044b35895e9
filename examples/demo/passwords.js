// @ts-check
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** @typedef {{ salt: string, hash: string }} Password */

export const SHORTEST_PASSWORD = 8;

// OWASP Password Storage Cheat Sheet: N = 2^14, r = 8, p = 5 takes 16 MiB.
const COST = { N: 2 ** 14, r: 8, p: 5 };

/**
 * @param {string} password
 * @param {string} salt
 * @returns {Promise<Buffer>}
 */
function derive(password, salt) {
  return new Promise((resolve, reject) => {
    scrypt(password, Buffer.from(salt, 'base64'), 32, COST, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/**
 * @param {string} password
 * @returns {Promise<Password>}
 */
export async function hashPassword(password) {
  const salt = randomBytes(16).toString('base64');
  return { salt, hash: (await derive(password, salt)).toString('base64') };
}

/** Nobody's: compared with where there is no such user, so that the answer takes as long. */
const NOBODY = { salt: randomBytes(16).toString('base64'), hash: randomBytes(32).toString('base64') };

/**
 * @param {string} password
 * @param {Password | null} hashed
 */
export async function isPassword(password, hashed) {
  const { salt, hash } = hashed ?? NOBODY;
  return timingSafeEqual(await derive(password, salt), Buffer.from(hash, 'base64')) && hashed !== null;
}
