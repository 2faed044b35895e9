import { newEpoch } from '../../../src/epoch.ts';
import type { TransactionPower } from '../../../src/powers.ts';
import type { SessionStore } from '../../../src/store.ts';
import { type Data, referenceStore, type SyncStore } from '../reference-store.ts';
import type { Faults } from './fault.ts';

/** The store's powers, with transactions that differ. */
const withTransactions = (
  { powers }: SyncStore,
  within: TransactionPower<Data>['within'],
): Pick<SessionStore, 'powers'> => ({ powers: { ...powers, transactions: { within } } });

/** Broken ways to write in a caller's transaction, and to say how the engine stands. */
export const TRANSACTIONS: Faults = {
  'declares no transactions': ({ powers: { transactions: _, ...powers } }) => ({ powers }),
  'within writes at once': (store, data) => withTransactions(store, () => referenceStore(data)),
  'within logs at once': (store, data) =>
    withTransactions(store, (transaction) => referenceStore({ ...transaction, audit: data.audit })),
  'within logs nothing': (store) =>
    withTransactions(store, (transaction) => referenceStore({ ...transaction, audit: [] })),
  'within forgets policies': (store) =>
    withTransactions(store, (transaction) => referenceStore({ ...transaction, policies: new Map() })),
  'within compares with what it read': (store, data) =>
    withTransactions(store, (transaction) => {
      const seen = new Map([...data.epochs].map(([tag, { version }]) => [tag, version]));
      const within = referenceStore(transaction);
      return {
        ...within,
        advance(tag, advance) {
          const row = transaction.epochs.get(tag);
          if (row !== undefined) row.version = seen.get(tag) ?? row.version;
          return within.advance(tag, advance);
        },
      };
    }),
  'within keeps what it looks at': (store) =>
    withTransactions(store, (transaction) => {
      const within = referenceStore(transaction);
      return {
        ...within,
        epochs: (requests, now) =>
          within.epochs(
            requests.map((one) => (one.create === null ? { ...one, create: newEpoch(now), keepUntil: now } : one)),
            now,
          ),
      };
    }),
  'declares no diagnosis': ({ powers: { diagnosis: _, ...powers } }) => ({ powers }),
  'diagnosis finds nothing': ({ powers }) => ({ powers: { ...powers, diagnosis: { diagnose: () => [] } } }),
  'diagnosis gives no advice': ({ powers }) => ({
    powers: {
      ...powers,
      diagnosis: {
        diagnose: () => [{ subject: 'durability', level: 'problem', found: 'nothing is kept', advice: null }],
      },
    },
  }),
};
