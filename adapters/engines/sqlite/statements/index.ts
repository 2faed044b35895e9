import type { Database } from '../connection.ts';
import { type AuditStatements, auditStatementsOf } from './audit.ts';
import { type OutboxStatements, outboxStatementsOf } from './outbox.ts';
import { type PolicyStatements, policyStatementsOf } from './policies.ts';
import { type UpkeepStatements, upkeepStatementsOf } from './upkeep.ts';
import { type VerbStatements, verbStatementsOf } from './verbs.ts';

/** Parameters are in the order of the question marks. */
export type Statements = VerbStatements & UpkeepStatements & AuditStatements & OutboxStatements & PolicyStatements;

export const statementsOf = (database: Database): Statements => ({
  ...verbStatementsOf(database),
  ...upkeepStatementsOf(database),
  ...auditStatementsOf(database),
  ...outboxStatementsOf(database),
  ...policyStatementsOf(database),
});
