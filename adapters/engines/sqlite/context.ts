import type { EpochCache } from '../../../src/adapter.ts';
import type { Database } from './connection.ts';
import type { OwnChanges } from './own-changes.ts';
import type { Statements } from './statements/index.ts';

export interface Context {
  readonly database: Database;
  readonly statements: Statements;
  readonly epochs: EpochCache;
  readonly changes: OwnChanges;
}
