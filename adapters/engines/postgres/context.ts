import type { EpochCache } from '../../../src/adapter.ts';
import type { Ask } from './prepared.ts';
import type { Statements } from './statements/index.ts';

export interface Context {
  readonly ask: Ask;
  /** Like `ask`, for statements that decide on sessions. Throws if the rows may be older than the request. */
  readonly askReliable: Ask;
  readonly statements: Statements;
  readonly epochs: EpochCache;
}
