import type { StorePowers } from '../../../src/adapter.ts';
import { AuditLog } from './audit/audit.ts';
import type { Journal } from './audit/journal.ts';
import type { Server } from './connection.ts';
import { Diagnosis } from './diagnose.ts';
import { realmsOf } from './indexes/realms.ts';
import type { Keys } from './keys.ts';
import { Policies } from './policies.ts';
import type { Confirmation } from './standing.ts';

interface Base {
  readonly server: Server;
  readonly keys: Keys;
  readonly journal: Journal;
  readonly confirmation: Confirmation | null;
  open(): Promise<void> | null;
}

/** Returns the optional powers of the store. Redis has no transactions of a caller to write in. */
export function redisPowers({ server, keys, journal, confirmation, open }: Base): StorePowers {
  const audit = new AuditLog(server, keys, journal);
  const policies = new Policies(server, keys, journal);
  const diagnosis = new Diagnosis(server, keys, confirmation);
  return {
    audit: {
      async append(records) {
        await open();
        return audit.append(records);
      },
      async read(page) {
        await open();
        return audit.read(page);
      },
      async forget(user, limit) {
        await open();
        return audit.forget(user, limit);
      },
      async prune(before, limit) {
        await open();
        return audit.prune(before, limit);
      },
    },
    policies: {
      async get(account) {
        await open();
        return policies.get(account);
      },
      async set(write) {
        await open();
        return policies.set(write);
      },
    },
    // Does not open the store: the diagnosis must also work on an unsafe server, to report it.
    diagnosis: {
      diagnose: (now) => diagnosis.diagnose(now),
      async realms(limit) {
        await open();
        return realmsOf(server, keys, limit);
      },
    },
  };
}
