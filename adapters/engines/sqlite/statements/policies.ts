import type { Database } from '../connection.ts';
import type { Command, RowQuery } from '../prepared.ts';

export interface PolicyStatements {
  readonly policy: RowQuery;
  readonly insertPolicy: Command;
  readonly replacePolicy: Command;
}

export const policyStatementsOf = (database: Database): PolicyStatements => ({
  policy: database.row('SELECT value FROM policies WHERE account_tag = ?'),
  insertPolicy: database.command('INSERT INTO policies (account_tag, value) VALUES (?, ?) ON CONFLICT DO NOTHING'),
  replacePolicy: database.command('UPDATE policies SET value = ? WHERE account_tag = ? AND value = ?'),
});
