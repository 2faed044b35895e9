import type { Tables } from '../names.ts';
import { type AuditStatements, auditStatementsOf } from './audit.ts';
import { type ChangeStatements, changeStatementsOf } from './changes.ts';
import { type OutboxStatements, outboxStatementsOf } from './outbox.ts';
import { type PolicyStatements, policyStatementsOf } from './policies.ts';
import { type UpkeepStatements, upkeepStatementsOf } from './upkeep.ts';
import { type VerbStatements, verbStatementsOf } from './verbs.ts';

/**
 * Parameters are in the order of the question marks. The SQL uses only features that MariaDB and MySQL have in common.
 *
 * The outcome of some statements is the number of affected rows. Each of them changes something in the row, because
 * some clients do not count unchanged rows.
 */
export type Statements = VerbStatements &
  UpkeepStatements &
  AuditStatements &
  OutboxStatements &
  PolicyStatements &
  ChangeStatements;

export const statementsOf = (tables: Tables): Statements => ({
  ...verbStatementsOf(tables),
  ...upkeepStatementsOf(tables),
  ...auditStatementsOf(tables),
  ...outboxStatementsOf(tables),
  ...policyStatementsOf(tables),
  ...changeStatementsOf(tables),
});
