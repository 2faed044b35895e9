import type { PolicyPower } from '../../../src/adapter.ts';
import { fromColumn, toColumn } from '../sql/values.ts';
import type { Context } from './context.ts';
import type { Tables } from './names.ts';
import { policyLocksOf } from './statements/policies.ts';
import { entriesOf } from './values.ts';

export const policyPower = ({ ask, statements }: Context): PolicyPower => ({
  async get(account) {
    const [row] = await ask(statements.policy, account);
    return row === undefined ? null : fromColumn(String(row[0]));
  },

  async set({ account, value, ifValue, audit }) {
    const values = [account, toColumn(value), entriesOf(audit)] as const;
    const [row] = await (ifValue === null
      ? ask(statements.insertPolicy, ...values)
      : ask(statements.replacePolicy, ...values, toColumn(ifValue)));
    return Number(row?.[0]) > 0 ? 'set' : 'conflict';
  },
});

/**
 * Policies in a transaction of the caller. Once read, a policy cannot change until the commit. If it has changed since
 * the snapshot, the transaction fails (40001).
 */
export function policyPowerWithin(tables: Tables, context: Context): PolicyPower {
  const { ask } = context;
  const { lock, claim, disclaim } = policyLocksOf(tables);
  return {
    ...policyPower(context),
    async get(account) {
      const [row] = await ask(lock, account);
      if (row !== undefined) return fromColumn(String(row[0]));
      // A lock misses a row that was inserted after the snapshot. An insert of the same key conflicts with it.
      const [claimed] = await ask(claim, account);
      if (Number(claimed?.[0]) > 0) await ask(disclaim, account);
      return null;
    },
  };
}
