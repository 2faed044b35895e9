import type { EpochCache } from '../../../src/adapter.ts';
import type { Journal } from './audit/journal.ts';
import type { ChangeReader } from './changes/changes.ts';
import type { Server } from './connection.ts';
import type { Upkeep } from './indexes/upkeep.ts';
import type { Keys } from './keys.ts';
import type { Readiness } from './readiness.ts';
import type { Confirmation } from './replication.ts';

export interface Context {
  readonly server: Server;
  readonly keys: Keys;
  readonly confirmation: Confirmation | null;
  readonly readiness: Readiness;
  readonly epochs: EpochCache;
  readonly journal: Journal;
  readonly upkeep: Upkeep;
  readonly changes: ChangeReader | null;
}
