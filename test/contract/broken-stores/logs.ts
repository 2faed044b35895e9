import type { AuditEntry, AuditPage, AuditRecord } from '../../../src/store/powers.ts';
import { referencePowers } from '../reference-powers.ts';
import type { Data } from '../reference-store.ts';
import { type Fault, type Faults, withLog } from './fault.ts';

// Changes each record when the log is read.
const reading =
  (see: (record: AuditRecord, page: AuditPage) => AuditRecord): Fault =>
  (store, data) =>
    withLog(store, {
      read: (page) => logOf({ ...data, audit: data.audit.map((record) => see(record, page)) }).read(page),
    });

const logOf = (data: Data) => referencePowers(data, () => {}).audit;

// Changes the page that is requested.
const asking =
  (change: (page: AuditPage) => AuditPage): Fault =>
  (store) =>
    withLog(store, { read: (page) => store.powers.audit.read(change(page)) });

const writing =
  (change: (entry: AuditEntry) => AuditEntry): Fault =>
  (store) =>
    withLog(store, {
      append: (records) => store.powers.audit.append(records.map((one) => ({ ...one, entry: change(one.entry) }))),
    });

// Replaces `forget`: applies `change` to the records that name the user.
const forgetting =
  (change: (record: AuditRecord, user: string) => AuditRecord | null): Fault =>
  (store, data) =>
    withLog(store, {
      forget(user, limit) {
        const mine = data.audit.filter((record) => record.user === user || record.by === user).slice(0, limit);
        for (const record of mine) {
          const next = change(record, user);
          data.audit.splice(data.audit.indexOf(record), 1, ...(next === null ? [] : [next]));
        }
        return mine.length;
      },
    });

const FILTERS = ['user', 'account', 'by', 'types', 'since', 'until'] as const;

/** Stores with a broken audit log. */
export const LOGS: Faults = {
  'declares no log': ({ powers }) => ({ powers: { policies: powers.policies } }),
  'log appends again': (store, data) =>
    withLog(store, { append: (records) => void data.audit.push(...structuredClone(records)) }),
  'log appends an entry twice in one call': (store, data) =>
    withLog(store, {
      append(records) {
        const known = new Set(data.audit.map(({ entry }) => entry.id));
        data.audit.push(...structuredClone(records).filter(({ entry }) => !known.has(entry.id)));
      },
    }),
  'log appends one': (store) => withLog(store, { append: (records) => store.powers.audit.append(records.slice(0, 1)) }),
  'log has the oldest first': (store) =>
    withLog(store, {
      read(page) {
        const { entries, more } = store.powers.audit.read(page);
        return { entries: [...entries].reverse(), more };
      },
    }),
  'log is in the order of writing': (store, data) => {
    const read = (page: AuditPage) => {
      const { after, ...rest } = page;
      const found = new Set(
        logOf(data)
          .read({ ...rest, limit: 1_000_000 })
          .entries.map(({ id }) => id),
      );
      const rows = [...data.audit].reverse().map(({ entry }) => entry);
      const wanted = rows.filter(({ id }) => found.has(id));
      const begin = after === undefined ? 0 : wanted.findIndex(({ id }) => id === after.id) + 1;
      return { entries: wanted.slice(begin, begin + page.limit), more: wanted.length > begin + page.limit };
    };
    return withLog(store, { read });
  },
  'log ignores whom it is about': asking((page) => ({ ...page, user: undefined })),
  'log ignores the account': asking((page) => ({ ...page, account: undefined })),
  'log ignores who did it': asking((page) => ({ ...page, by: undefined })),
  'log ignores types': asking((page) => ({ ...page, types: undefined })),
  'log takes the first type': asking((page) => ({ ...page, types: page.types?.slice(0, 1) })),
  'log begins late': asking((page) => ({ ...page, since: page.since === undefined ? undefined : page.since + 1 })),
  'log ends late': asking((page) => ({ ...page, until: page.until === undefined ? undefined : page.until + 1 })),
  'log goes by any filter': (store, data) =>
    withLog(store, {
      read({ realm, after, limit, ...filters }) {
        const chosen = FILTERS.filter((name) => filters[name] !== undefined);
        if (chosen.length < 2) return store.powers.audit.read({ realm, after, limit, ...filters });
        const found = chosen.flatMap((name) =>
          logOf(data)
            .read({ realm, limit: 1_000_000, [name]: filters[name] })
            .entries.map(({ id }) => id),
        );
        const audit = data.audit.filter(({ entry }) => found.includes(entry.id));
        return logOf({ ...data, audit }).read({ realm, after, limit });
      },
    }),
  'log goes on by time alone': asking((page) => ({ ...page, after: page.after && { at: page.after.at, id: '' } })),
  'log goes on with the last one': asking((page) => ({
    ...page,
    after: page.after && { at: page.after.at, id: `${page.after.id}x` },
  })),
  'log takes a full page for more': (store) =>
    withLog(store, {
      read(page) {
        const { entries } = store.powers.audit.read(page);
        return { entries, more: entries.length === page.limit };
      },
    }),
  'log has one page': (store) =>
    withLog(store, { read: (page) => ({ ...store.powers.audit.read(page), more: false }) }),
  'log knows no realm': reading((record, page) => ({ ...record, realm: page.realm })),
  'log trims': writing((entry) => ({ ...entry, note: entry.note?.trimEnd() ?? null })),
  'log folds case in details': writing((entry) => ({
    ...entry,
    details: JSON.parse(JSON.stringify(entry.details).toLowerCase()),
  })),
  'log takes nothing for an empty text': writing((entry) => ({ ...entry, device: entry.device ?? '' })),
  'log cuts long details': writing((entry) => ({
    ...entry,
    details: JSON.stringify(entry.details).length > 1024 ? {} : entry.details,
  })),
  'log types ignore case': (store, data) =>
    withLog(store, {
      read(page) {
        const types = page.types?.map((type) => type.toLowerCase());
        const audit = data.audit.filter(({ entry }) => types?.includes(entry.type.toLowerCase()) ?? true);
        return logOf({ ...data, audit }).read({ ...page, types: undefined });
      },
    }),
  'log hands out its own': (store, data) =>
    withLog(store, {
      read(page) {
        const { entries, more } = store.powers.audit.read(page);
        const own = new Map(data.audit.map(({ entry }) => [entry.id, entry]));
        return { entries: entries.map((entry) => own.get(entry.id) ?? entry), more };
      },
    }),
  'log keeps what is handed in': (store, data) =>
    withLog(store, { append: (records) => void data.audit.push(...records) }),
  'log prunes nothing': (store) => withLog(store, { prune: () => 0 }),
  'log prunes a millisecond early': (store) =>
    withLog(store, { prune: (before, limit) => store.powers.audit.prune(before + 1, limit) }),
  'log prunes without a limit': (store) =>
    withLog(store, { prune: (before) => store.powers.audit.prune(before, 1_000_000) }),
  'log prunes by age': (store, data) =>
    withLog(store, {
      prune(before, limit) {
        const stale = data.audit.filter(({ entry }) => entry.at < before).slice(0, limit);
        for (const record of stale) data.audit.splice(data.audit.indexOf(record), 1);
        return stale.length;
      },
    }),
  'log forgets without a limit': (store) =>
    withLog(store, { forget: (user) => store.powers.audit.forget(user, 1_000_000) }),
  'log forgets in small steps': (store) =>
    withLog(store, { forget: (user, limit) => store.powers.audit.forget(user, Math.min(limit, 2)) }),
  'log forgets whole entries': forgetting(() => null),
  'log forgets the account, too': forgetting((record) => forgotten({ ...record, account: null }, { account: null })),
  'log forgets what others did': forgetting((record) => forgotten(record, {})),
  'log forgets only names': forgetting((record, user) => ({
    ...record,
    user: record.user === user ? null : record.user,
    by: record.by === user ? null : record.by,
    entry: {
      ...record.entry,
      user: record.user === user ? null : record.entry.user,
      by: record.by === user ? null : record.entry.by,
    },
  })),
  'log forgets only whom it is about': (store, data) =>
    withLog(store, {
      forget(user, limit) {
        const others = data.audit.filter((record) => record.user !== user && record.by === user);
        for (const record of others) data.audit.splice(data.audit.indexOf(record), 1);
        const count = store.powers.audit.forget(user, limit);
        data.audit.push(...others);
        return count;
      },
    }),
};

const forgotten = (record: AuditRecord, changes: Partial<AuditEntry>): AuditRecord => ({
  ...record,
  user: null,
  by: null,
  entry: {
    ...record.entry,
    ...{ user: null, session: null, device: null, ip: null, by: null, reason: null, note: null, fromDevice: null },
    ...{ details: {}, ...changes },
  },
});
