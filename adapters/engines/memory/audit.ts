import type { AuditEntry, AuditPage, AuditPower, AuditRecord, Tag } from '../../../src/index.ts';
import { ownCopyOf } from './own.ts';

/** The most entries that are kept: of more, the oldest go. */
export const MOST_ENTRIES = 100_000;

/** So many go at once: whatever is taken away in front moves all that is behind it. */
const AT_ONCE = 1_000;

/** An entry's place in the log. */
type Place = Pick<AuditEntry, 'at' | 'id'>;

const FORGOTTEN_ACTOR = Object.freeze({ by: null, reason: null, note: null, from: null });
const FORGOTTEN_USER = Object.freeze({
  ...{ user: null, session: null, device: null, ip: null, details: Object.freeze({}) },
  ...FORGOTTEN_ACTOR,
});

/** The audit log, the oldest first: a new entry nearly always comes last. */
export class Audit implements AuditPower {
  #records: AuditRecord[] = [];

  append(records: readonly AuditRecord[]): void {
    this.write(ownCopyOf(records));
  }

  /** Takes records in, which must be the log's own copies. One that it has already is passed by. */
  write(records: readonly AuditRecord[]): void {
    for (const record of records) {
      const place = this.#startOf(record.entry);
      const there = this.#records[place]?.entry;
      if (there === undefined) this.#records.push(record);
      else if (compare(there, record.entry) !== 0) this.#records.splice(place, 0, record);
    }
    if (this.#records.length > MOST_ENTRIES) {
      this.#records.splice(0, this.#records.length - MOST_ENTRIES + AT_ONCE - 1);
    }
  }

  /** Goes down from where the page begins: a rare type, or a quiet user, may be looked for through the whole log. */
  read({ from, until, after, limit, ...wanted }: AuditPage): { entries: readonly AuditEntry[]; more: boolean } {
    const entries: AuditEntry[] = [];
    const ends = [this.#records.length];
    if (until !== undefined) ends.push(this.#startOf({ at: until, id: '' }));
    if (after !== undefined) ends.push(this.#startOf(after));
    for (let place = Math.min(...ends) - 1; place >= 0; place--) {
      const record = this.#records[place] as AuditRecord;
      if (from !== undefined && record.entry.at < from) break;
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

  /** Where the entry of this place stands, or would stand. */
  #startOf(place: Place): number {
    let [low, high] = [0, this.#records.length];
    // Most are asked for at the end.
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
