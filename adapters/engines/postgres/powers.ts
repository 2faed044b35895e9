import type { StorePowers } from '../../../src/adapter.ts';
import type { Readiness } from '../sql/readiness.ts';
import { auditPower } from './audit.ts';
import { changesPower } from './changes.ts';
import type { PostgresClient } from './clients/client.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { diagnosisPower } from './diagnose.ts';
import type { Tables } from './names.ts';
import { outboxPower } from './outbox.ts';
import { policyPower } from './policies.ts';
import { transactionPower } from './within.ts';

interface Parts<Transaction> {
  readonly client: PostgresClient<Transaction>;
  readonly connection: Connection;
  readonly tables: Tables;
  readonly readiness: Readiness;
  readonly context: Context;
}

export const powersOf = <Transaction>({
  client,
  connection,
  tables,
  readiness,
  context,
}: Parts<Transaction>): StorePowers<Transaction> => ({
  audit: auditPower(tables, context),
  outbox: outboxPower(context),
  policies: policyPower(context),
  transactions: transactionPower(client, tables, readiness, context),
  diagnosis: diagnosisPower(connection, tables, readiness, context),
  changes: changesPower(context),
});
