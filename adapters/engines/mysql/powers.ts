import type { SessionStore, StorePowers } from '../../../src/index.ts';
import { forgetUser, pruneAudit, readAudit, writeAudit } from './audit.ts';
import type { MysqlClient } from './client.ts';
import { diagnose } from './diagnosis.ts';
import { explained } from './failure.ts';
import type { Names } from './names.ts';
import { readPolicy, writePolicy } from './policies.ts';
import type { Readiness } from './readiness.ts';
import { transact } from './transaction.ts';
import { storeWithin } from './within.ts';
import type { AllStatements } from './writes.ts';

/** What the store can do beyond the verbs of the port. */
export function mysqlPowers<Transaction>(
  client: MysqlClient<Transaction>,
  names: Names,
  sql: AllStatements,
  readiness: Readiness,
): StorePowers<Transaction> {
  return {
    audit: {
      append: (records) => readiness.ask(() => transact(client, (connection) => writeAudit(connection, sql, records))),
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
      within: (transaction): SessionStore => storeWithin(client.within(transaction), sql),
    },
    diagnosis: {
      diagnose: (now) =>
        diagnose(client, names, now).catch((error: unknown) => {
          throw explained(error);
        }),
    },
  };
}
