// @ts-check
// The user table of the demo: a JSON file. Each query reads it, and each change replaces it as a whole.
import { open, readFile, rename } from 'node:fs/promises';
import { hashPassword } from './passwords.js';
import { DEMO_BUYERS, DEMO_USERS } from './people.js';

/**
 * @typedef {object} User
 * @property {string} id
 * @property {import('./people.js').Population} population
 * @property {string} email
 * @property {import('./passwords.js').Password} password
 * @property {boolean} changed `true` after the first change of the password
 * @property {string | null} account
 * @property {import('./people.js').Role} role
 * @property {readonly import('./people.js').LoginMethod[]} methods
 * @property {string} totpSecret
 * @property {boolean | null} secondFactor `null` until the user decides
 * @property {boolean} suspended for display only: the library refuses the sign-ins
 * @property {boolean} removed from the account
 */

/** @param {string} file */
export async function readUsers(file) {
  return parseUsers(await readFile(file, 'utf8'));
}

/**
 * Replaces the file atomically. A reader finds the old file or the new one, also after a power failure.
 *
 * @param {string} file
 * @param {readonly User[]} users
 */
export async function writeUsers(file, users) {
  const draft = `${file}.draft`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(users, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

/**
 * @param {import('./passwords.js').Cost} [cost] of the password hashes
 * @returns {Promise<readonly User[]>}
 */
export function firstUsers(cost) {
  return Promise.all(
    DEMO.map(async ({ password, ...user }) => ({ ...START, ...user, password: await hashPassword(password, cost) })),
  );
}

const DEMO = [
  ...DEMO_USERS.map((user) => ({ ...user, population: /** @type {const} */ ('dashboard') })),
  ...DEMO_BUYERS.map((user) => ({ ...user, population: /** @type {const} */ ('buyer') })),
];

const START = {
  changed: false,
  methods: /** @type {const} */ (['password', 'passkey']),
  secondFactor: null,
  suspended: false,
  removed: false,
};

/**
 * Fields that the file of an older demo lacks get their initial values.
 *
 * @param {string} text
 * @returns {readonly User[]}
 */
function parseUsers(text) {
  const users = JSON.parse(text);
  if (!Array.isArray(users)) throw new Error('the file of users is no list of them');
  return users.map((user) => {
    const { password: _, ...demo } = DEMO.find(({ id }) => id === user?.id) ?? { password: '' };
    const known = { ...START, ...demo, ...user };
    const { id, email, population, totpSecret, password, methods } = known;
    const texts = [id, email, population, totpSecret, password?.salt, password?.hash];
    if (texts.every((value) => typeof value === 'string') && Array.isArray(methods)) return known;
    throw new Error(`the file of users has one that is incomplete: ${JSON.stringify(id ?? null)}`);
  });
}
