import type { Finding, StorePowers } from '../../../src/adapter.ts';
import type { Contents } from './contents.ts';
import { realmsOf } from './users.ts';

const WHERE: Finding = {
  subject: 'durability',
  level: 'warning',
  found: 'everything is in the memory of this process',
  advice: 'take another store where users should stay signed in when the process ends, or there are several processes',
};

export const memoryPowers = (open: () => Contents): StorePowers => ({
  audit: {
    append: (records) => open().audit.append(records),
    read: (page) => open().audit.read(page),
    forget: (user, limit) => open().audit.forget(user, limit),
    prune: (before, limit) => open().audit.prune(before, limit),
  },
  policies: {
    get: (account) => open().policies.get(account),
    set: (write) => open().policies.set(write),
  },
  diagnosis: {
    diagnose() {
      open();
      return [WHERE];
    },
    realms: (limit) => realmsOf(open(), limit),
  },
});
