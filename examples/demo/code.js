// @ts-check
// Prints the current code of a user's authenticator app: `node examples/demo/code.js owner@acme.example`.
import { DEMO_USERS } from './people.js';
import { codeOf } from './totp.js';

const user = DEMO_USERS.find(({ email }) => email === process.argv[2]);
if (user === undefined) {
  console.error(`Whose code? One of ${DEMO_USERS.map(({ email }) => email).join(', ')}`);
  process.exit(1);
}
console.log(codeOf(user.totpSecret, Date.now()));
