// @ts-check
// The app's own part: who the users are and whether a password is right. The library never sees a password.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';

/**
 * @typedef {{ salt: string, hash: string }} Password
 * @typedef {{ id: string, email: string, password: Password, changed: boolean }} User
 */

/** Known to everybody who can read this: a demo's. */
export const DEMO_USERS = [
  { id: 'user-1', email: 'owner@acme.example', password: 'owner-demo-password' },
  { id: 'user-2', email: 'member@acme.example', password: 'member-demo-password' },
];

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
async function hashPassword(password) {
  const salt = randomBytes(16).toString('base64');
  return { salt, hash: (await derive(password, salt)).toString('base64') };
}

/** Nobody's: compared with where there is no such user, so that the answer takes as long. */
const NOBODY = { salt: randomBytes(16).toString('base64'), hash: randomBytes(32).toString('base64') };

/** The users of the demo: a JSON file, which is read at every question and replaced as a whole. */
export class Users {
  #file;
  /** @type {Promise<unknown>} */
  #lastChange = Promise.resolve();

  /** @param {string} file */
  constructor(file) {
    this.#file = file;
  }

  /**
   * Opens the file, or makes it with the demo's users.
   *
   * @param {string} file
   */
  static async open(file) {
    const users = new Users(file);
    try {
      await users.all();
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
      const hashed = DEMO_USERS.map(async (user) => ({
        ...user,
        password: await hashPassword(user.password),
        changed: false,
      }));
      await users.#write(await Promise.all(hashed));
    }
    return users;
  }

  /** @returns {Promise<readonly User[]>} */
  async all() {
    return JSON.parse(await readFile(this.#file, 'utf8'));
  }

  /** @param {string} id */
  async get(id) {
    return (await this.all()).find((user) => user.id === id) ?? null;
  }

  /** @param {string} email */
  async idOf(email) {
    return (await this.all()).find((user) => user.email === email.trim().toLowerCase())?.id ?? null;
  }

  /**
   * Reads the password afresh. Takes the same time whether or not there is such a user.
   *
   * @param {string | null} id
   * @param {string} password
   */
  async verify(id, password) {
    const user = id === null ? null : await this.get(id);
    const { salt, hash } = user?.password ?? NOBODY;
    return timingSafeEqual(await derive(password, salt), Buffer.from(hash, 'base64')) && user !== null;
  }

  /**
   * Sets a new password if the current one is right. Once this resolves, the old one opens nothing.
   *
   * @param {string} id
   * @param {string} current
   * @param {string} next
   * @returns {Promise<boolean>}
   */
  async changePassword(id, current, next) {
    const change = this.#lastChange.then(async () => {
      if (!(await this.verify(id, current))) return false;
      const password = await hashPassword(next);
      const users = await this.all();
      await this.#write(users.map((user) => (user.id === id ? { ...user, password, changed: true } : user)));
      return true;
    });
    this.#lastChange = change.catch(() => {});
    return change;
  }

  /**
   * A reader finds the old file or the new one, never half of it; so does the next start, after a power cut.
   *
   * @param {readonly User[]} users
   */
  async #write(users) {
    const draft = `${this.#file}.draft`;
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(users, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#file);
  }
}
