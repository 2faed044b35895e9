import type { Tables } from '../names.ts';
import { type Prepared, prepared } from '../prepared.ts';
import { AUDIT_STATEMENTS, type AuditStatement } from './audit.ts';
import { CHANGE_STATEMENTS, type ChangeStatement } from './changes.ts';
import { OUTBOX_STATEMENTS, type OutboxStatement } from './outbox.ts';
import { POLICY_STATEMENTS, type PolicyStatement } from './policies.ts';
import { UPKEEP_STATEMENTS, type UpkeepStatement } from './upkeep.ts';
import { VERB_STATEMENTS, type VerbStatement } from './verbs.ts';

export type Statements = Readonly<
  Record<
    VerbStatement | UpkeepStatement | AuditStatement | OutboxStatement | PolicyStatement | ChangeStatement,
    Prepared
  >
>;

const TEXTS = {
  ...VERB_STATEMENTS,
  ...UPKEEP_STATEMENTS,
  ...AUDIT_STATEMENTS,
  ...OUTBOX_STATEMENTS,
  ...POLICY_STATEMENTS,
  ...CHANGE_STATEMENTS,
};

export const statementsOf = (tables: Tables): Statements =>
  Object.fromEntries(
    Object.entries(TEXTS).map(([name, text]) => [name, prepared(name, text(tables))]),
  ) as unknown as Statements;
