// @ts-check
// Five products, each a set of options for the library. `npm start -- --product a` starts one.

/**
 * @typedef {import('session-revocation').SessionsOptions} SessionsOptions
 * @typedef {import('session-revocation/express').SessionRoutesOptions} SessionRoutesOptions
 * @typedef {import('./users.js').Users} Users
 */

/**
 * @typedef {object} Product
 * @property {string} letter
 * @property {string} name
 * @property {string} text one sentence about the product
 * @property {Omit<SessionsOptions, 'store' | 'clock'>} sessions options of `createSessions`
 * @property {(users: Users) => SessionRoutesOptions} routes options of `sessionRoutes`
 * @property {string} hide parts that the card hides
 * @property {Words} words the product's word for a sign-out
 * @property {readonly ('sign-out-others' | 'sign-out-everywhere')[]} paid actions that the free plan does not have
 * @property {readonly string[] | null} secondFactor ids of the users who have one at the start; `null` if the product has none
 * @property {boolean} tokens `true` if users can make tokens for programs
 * @property {boolean} alerts `true` if users get a mail about a new device
 * @property {Omit<SessionsOptions, 'store' | 'clock'> | null} shop options of a second realm for buyers; `null` without a shop
 */

/**
 * @typedef {object} Words
 * @property {'Log out' | 'Sign out'} act
 * @property {'logged out' | 'signed out'} done
 * @property {boolean} ofCard `true` if the card's default texts use the same word
 * @property {string} noticed when a device notices that it is signed out
 */

/** @type {Words} */
const LOG_OUT = { act: 'Log out', done: 'logged out', ofCard: true, noticed: 'at its next request' };

const PAID = /** @type {const} */ (['sign-out-others', 'sign-out-everywhere']);

/**
 * Stands in for a lookup in a database of IP addresses.
 *
 * @param {import('session-revocation').ListedSession} session
 */
const place = ({ device: { ip } }) => (ip === '127.0.0.1' || ip === '::1' ? 'This computer' : null);

/** @type {import('session-revocation').KindOptions} */
const LASTING = { lifetime: { absolute: '365d', idle: null }, survives: ['user', 'member'] };

/** @type {Readonly<Record<string, Product>>} */
export const PRODUCTS = {
  a: {
    letter: 'a',
    name: 'Sign out everywhere',
    text: 'All or nothing: this device, or every device. Nobody is signed out by time.',
    sessions: {
      realm: 'demo',
      lifetime: { absolute: null, idle: null },
      triggers: {
        passwordChanged: 'everywhere',
        emailChanged: 'everywhere',
        passwordReset: 'everywhere',
        secondFactorChanged: 'everywhere',
      },
      audit: true,
    },
    routes: () => ({ actions: ['sign-out', 'sign-out-everywhere'] }),
    hide: 'rows ended sign-out-others policy',
    words: { ...LOG_OUT, act: 'Sign out', done: 'signed out', ofCard: false },
    paid: [],
    secondFactor: ['user-1'],
    tokens: false,
    alerts: false,
    shop: null,
  },
  b: {
    letter: 'b',
    name: 'Remote log-out',
    text: 'Ends browsers and remembered devices from afar. API and MCP tokens stay until they are revoked themselves.',
    sessions: {
      realm: 'demo',
      kinds: { api: LASTING, mcp: LASTING },
      audit: { names: { 'sessions.revoked': 'user.session_invalidated' } },
    },
    routes: (users) => ({
      place,
      async authorize({ actor, action, target }) {
        if (target.user !== actor.user || action === 'change-policy') return false;
        return !PAID.some((paid) => paid === action) || (await users.planOf(actor.account)) !== 'free';
      },
    }),
    hide: 'sign-out policy',
    words: LOG_OUT,
    paid: PAID,
    secondFactor: null,
    tokens: true,
    alerts: false,
    shop: null,
  },
  c: {
    letter: 'c',
    name: 'Account-wide logout behaviour',
    text: 'An administrator decides for the account whether a log-out ends one session or all of them.',
    sessions: { realm: 'demo', policy: 'stored', audit: true },
    routes: (users) => ({
      place,
      async authorize({ actor, action, target }) {
        if (action === 'change-policy') return users.isAdmin(actor.user, target.account);
        return target.user === actor.user;
      },
    }),
    hide: 'sign-out',
    words: LOG_OUT,
    paid: [],
    secondFactor: null,
    tokens: true,
    alerts: false,
    shop: null,
  },
  d: {
    letter: 'd',
    name: 'Deciding when to log out',
    text: 'Who is signed in, what is suspicious, what would end, and who ended what: then the smallest step.',
    // Inactivity ends no session. The review finds idle ones.
    sessions: { realm: 'dashboard', lifetime: { absolute: '180d', idle: null }, audit: true },
    routes: () => ({ place }),
    hide: 'sign-out policy',
    words: LOG_OUT,
    paid: [],
    secondFactor: [],
    tokens: false,
    alerts: true,
    shop: { realm: 'buyer', lifetime: { absolute: '90d', idle: null }, audit: true },
  },
  e: {
    letter: 'e',
    name: 'Login management',
    text: 'A row for each browser, each ended by a click, and an end to all others when a password changes.',
    sessions: { realm: 'demo', replace: 'same-browser', lifetime: { absolute: '30d', idle: null }, audit: true },
    routes: () => ({ place }),
    hide: 'sign-out policy',
    words: LOG_OUT,
    paid: [],
    secondFactor: null,
    tokens: true,
    alerts: false,
    shop: null,
  },
};

/**
 * @param {unknown} letter
 * @returns {Product}
 * @throws `RangeError` for an unknown letter
 */
export function productOf(letter) {
  const product = typeof letter === 'string' && Object.hasOwn(PRODUCTS, letter) ? PRODUCTS[letter] : undefined;
  if (product !== undefined) return product;
  const letters = Object.keys(PRODUCTS).join(', ');
  throw new RangeError(`There is no product ${JSON.stringify(letter)}; allowed are ${letters}`);
}

/**
 * Returns the product for processes that may accept a session from memory for `maxStaleness` ms. Its pages state this
 * delay. All processes of the demo have the same bound. If bounds differ, the longest one counts. The `effectiveWithin`
 * of a result states it.
 *
 * @param {Product} product
 * @param {number} maxStaleness
 * @returns {Product}
 */
export function withBound(product, maxStaleness) {
  if (maxStaleness === 0) return product;
  const seconds = Math.ceil(maxStaleness / 1_000);
  const freshness = { maxStaleness };
  return {
    ...product,
    sessions: { ...product.sessions, freshness },
    shop: product.shop && { ...product.shop, freshness },
    words: { ...product.words, noticed: `within ${seconds} second${seconds === 1 ? '' : 's'}` },
  };
}
