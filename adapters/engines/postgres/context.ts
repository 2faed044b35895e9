import type { RecordCache } from '../../../src/adapter.ts';
import type { Ask } from './prepared.ts';
import type { Statements } from './statements/index.ts';

export interface Context {
  /** Runs a statement: by itself, or in a transaction of the caller. */
  readonly ask: Ask;
  /** Runs a statement that decides on sessions, and checks that its rows are not older than the request. */
  readonly askReliable: Ask;
  readonly statements: Statements;
  readonly records: RecordCache;
}
