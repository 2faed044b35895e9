import { createHash } from 'node:crypto';
import type { PostgresRow, PostgresValue } from './clients/client.ts';
import { APPLICATION, type Tables } from './names.ts';

export interface Prepared {
  readonly name: string;
  readonly text: string;
  /** See {@link PostgresStatement.timeout}. */
  readonly timeout: number;
}

/** Longer than any caller waits for an answer, in ms. */
const DEFAULT_TIMEOUT = 10_000;

export type StatementText = (tables: Tables) => string;

export type Ask = (statement: Prepared, ...values: PostgresValue[]) => Promise<readonly PostgresRow[]>;

/**
 * Returns a statement that clients may keep prepared. Its name contains a hash of the text, so that another schema or
 * version has another name.
 */
export function prepared(what: string, text: string, timeout: number = DEFAULT_TIMEOUT): Prepared {
  const digest = createHash('sha256').update(text).digest('base64url').slice(0, 12);
  return { name: `${APPLICATION} ${what} ${digest}`, text, timeout };
}
