import type { AuditRecord, OutboxPower } from '../../../src/store/powers.ts';
import { type QueuedRow, queue, referenceOutbox } from '../reference-outbox.ts';
import { type Data, referenceStore, type SyncStore } from '../reference-store.ts';
import { type Fault, type Faults, pause, withLog } from './fault.ts';

/** Returns the store's powers with some methods of `outbox` replaced. */
const withOutbox = (
  { powers }: SyncStore,
  changes: (outbox: SyncStore['powers']['outbox']) => Partial<OutboxPower>,
): Pick<SyncStore, 'powers'> => ({
  powers: { ...powers, outbox: { ...powers.outbox, ...changes(powers.outbox) } } as SyncStore['powers'],
});

/** Changes the rows that the outbox reads. Writes go to the real rows. */
const reading =
  (see: (rows: readonly QueuedRow[], queue: string) => QueuedRow[]): Fault =>
  (store, data) =>
    withOutbox(store, () => ({
      read: (page) => referenceOutbox({ outbox: see(data.outbox, page.queue) }, () => {}).read(page),
    }));

/** Queues every record that a write comes with, whether the write happens or not. */
const queueAll: Fault = (store, { outbox }) => {
  const all = (records: readonly AuditRecord[]): void => {
    for (const { realm, entry, keepUntil, message } of records) {
      for (const name of message?.queues ?? []) {
        const row = { realm, queue: name, id: entry.id, at: entry.at, keepUntil, body: message?.body ?? '', state: '' };
        if (!outbox.some((one) => one.id === row.id && one.queue === name)) queue(outbox, row);
      }
    }
  };
  return {
    end(ref, ended, audit) {
      const done = store.end(ref, ended, audit);
      all(audit);
      return done;
    },
    powers: {
      ...store.powers,
      policies: {
        ...store.powers.policies,
        set(write) {
          const done = store.powers.policies.set(write);
          all(write.audit);
          return done;
        },
      },
    },
  };
};

/** Drops messages after a call. */
const dropping = (data: Data): void => void data.outbox.splice(0);

/** Stores with a broken outbox. */
export const OUTBOXES: Faults = {
  'declares no outbox': ({ powers: { outbox: _, ...powers } }) => ({ powers }),
  'outbox queues what was not done': queueAll,
  'outbox queues nothing': reading(() => []),
  'outbox queues an entry again': (store, data) =>
    withLog(store, { append: (records) => void data.audit.push(...structuredClone(records)) }),
  'outbox trims': reading((rows) => rows.map((row) => ({ ...row, body: row.body.trim() }))),
  'outbox goes by time': reading((rows) => rows.map((row) => ({ ...row, place: row.at }))),
  'outbox goes on with the last one': (store) =>
    withOutbox(store, ({ read }) => ({
      read: (page) => read({ ...page, after: page.after === null ? null : String(Number(page.after) - 1) }),
    })),
  'outbox goes on by number': (store) =>
    withOutbox(store, ({ read }) => ({
      read({ after, limit, ...queue }) {
        const from = Number(after ?? 0);
        const { messages } = read({ ...queue, after: null, limit: 10_000 });
        const isLast = messages.length <= from + limit;
        return { messages: messages.slice(from, from + limit), after: isLast ? null : String(from + limit) };
      },
    })),
  'outbox has one page': (store) =>
    withOutbox(store, ({ read }) => ({ read: (page) => ({ messages: read(page).messages, after: null }) })),
  'outbox knows no realm': (store, data) =>
    withOutbox(store, () => ({
      read: ({ realm, ...page }) =>
        referenceOutbox({ outbox: data.outbox.map((row) => ({ ...row, realm })) }, () => {}).read({ ...page, realm }),
    })),
  'outbox takes dead ones for waiting ones': reading((rows, name) =>
    rows.map((row) => (row.queue === `${name}.dead` ? { ...row, queue: name } : row)),
  ),
  'outbox ignores the state': (store, data) =>
    withOutbox(store, ({ change }) => ({
      change(asked) {
        const there = data.outbox.find((row) => row.id === asked.id && row.queue === asked.queue);
        return change({ ...asked, ifState: there?.state ?? asked.ifState });
      },
    })),
  'outbox looks, then changes': (store, data) =>
    withOutbox(store, ({ change }) => ({
      async change(asked) {
        const of = () => data.outbox.find((row) => row.id === asked.id && row.queue === asked.queue);
        const fits = of()?.state === asked.ifState;
        await pause();
        return fits && change({ ...asked, ifState: of()?.state ?? '' });
      },
    })),
  'outbox moves to the front': (store, data) =>
    withOutbox(store, ({ change }) => ({
      change(asked) {
        const done = change(asked);
        const nth = data.outbox.findIndex((row) => row.id === asked.id && row.queue === asked.to);
        const row = data.outbox[nth];
        if (done && row !== undefined) data.outbox[nth] = { ...row, place: 0.5 };
        return done;
      },
    })),
  'outbox removes every copy': (store, data) =>
    withOutbox(store, ({ change }) => ({
      change(asked) {
        const done = change(asked);
        const left = data.outbox.filter((row) => !done || asked.state !== null || row.id !== asked.id);
        data.outbox.splice(0, data.outbox.length, ...left);
        return done;
      },
    })),
  'outbox counts empty queues': (store) =>
    withOutbox(store, ({ queues }) => ({ queues: (realm) => [...queues(realm), { queue: 'old', messages: 0 }] })),
  'outbox prunes a millisecond early': (store) =>
    withOutbox(store, ({ prune }) => ({ prune: (before, limit) => prune(before + 1, limit) })),
  'outbox prunes without a limit': (store) =>
    withOutbox(store, ({ prune }) => ({ prune: (before) => prune(before, 1_000) })),
  'forgetting a user drops messages': (store, data) =>
    withLog(store, {
      forget(user, limit) {
        dropping(data);
        return store.powers.audit.forget(user, limit);
      },
    }),
  'outbox hands out its own': (store, data) => {
    const handed = new Map<string, QueuedRow>();
    return withOutbox(store, ({ read }) => ({
      read(page) {
        const { messages, after } = read(page);
        for (const { id } of messages) {
          const row = data.outbox.find((one) => one.id === id && one.queue === page.queue);
          if (row !== undefined && !handed.has(id)) handed.set(id, { ...row });
        }
        return { messages: messages.map((one) => handed.get(one.id) ?? one), after };
      },
    }));
  },
  'within queues at once': (store, data) => ({
    powers: {
      ...store.powers,
      transactions: { within: (transaction: Data) => referenceStore({ ...transaction, audit: data.audit }) },
    },
  }),
};
