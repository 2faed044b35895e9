import type { PolicyPower } from '../../../src/adapter.ts';
import { writeAudit } from './audit.ts';
import type { Context } from './context.ts';

export const policyPower = (open: () => Context): PolicyPower => ({
  get(account) {
    const row = open().statements.policy(account);
    return row === undefined ? null : (row[0] as string);
  },

  set({ account, value, ifValue, audit }) {
    const { database, statements } = open();
    return database.write(() => {
      const { insertPolicy, replacePolicy } = statements;
      const written = ifValue === null ? insertPolicy(account, value) : replacePolicy(value, account, ifValue);
      if (written === 0) return 'conflict';
      writeAudit(statements, audit);
      return 'set';
    });
  },
});
