// @ts-check
// The app's own part: who the users are and whether a password is right. The library never sees a password.
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

/** The users of the demo. Whatever changes one resolves when nobody finds the old state any more. */
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

  /**
   * Who may sign in to an account.
   *
   * @param {string} account
   */
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
   * Reads the password afresh. Takes the same time whether or not there is such a user.
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
   * Whether a sign-in needs a code: as the user has decided, else as the product says.
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
   * Sets a new password if the current one is right. Once this resolves, the old one opens nothing.
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
   * For who has proved in another way to be this user: a password opens the account again, also where it was removed.
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
   * @returns {Promise<boolean>} whether the password was right
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
   * @returns {Promise<readonly LoginMethod[] | null>} those that are left; `null` where there was no such one
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
   * What an administrator changes: a role, or whether somebody is a member, or suspended.
   *
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
   * One change after the other, each on what the last one left.
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
