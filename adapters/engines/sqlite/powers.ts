import type { StorePowers } from '../../../src/adapter.ts';
import { forgetUser, readAudit, writeAudit } from './audit.ts';
import type { AuditStatements } from './audit-statements.ts';
import type { Database } from './connection.ts';
import { diagnose } from './diagnose.ts';
import type { Statements } from './statements.ts';
import { realmsOf } from './users.ts';

export function sqlitePowers(
  open: () => { readonly database: Database; readonly statements: Statements & AuditStatements },
): StorePowers {
  return {
    audit: {
      append(records) {
        const { database, statements } = open();
        // May fail: the entries are written again later, and a refused token must not block this process.
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
    diagnosis: {
      diagnose: () => diagnose(open().database),
      realms: (limit) => realmsOf(open().statements, limit),
    },
  };
}
