import { DEMO_BUYERS, DEMO_USERS } from '../../../examples/demo/people.js';

/** The people of the demo, by the local part of their addresses. */
export type Person = 'owner' | 'member' | 'second' | 'solo' | 'buyer';

/** Returns a person of the demo. */
export function personOf(name: Person) {
  const found = [...DEMO_USERS, ...DEMO_BUYERS].find(({ email }) => email.startsWith(`${name}@`));
  if (found === undefined) throw new Error(`nobody is called ${name}`);
  return found;
}
