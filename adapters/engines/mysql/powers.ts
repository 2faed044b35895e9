import type { RecordCache, StorePowers } from '../../../src/adapter.ts';
import type { SessionStore } from '../../../src/index.ts';
import { forgetUser, pruneAudit, readAudit, writeAudit } from './audit.ts';
import type { MysqlClient } from './clients/client.ts';
import { transact } from './connection.ts';
import { diagnose, readClock } from './diagnose.ts';
import { explained } from './errors.ts';
import type { Names } from './names.ts';
import { readPolicy, writePolicy } from './policies.ts';
import type { Readiness } from './readiness.ts';
import { requireTables } from './setup.ts';
import { listRealms } from './verbs/reads.ts';
import type { AllStatements } from './verbs/writes.ts';
import { storeWithin } from './within.ts';

interface Settings {
  readonly names: Names;
  readonly records: RecordCache;
  readonly readiness: Readiness;
  readonly allowReplicating: boolean;
}

export function mysqlPowers<Transaction>(
  client: MysqlClient<Transaction>,
  sql: AllStatements,
  { names, records, readiness, allowReplicating }: Settings,
): StorePowers<Transaction> {
  return {
    audit: {
      append: (entries) => readiness.ask(() => transact(client, (connection) => writeAudit(connection, sql, entries))),
      read: (page) => readiness.ask(() => readAudit(client, sql, page)),
      forget: (user, limit) =>
        readiness.ask(() => transact(client, (connection) => forgetUser(connection, sql, user, limit))),
      prune: (before, limit) => readiness.ask(() => pruneAudit(client, sql, before, limit)),
    },
    policies: {
      get: (account) => readiness.ask(() => readPolicy(client, sql.policy, account)),
      set: (write) => readiness.ask(() => transact(client, (connection) => writePolicy(connection, sql, write))),
    },
    transactions: {
      within: (transaction): SessionStore => {
        const connection = client.within(transaction);
        return storeWithin(connection, sql, records, async () => {
          if (!readiness.isFresh) await requireTables(connection, names);
        });
      },
    },
    diagnosis: {
      diagnose: (now) =>
        diagnose(client, names, { now, allowReplicating }).catch((error: unknown) => {
          throw explained(error);
        }),
      clock: () => readiness.ask(() => readClock(client)),
      realms: (limit) => readiness.ask(() => listRealms(client, sql, limit)),
    },
  };
}
