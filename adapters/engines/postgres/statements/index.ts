import type { Tables } from '../names.ts';
import { type Prepared, prepared } from '../prepared.ts';
import { UPKEEP_STATEMENTS, type UpkeepStatement } from './upkeep.ts';
import { VERB_STATEMENTS, type VerbStatement } from './verbs.ts';

export type Statements = Readonly<Record<VerbStatement | UpkeepStatement, Prepared>>;

export const statementsOf = (tables: Tables): Statements =>
  Object.fromEntries(
    Object.entries({ ...VERB_STATEMENTS, ...UPKEEP_STATEMENTS }).map(([what, text]) => [
      what,
      prepared(what, text(tables)),
    ]),
  ) as unknown as Statements;
