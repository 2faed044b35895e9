// @ts-check
// The users at the first start of the demo. Their secrets are public: never use them elsewhere.

/**
 * @typedef {'dashboard' | 'buyer'} Population
 * @typedef {'admin' | 'member'} Role
 * @typedef {'password' | 'passkey'} LoginMethod
 */

/** @type {Readonly<Record<string, { name: string, plan: 'free' | 'pro' }>>} */
export const ACCOUNTS = {
  acme: { name: 'Acme', plan: 'pro' },
  beta: { name: 'Beta', plan: 'free' },
};

/**
 * @typedef {object} DemoUser
 * @property {string} id
 * @property {string} email
 * @property {string} password
 * @property {string | null} account
 * @property {Role} role
 * @property {string} totpSecret base32, for authenticator apps
 */

/** @type {readonly DemoUser[]} */
export const DEMO_USERS = [
  {
    id: 'user-1',
    email: 'owner@acme.example',
    password: 'owner-demo-password',
    account: 'acme',
    role: 'admin',
    totpSecret: 'OWNERDEMOSECRETAAAAAAAAAAAAAAAAA',
  },
  {
    id: 'user-2',
    email: 'member@acme.example',
    password: 'member-demo-password',
    account: 'acme',
    role: 'member',
    totpSecret: 'MEMBERDEMOSECRETAAAAAAAAAAAAAAAA',
  },
  {
    id: 'user-3',
    email: 'second@acme.example',
    password: 'second-demo-password',
    account: 'acme',
    role: 'member',
    totpSecret: 'SECONDDEMOSECRETAAAAAAAAAAAAAAAA',
  },
  {
    id: 'user-4',
    email: 'solo@beta.example',
    password: 'solo-demo-password',
    account: 'beta',
    role: 'admin',
    totpSecret: 'SOLODEMOSECRETAAAAAAAAAAAAAAAAAA',
  },
];

/** Users of the shop: a separate population with its own passwords. */
export const DEMO_BUYERS = [
  {
    id: 'buyer-1',
    email: 'buyer@mail.example',
    password: 'buyer-demo-password',
    account: null,
    role: /** @type {Role} */ ('member'),
    totpSecret: 'BUYERDEMOSECRETAAAAAAAAAAAAAAAAA',
  },
];
