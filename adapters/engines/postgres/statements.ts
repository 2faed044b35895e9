import { type Prepared, prepared } from './prepared.ts';
import type { Tables } from './tables.ts';
import { UPKEEP_STATEMENTS, type UpkeepStatement } from './upkeep-statements.ts';
import { VERB_STATEMENTS, type VerbStatement } from './verb-statements.ts';

/** The statements of the store, with names to keep them prepared under. */
export type Statements = Readonly<Record<VerbStatement | UpkeepStatement, Prepared>>;

export const statementsOf = (tables: Tables): Statements =>
  Object.fromEntries(
    Object.entries({ ...VERB_STATEMENTS, ...UPKEEP_STATEMENTS }).map(([what, text]) => [
      what,
      prepared(what, text(tables)),
    ]),
  ) as unknown as Statements;
