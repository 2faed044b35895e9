import { createHash } from 'node:crypto';
import type { PostgresRow, PostgresStatement, PostgresValue } from './client.ts';
import { APPLICATION } from './schema.ts';
import type { Tables } from './tables.ts';

/** A statement without its parameters. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
  /** See {@link PostgresStatement.patience}. */
  readonly patience: number;
}

/** Longer than anybody waits for an answer, in ms. */
const PATIENCE = 10_000;

/** The text of a statement, by what the tables are called. */
export type StatementText = (tables: Tables) => string;

/** Asks a statement with its parameters, and gives the rows. */
export type Ask = (statement: Prepared, ...values: PostgresValue[]) => Promise<readonly PostgresRow[]>;

/** Names a statement by what it says: of another schema, or another version, it has another name. */
export function prepared(what: string, text: string, patience: number = PATIENCE): Prepared {
  const digest = createHash('sha256').update(text).digest('base64url').slice(0, 12);
  return { name: `${APPLICATION} ${what} ${digest}`, text, patience };
}
