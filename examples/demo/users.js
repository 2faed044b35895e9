// @ts-check
// The app's own part: users, passwords and second factors. The library never sees a password.
import { hashPassword, isPassword } from './passwords.js';
import { ACCOUNTS } from './people.js';
import { isCodeOf } from './totp.js';
import { firstUsers, readUsers, writeUsers } from './users-file.js';

export { SHORTEST_PASSWORD } from './passwords.js';
export { ACCOUNTS, DEMO_BUYERS, DEMO_USERS } from './people.js';

/**
 * @typedef {import('./users-file.js').User} User
 * @typedef {import('./people.js').LoginMethod} LoginMethod
 * @typedef {import('./people.js').Role} Role
 */

/** The users of the demo. A change resolves when it is in the file: later reads see it. */
export class Users {
  #file;
  /** @type {Promise<unknown>} */
  #lastChange = Promise.resolve();

  /** @param {string} file */
  constructor(file) {
    this.#file = file;
  }

  /**
   * Opens the file. Creates it with the demo's users if it is missing.
   *
   * @param {string} file
   */
  static async open(file) {
    try {
      await readUsers(file);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
      await writeUsers(file, await firstUsers());
    }
    return new Users(file);
  }

  all() {
    return readUsers(this.#file);
  }

  /** @param {string} id */
  async get(id) {
    return (await this.all()).find((user) => user.id === id) ?? null;
  }

  /**
   * @param {string} email
   * @param {import('./people.js').Population} [population]
   */
  async idOf(email, population = 'dashboard') {
    const address = normalize(email);
    return (await this.all()).find((user) => user.population === population && user.email === address)?.id ?? null;
  }

  /** @param {string} account */
  async members(account) {
    return (await this.all()).filter((user) => user.account === account && !user.removed);
  }

  /**
   * @param {string} id
   * @param {string | null} account
   */
  async isAdmin(id, account) {
    const user = await this.get(id);
    return user !== null && user.account === account && user.role === 'admin' && !user.removed;
  }

  /** @param {string | null} account */
  async planOf(account) {
    return ACCOUNTS[account ?? '']?.plan ?? 'free';
  }

  /**
   * Checks the password against the current file. Takes the same time for an unknown user.
   *
   * @param {string | null} id
   * @param {string} password
   */
  async verify(id, password) {
    const user = id === null ? null : await this.get(id);
    const mayUseIt = user?.methods.includes('password') === true && !user.removed;
    return (await isPassword(password, user?.password ?? null)) && mayUseIt;
  }

  /**
   * Returns whether a sign-in needs a code. The user's choice comes before the product's default.
   *
   * @param {string} id
   * @param {import('./products.js').Product} product
   */
  async hasSecondFactor(id, { secondFactor }) {
    return secondFactor !== null && ((await this.get(id))?.secondFactor ?? secondFactor.includes(id));
  }

  /**
   * @param {string} id
   * @param {string} code
   * @param {number} now
   */
  async verifyCode(id, code, now) {
    const user = await this.get(id);
    return user !== null && isCodeOf(user.totpSecret, code, now);
  }

  /**
   * Sets a new password if the current one is right. The old one no longer works once this resolves.
   *
   * @param {string} id
   * @param {string} current
   * @param {string} next
   * @returns {Promise<boolean>}
   */
  changePassword(id, current, next) {
    return this.#inTurn(async () => {
      if (!(await this.verify(id, current))) return false;
      await this.#put(id, { password: await hashPassword(next), changed: true });
      return true;
    });
  }

  /**
   * Sets the password of a user who proved their identity in another way. Adds the login method `password` again if it was removed.
   *
   * @param {string} id
   * @param {string} next
   */
  setPassword(id, next) {
    return this.#inTurn(async () => {
      const methods = (await this.get(id))?.methods ?? [];
      const password = await hashPassword(next);
      await this.#put(id, { password, changed: true, methods: [...new Set([...methods, PASSWORD])] });
    });
  }

  /**
   * @param {string} id
   * @param {string} password
   * @param {string} email
   * @returns {Promise<'changed' | 'wrong-password' | 'taken'>}
   */
  changeEmail(id, password, email) {
    return this.#inTurn(async () => {
      if (!(await this.verify(id, password))) return 'wrong-password';
      const user = await this.get(id);
      const owner = await this.idOf(email, user?.population);
      if (owner !== null && owner !== id) return 'taken';
      await this.#put(id, { email: normalize(email) });
      return 'changed';
    });
  }

  /**
   * @param {string} id
   * @param {string} password
   * @param {boolean} secondFactor
   * @returns {Promise<boolean>} `false` for a wrong password
   */
  setSecondFactor(id, password, secondFactor) {
    return this.#inTurn(async () => {
      if (!(await this.verify(id, password))) return false;
      await this.#put(id, { secondFactor });
      return true;
    });
  }

  /**
   * @param {string} id
   * @param {string} method
   * @returns {Promise<readonly LoginMethod[] | null>} the remaining methods; `null` if the user does not have this method
   */
  removeMethod(id, method) {
    return this.#inTurn(async () => {
      const before = (await this.get(id))?.methods ?? [];
      const methods = before.filter((one) => one !== method);
      if (methods.length === before.length) return null;
      await this.#put(id, { methods });
      return methods;
    });
  }

  /**
   * @param {string} id
   * @param {Partial<Pick<User, 'role' | 'removed' | 'suspended'>>} change
   */
  change(id, change) {
    return this.#inTurn(() => this.#put(id, change));
  }

  /** @param {string} id */
  forget(id) {
    return this.#inTurn(async () =>
      writeUsers(
        this.#file,
        (await this.all()).filter((user) => user.id !== id),
      ),
    );
  }

  /**
   * Runs changes one after the other, so that each one sees the result of the previous one.
   *
   * @template T
   * @param {() => Promise<T>} change
   * @returns {Promise<T>}
   */
  #inTurn(change) {
    const done = this.#lastChange.then(change);
    this.#lastChange = done.catch(() => {});
    return done;
  }

  /**
   * @param {string} id
   * @param {Partial<User>} change
   */
  async #put(id, change) {
    const users = await this.all();
    await writeUsers(
      this.#file,
      users.map((user) => (user.id === id ? { ...user, ...change } : user)),
    );
  }
}

/** @type {LoginMethod} */
const PASSWORD = 'password';

/** @param {string} email */
const normalize = (email) => email.trim().toLowerCase();
