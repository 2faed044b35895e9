import type { PolicyPower } from '../../../src/adapter.ts';
import type { Contents } from './contents.ts';
import { ownCopyOf } from './own-copy.ts';

export const policyPower = (open: () => Contents): PolicyPower => ({
  get: (account) => open().policies.get(account) ?? null,

  set(write) {
    const { policies, audit } = open();
    if ((policies.get(write.account) ?? null) !== write.ifValue) return 'conflict';
    const { account, value, audit: entries } = ownCopyOf(write);
    policies.set(account, value);
    audit.write(entries);
    return 'set';
  },
});
