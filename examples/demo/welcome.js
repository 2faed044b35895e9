// @ts-check
// The text in the terminal after the start.
import { DEMO_BUYERS, DEMO_USERS } from './users.js';

/**
 * @param {object} options
 * @param {string} options.url
 * @param {string} options.database
 * @param {import('./products.js').Product} options.product
 * @param {readonly import('./users.js').User[]} options.people
 */
export function welcome({ url, database, product, people }) {
  const { letter, name, shop, secondFactor } = product;
  const users = known(people, DEMO_USERS);
  const withoutCode = users.find(({ id, usable }) => usable && !secondFactor?.includes(id));
  const { email, password } = withoutCode ?? { email: '…', password: '…' };
  return `Listening on ${url} (Ctrl-C stops it). Sessions are kept in ${database}.
Product ${letter}: ${name}. What it does: ${url}/about

Sign in there from two browsers, as one of
${list(users)}
${shop === null ? '' : `\nor at ${url}/shop, as\n${list(known(people, DEMO_BUYERS))}\n`}${
  secondFactor === null
    ? ''
    : '\nWhose second factor is on needs a code: node examples/demo/code.js owner@acme.example\n'
}
or with curl:
  curl -c jar -H 'Origin: ${url}' -d 'email=${email}' -d 'password=${password}' ${url}/sign-in
  curl -b jar ${url}/me
  curl -b jar -i -H 'Origin: ${url}' -X POST ${url}/sessions/sign-out-everywhere
  curl -b jar -i ${url}/me`;
}

/**
 * Returns the demo users who still exist. `usable` is `true` if the demo password still works.
 *
 * @param {readonly import('./users.js').User[]} people
 * @param {readonly import('./people.js').DemoUser[]} demo
 */
function known(people, demo) {
  return demo.flatMap(({ id, password }) => {
    const user = people.find((person) => person.id === id && !person.removed);
    if (user === undefined) return [];
    const usable = !user.changed && user.methods.includes('password');
    return [{ id, email: user.email, password, usable }];
  });
}

/** @param {ReturnType<typeof known>} users */
const list = (users) =>
  users
    .map(
      ({ email, password, usable }) => `  ${email.padEnd(22)} ${usable ? password : '(no longer the demo’s password)'}`,
    )
    .join('\n');
