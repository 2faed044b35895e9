import type { AuditPage, AuditPower, AuditRecord, Tag } from '../../../src/adapter.ts';
import type { AuditEntry } from '../../../src/index.ts';
import type { Outbox } from './outbox.ts';
import { ownCopyOf } from './own-copy.ts';

/** Maximum number of entries. Beyond it, the log drops the oldest ones. */
export const MAX_ENTRIES = 100_000;

/**
 * Minimum number of entries to drop at once. Removing entries at the front moves all that follow, so it must be rare.
 */
const AT_ONCE = 1_000;

type Place = Pick<AuditEntry, 'at' | 'id'>;

const FORGOTTEN_ACTOR = Object.freeze({ by: null, reason: null, note: null, fromDevice: null });
const FORGOTTEN_USER = Object.freeze({
  ...{ user: null, session: null, device: null, ip: null, details: Object.freeze({}) },
  ...FORGOTTEN_ACTOR,
});

export const auditPower = (open: () => { readonly audit: AuditLog }): AuditPower => ({
  append: (records) => open().audit.write(ownCopyOf(records)),
  read: (page) => open().audit.read(page),
  forget: (user, limit) => open().audit.forget(user, limit),
  prune: (before, limit) => open().audit.prune(before, limit),
});

/** The audit log, with the oldest entry first. A new entry nearly always goes last. */
export class AuditLog {
  readonly #outbox: Outbox;
  #records: AuditRecord[] = [];

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Adds entries and queues their messages. Skips those that exist. `records` must be the log's own copies. */
  write(records: readonly AuditRecord[]): void {
    for (const record of records) {
      const place = this.#startOf(record.entry);
      const there = this.#records[place]?.entry;
      if (there !== undefined && compare(there, record.entry) === 0) continue;
      if (there === undefined) this.#records.push(record);
      else this.#records.splice(place, 0, record);
      this.#outbox.write(record);
    }
    if (this.#records.length > MAX_ENTRIES) {
      this.#records.splice(0, this.#records.length - MAX_ENTRIES + AT_ONCE - 1);
    }
  }

  /** Reads a page, the newest entry first. For a rare type or a user with few entries, it may search the whole log. */
  read({ since, until, after, limit, ...wanted }: AuditPage): { entries: readonly AuditEntry[]; more: boolean } {
    const entries: AuditEntry[] = [];
    const ends = [this.#records.length];
    if (until !== undefined) ends.push(this.#startOf({ at: until, id: '' }));
    if (after !== undefined) ends.push(this.#startOf(after));
    for (let place = Math.min(...ends) - 1; place >= 0; place--) {
      const record = this.#records[place] as AuditRecord;
      if (since !== undefined && record.entry.at < since) break;
      if (!isWanted(record, wanted)) continue;
      if (entries.length === limit) return { entries, more: true };
      entries.push(record.entry);
    }
    return { entries, more: false };
  }

  forget(user: Tag, limit: number): number {
    let forgotten = 0;
    for (const [place, record] of this.#records.entries()) {
      if (forgotten === limit) break;
      const isAbout = record.user === user;
      if (!isAbout && record.by !== user) continue;
      const entry = Object.freeze({ ...record.entry, ...(isAbout ? FORGOTTEN_USER : FORGOTTEN_ACTOR) });
      this.#records[place] = Object.freeze({ ...record, entry, user: isAbout ? null : record.user, by: null });
      forgotten++;
    }
    return forgotten;
  }

  prune(before: number, limit: number): number {
    let pruned = 0;
    this.#records = this.#records.filter(({ keepUntil }) => {
      if (pruned === limit || keepUntil >= before) return true;
      pruned++;
      return false;
    });
    return pruned;
  }

  #startOf(place: Place): number {
    let [low, high] = [0, this.#records.length];
    if (high === 0 || compare((this.#records[high - 1] as AuditRecord).entry, place) < 0) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare((this.#records[middle] as AuditRecord).entry, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compare(a: Place, b: Place): number {
  if (a.at !== b.at) return a.at - b.at;
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1;
}

function isWanted(record: AuditRecord, { realm, user, account, by, types }: Omit<AuditPage, 'limit'>): boolean {
  return (
    record.realm === realm &&
    (user === undefined || record.user === user) &&
    (account === undefined || record.account === account) &&
    (by === undefined || record.by === by) &&
    (types === undefined || types.includes(record.entry.type))
  );
}
