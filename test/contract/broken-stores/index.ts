import type { SessionStore } from '../../../src/store/store.ts';
import type { ContractStore } from '../../../src/testing/index.ts';
import { emptyData, referenceStore } from '../reference-store.ts';
import { beginOn } from '../reference-transaction.ts';
import { CHANGES } from './changes.ts';
import type { Faults } from './fault.ts';
import { LOGGING } from './logging.ts';
import { LOGS } from './logs.ts';
import { MEMBERSHIPS } from './memberships.ts';
import { OUTBOXES } from './outbox.ts';
import { POLICIES } from './policies.ts';
import { RACY } from './racy.ts';
import { READS } from './reads.ts';
import { RECORDS } from './records.ts';
import { RENEWALS } from './renewals.ts';
import { TEXTUAL } from './texts.ts';
import { TRANSACTIONS } from './transactions.ts';
import { USERS } from './users.ts';
import { WRITES } from './writes.ts';

/** All deliberately broken stores, by fault. */
export const BROKEN_STORES: Faults = {
  ...{ ...WRITES, ...RENEWALS, ...READS, ...RECORDS, ...TEXTUAL, ...RACY },
  ...{ ...MEMBERSHIPS, ...USERS, ...LOGGING, ...LOGS, ...OUTBOXES, ...POLICIES, ...TRANSACTIONS, ...CHANGES },
};

/** Creates a broken store. Its second handle has the same fault. */
export function breakStore(name: string): ContractStore {
  const fault = BROKEN_STORES[name];
  if (fault === undefined) throw new TypeError(`no store is broken like this: ${name}`);
  const data = emptyData();
  const handle = (): SessionStore => {
    const store = referenceStore(data);
    return { ...store, ...fault(store, data) };
  };
  return { store: handle(), second: handle, begin: () => beginOn(data) };
}
