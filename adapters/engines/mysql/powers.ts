import type { StorePowers } from '../../../src/adapter.ts';
import type { Readiness } from '../sql/readiness.ts';
import { auditPower } from './audit.ts';
import { changesPower } from './changes.ts';
import type { MysqlClient } from './clients/client.ts';
import type { Context } from './context.ts';
import { diagnosisPower } from './diagnose.ts';
import type { Tables } from './names.ts';
import { outboxPower } from './outbox.ts';
import { policyPower } from './policies.ts';
import { transactionPower } from './within.ts';

interface Parts<Transaction> {
  readonly client: MysqlClient<Transaction>;
  readonly tables: Tables;
  readonly readiness: Readiness;
  readonly context: Context;
  readonly allowReplicating: boolean;
}

export const powersOf = <Transaction>({
  client,
  tables,
  readiness,
  context,
  allowReplicating,
}: Parts<Transaction>): StorePowers<Transaction> => ({
  audit: auditPower(context),
  outbox: outboxPower(context),
  policies: policyPower(context),
  transactions: transactionPower(client, tables, readiness, context),
  diagnosis: diagnosisPower(client, tables, readiness, context, allowReplicating),
  changes: changesPower(context),
});
