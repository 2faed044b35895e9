import type { Finding, StorePowers } from '../../../src/index.ts';
import type { Audit } from './audit.ts';
import type { Policies } from './policies.ts';

const WHERE: Finding = {
  subject: 'durability',
  level: 'warning',
  found: 'everything is in the memory of this process',
  advice: 'take another store where users should stay signed in when the process ends, or there are several processes',
};

/** What the store can do beyond the verbs of the port. `open` gives what is in it, or throws where it is closed. */
export const memoryPowers = (open: () => { readonly audit: Audit; readonly policies: Policies }): StorePowers => ({
  audit: {
    append: (records) => open().audit.append(records),
    read: (page) => open().audit.read(page),
    forget: (user, limit) => open().audit.forget(user, limit),
    prune: (before, limit) => open().audit.prune(before, limit),
  },
  diagnosis: {
    diagnose() {
      open();
      return [WHERE];
    },
  },
  policies: {
    get: (account) => open().policies.get(account),
    set: (write) => open().policies.set(write),
  },
});
