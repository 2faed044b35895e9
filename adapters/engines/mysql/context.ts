import type { EpochCache } from '../../../src/adapter.ts';
import type { Ask, Transact } from './connection.ts';
import type { Statements } from './statements/index.ts';

export interface Context {
  /** Runs a method once the server and the tables are checked, and explains its errors. */
  readonly ready: <T>(method: () => Promise<T>) => Promise<T>;
  readonly ask: Ask;
  /**
   * Like `ask`, for statements that decide on sessions. The last column of each row is the state of the connection.
   * Throws if that state is not reliable. In a transaction of the app, it is the same as `ask`.
   */
  readonly askReliable: Ask;
  readonly transact: Transact;
  readonly statements: Statements;
  readonly epochs: EpochCache;
}
