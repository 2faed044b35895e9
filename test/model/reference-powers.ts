import type { AuditEntry } from 'session-revocation';
import type { AuditPage, AuditPower, AuditRecord, PolicyPower, PolicyWrite, Tag } from 'session-revocation/adapter';

/** The simplest audit log: an array. */
export class ReferenceLog implements AuditPower {
  readonly #records: AuditRecord[];

  constructor(records: AuditRecord[]) {
    this.#records = records;
  }

  /** All entries, the oldest first. */
  get entries(): readonly AuditEntry[] {
    return this.#records.map(({ entry }) => entry);
  }

  append(records: readonly AuditRecord[]): void {
    this.#records.push(...records);
  }

  read({ realm, user, account, by, types, since, until, after, limit }: AuditPage): {
    entries: readonly AuditEntry[];
    more: boolean;
  } {
    const entries = this.#records
      .filter((record) => record.realm === realm)
      .filter((record) => user === undefined || record.user === user)
      .filter((record) => account === undefined || record.account === account)
      .filter((record) => by === undefined || record.by === by)
      .map(({ entry }) => entry)
      .filter(({ type }) => types === undefined || types.includes(type))
      .filter(({ at }) => (since === undefined || at >= since) && (until === undefined || at < until))
      .sort(youngestFirst)
      .filter((entry) => after === undefined || youngestFirst(after, entry) < 0);
    return { entries: entries.slice(0, limit), more: entries.length > limit };
  }

  forget(user: Tag, limit: number): number {
    let left = limit;
    const records = this.#records.map((record) => {
      if ((record.user !== user && record.by !== user) || left === 0) return record;
      left--;
      const { entry } = record;
      const words = { by: null, reason: null, note: null, fromDevice: null };
      if (record.user !== user) return { ...record, by: null, entry: { ...entry, ...words } };
      const erased = { user: null, session: null, device: null, ip: null, details: {}, ...words };
      return { ...record, user: null, by: null, entry: { ...entry, ...erased } };
    });
    this.#records.splice(0, Infinity, ...records);
    return limit - left;
  }

  prune(before: number, limit: number): number {
    const due = new Set(this.#records.filter(({ keepUntil }) => keepUntil < before).slice(0, limit));
    this.#records.splice(0, Infinity, ...this.#records.filter((record) => !due.has(record)));
    return due.size;
  }
}

/** The simplest policy storage: a map. */
export class ReferencePolicies implements PolicyPower {
  readonly #values = new Map<Tag, string>();
  readonly #log: ReferenceLog;

  constructor(log: ReferenceLog) {
    this.#log = log;
  }

  get values(): ReadonlyMap<Tag, string> {
    return this.#values;
  }

  get(account: Tag): string | null {
    return this.#values.get(account) ?? null;
  }

  set({ account, value, ifValue, audit }: PolicyWrite): 'set' | 'conflict' {
    if (this.get(account) !== ifValue) return 'conflict';
    this.#values.set(account, value);
    this.#log.append(audit);
    return 'set';
  }
}

type Place = Pick<AuditEntry, 'at' | 'id'>;
const youngestFirst = (a: Place, b: Place): number => b.at - a.at || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
