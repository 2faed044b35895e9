import { newEpoch } from '../../../src/model/epoch.ts';
import type { RealmsFound } from '../../../src/store/powers.ts';
import type { SessionStore, TransactionPower, VersionedEpoch } from '../../../src/store/store.ts';
import { type Data, referenceStore, type SyncStore } from '../reference-store.ts';
import type { Faults } from './fault.ts';

/** Returns the store's powers with wrong realms in the diagnosis. */
const withRealms =
  (told: (found: RealmsFound) => RealmsFound) =>
  ({ powers }: SyncStore): Pick<SessionStore, 'powers'> => {
    const { diagnose, realms } = powers.diagnosis;
    return { powers: { ...powers, diagnosis: { diagnose, realms: (limit) => told(realms(limit)) } } };
  };

/** Returns the store's powers with another `within`. */
const withTransactions = (
  { powers }: SyncStore,
  within: TransactionPower<Data>['within'],
): Pick<SessionStore, 'powers'> => ({ powers: { ...powers, transactions: { within } } });

/** Stores that break transactions or the diagnosis. */
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
  'within makes what it reads': (store) =>
    withTransactions(store, (transaction) => {
      const within = referenceStore(transaction);
      return {
        ...within,
        readEpochs: (tags) =>
          within.ensureEpochs(
            tags.map((tag) => ({ tag, create: newEpoch(0), version: 1, keepUntil: 0 })),
            0,
          ),
      };
    }),
  'within makes records at once': (store, data) =>
    withTransactions(store, (transaction) => ({
      ...referenceStore(transaction),
      ensureEpochs(requests, now) {
        referenceStore(data).ensureEpochs(requests, now);
        return referenceStore(transaction).ensureEpochs(requests, now);
      },
    })),
  'within makes records for itself': (store) =>
    withTransactions(store, (transaction) => {
      const own = new Map<string, VersionedEpoch>();
      const within = referenceStore(transaction);
      return {
        ...within,
        ensureEpochs: (requests, now) =>
          requests.flatMap((request) => {
            const { tag, create: record, version } = request;
            if (transaction.epochs.has(tag)) return within.ensureEpochs([request], now);
            const made = own.get(tag) ?? { record, version };
            own.set(tag, made);
            return made;
          }),
        advance(tag, advance) {
          const made = own.get(tag);
          if (made !== undefined)
            within.ensureEpochs([{ tag, create: made.record, version: made.version, keepUntil: 0 }], 0);
          return within.advance(tag, advance);
        },
      };
    }),
  'declares no diagnosis': ({ powers: { diagnosis: _, ...powers } }) => ({ powers }),
  'diagnosis finds nothing': ({ powers }) => ({ powers: { ...powers, diagnosis: { diagnose: () => [] } } }),
  'realms are told twice': withRealms(({ realms, complete }) => ({ realms: [...realms, ...realms], complete })),
  'realms are always all': withRealms(({ realms }) => ({ realms, complete: true })),
  'diagnosis gives no advice': ({ powers }) => ({
    powers: {
      ...powers,
      diagnosis: {
        diagnose: () => [{ subject: 'durability', level: 'problem', found: 'nothing is kept', advice: null }],
      },
    },
  }),
};
