import type { RecordCache } from '../../../src/adapter.ts';
import type { Readiness } from '../sql/readiness.ts';
import type { MysqlClient } from './clients/client.ts';
import type { Tables } from './names.ts';
import type { Statements } from './statements/index.ts';

export interface Context<Transaction = never> {
  readonly client: MysqlClient<Transaction>;
  readonly tables: Tables;
  readonly sql: Statements;
  readonly records: RecordCache;
  readonly readiness: Readiness;
  readonly allowReplicating: boolean;
}
