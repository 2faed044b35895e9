import type { EpochCache } from '../../../src/adapter.ts';
import type { Ask, Transact } from './connection.ts';
import type { Statements } from './statements/index.ts';

export interface Context {
  /** Runs a method once the server and the tables are checked, and explains its errors. */
  readonly ready: <T>(method: () => Promise<T>) => Promise<T>;
  readonly ask: Ask;
  /** For statements that decide on sessions: checks the state of the connection, which is the last column. */
  readonly askReliable: Ask;
  readonly transact: Transact;
  readonly statements: Statements;
  readonly epochs: EpochCache;
}
