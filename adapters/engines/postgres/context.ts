import type { EpochCache } from '../../../src/adapter.ts';
import type { Ask } from './prepared.ts';
import type { Statements } from './statements/index.ts';

export interface Context {
  readonly ask: Ask;
  /** For statements that decide on sessions: checks that the rows are not older than the request. */
  readonly askReliable: Ask;
  readonly statements: Statements;
  readonly epochs: EpochCache;
}
