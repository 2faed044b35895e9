import type { StorePowers } from '../../../src/index.ts';
import { forgetUser, readAudit, writeAudit } from './audit.ts';
import type { AuditStatements } from './audit-statements.ts';
import type { Database } from './database.ts';
import { diagnose } from './diagnosis.ts';

/** What the store can do beyond the verbs of the port. `open` gives the database, ready to be asked. */
export function sqlitePowers(
  open: () => { readonly database: Database; readonly statements: AuditStatements },
): StorePowers {
  return {
    audit: {
      append(records) {
        const { database, statements } = open();
        // Nobody waits for what is written here, and it is tried again: a refused token must not hold up this process.
        database.writeSoon(() => writeAudit(statements, records));
      },
      read(page) {
        const { database, statements } = open();
        return database.read(() => readAudit(statements, page));
      },
      forget(user, limit) {
        const { database, statements } = open();
        return database.erase(() => forgetUser(statements, user, limit));
      },
      prune(before, limit) {
        const { database, statements } = open();
        return database.writeUnsynced(() => statements.pruneEntries(before, limit));
      },
    },
    diagnosis: { diagnose: () => diagnose(open().database) },
    policies: {
      get(account) {
        const row = open().statements.policy(account);
        return row === undefined ? null : (row[0] as string);
      },
      set({ account, value, ifValue, audit }) {
        const { database, statements } = open();
        return database.write(() => {
          const { insertPolicy, replacePolicy } = statements;
          const written = ifValue === null ? insertPolicy(account, value) : replacePolicy(value, account, ifValue);
          if (written === 0) return 'conflict';
          writeAudit(statements, audit);
          return 'set';
        });
      },
    },
  };
}
