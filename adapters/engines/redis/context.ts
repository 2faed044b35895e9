import type { RecordCache } from '../../../src/adapter.ts';
import type { Journal } from './audit/journal.ts';
import type { ChangeReader } from './changes/changes.ts';
import type { Server } from './connection.ts';
import type { Upkeep } from './indexes/upkeep.ts';
import type { Keys } from './keys.ts';
import type { Readiness } from './readiness.ts';
import type { Confirmation } from './replication.ts';
import type { SessionLocations } from './verbs/session-location.ts';

export interface Context {
  readonly server: Server;
  readonly keys: Keys;
  readonly confirmation: Confirmation | null;
  readonly readiness: Readiness;
  readonly records: RecordCache;
  readonly locations: SessionLocations;
  readonly journal: Journal;
  readonly upkeep: Upkeep;
  /** `null` if the app does not configure it. */
  readonly changes: ChangeReader | null;
}
