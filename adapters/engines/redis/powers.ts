import type { StorePowers } from '../../../src/index.ts';
import { AuditLog } from './audit.ts';
import { Diagnosis } from './diagnosis.ts';
import type { Journal } from './journal.ts';
import type { Keys } from './keys.ts';
import { Policies } from './policies.ts';
import type { Confirmation, Server } from './server.ts';

/** What the powers work with; `open` resolves when the server may be asked, and throws once the store is closed. */
interface Base {
  readonly server: Server;
  readonly keys: Keys;
  readonly journal: Journal;
  readonly confirmation: Confirmation | null;
  open(): Promise<void> | null;
}

/** What the store can do beyond the verbs of the port. It has no transactions of a caller's to write in. */
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
    // Works also where the server is none to rely on: that is what it tells.
    diagnosis: { diagnose: (now) => diagnosis.diagnose(now) },
  };
}
