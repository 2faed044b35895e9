import type { Tables } from '../names.ts';

export interface PolicyStatements {
  readonly policy: string;
  /** Selects a policy, and protects it from changes until the transaction ends. */
  readonly sharedPolicy: string;
  readonly lockPolicy: string;
  readonly insertPolicy: string;
  readonly replacePolicy: string;
  readonly removePolicy: string;
}

export const policyStatementsOf = ({ policies }: Tables): PolicyStatements => ({
  policy: `SELECT value FROM ${policies} WHERE account_tag = ?`,
  sharedPolicy: `SELECT value FROM ${policies} WHERE account_tag = ? LOCK IN SHARE MODE`,
  lockPolicy: `SELECT value FROM ${policies} WHERE account_tag = ? FOR UPDATE`,
  insertPolicy: `INSERT INTO ${policies} (account_tag, value) VALUES (?, ?)`,
  replacePolicy: `UPDATE ${policies} SET value = ? WHERE account_tag = ?`,
  removePolicy: `DELETE FROM ${policies} WHERE account_tag = ?`,
});
