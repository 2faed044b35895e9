import type { Tables } from '../names.ts';
import { type Prepared, prepared, type StatementText } from '../prepared.ts';
import { log } from './fragments.ts';

export type PolicyStatement = 'policy' | 'insertPolicy' | 'replacePolicy';

/** `$1` is the account's tag, `$2` the value to write, `$3` the entries, and `$4` the value that was read. */
export const POLICY_STATEMENTS: Readonly<Record<PolicyStatement, StatementText>> = {
  policy: ({ policies }: Tables) => `SELECT p.value FROM ${policies} p WHERE p.account_tag = $1`,

  insertPolicy: (tables: Tables) =>
    write(tables, `INSERT INTO ${tables.policies} (account_tag, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`),

  replacePolicy: (tables: Tables) =>
    write(tables, `UPDATE ${tables.policies} p SET value = $2 WHERE p.account_tag = $1 AND p.value = $4::text`),
};

const write = (tables: Tables, what: string): string => `
  WITH written AS (${what} RETURNING 1), ${log(tables, '$3', 'EXISTS (SELECT FROM written)')}
  SELECT count(*) AS written FROM written`;

export interface PolicyLocks {
  readonly lock: Prepared;
  /**
   * Inserts an empty policy, if the transaction may see an older snapshot. Waits for other transactions that insert the
   * same one.
   */
  readonly claim: Prepared;
  readonly disclaim: Prepared;
}

export const policyLocksOf = (tables: Tables): PolicyLocks => ({
  lock: prepared('lockPolicy', `${POLICY_STATEMENTS.policy(tables)} FOR SHARE`),
  claim: prepared(
    'claimPolicy',
    `WITH claimed AS (
      INSERT INTO ${tables.policies} (account_tag, value) SELECT $1::text, ''
      WHERE current_setting('transaction_isolation') IN ('repeatable read', 'serializable')
      ON CONFLICT DO NOTHING RETURNING 1)
    SELECT count(*) AS claimed FROM claimed`,
  ),
  disclaim: prepared(
    'disclaimPolicy',
    `WITH removed AS (DELETE FROM ${tables.policies} WHERE account_tag = $1 RETURNING 1)
    SELECT count(*) AS removed FROM removed`,
  ),
});
