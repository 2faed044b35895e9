import type { AuditEntry, AuditPage, AuditRecord } from '../../src/store/powers.ts';
import { referenceOutbox } from './reference-outbox.ts';
import type { Data, SyncPowers } from './reference-store.ts';

const FORGOTTEN = { by: null, reason: null, note: null, fromDevice: null };

/** The powers `audit`, `outbox`, `policies` and `changes`, in their simplest form. */
export function referencePowers(data: Data, open: () => void): SyncPowers {
  const { audit, policies, changes } = data;
  const copy = structuredClone;
  return {
    audit: {
      append(records) {
        open();
        for (const record of copy(records)) {
          if (!audit.some(({ entry }) => entry.id === record.entry.id)) audit.push(record);
        }
      },

      read(page) {
        open();
        const rows = audit.filter((record) => isWanted(record, page)).map(({ entry }) => entry);
        rows.sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
        return { entries: copy(rows.slice(0, page.limit)), more: rows.length > page.limit };
      },

      forget(user, limit) {
        open();
        let forgotten = 0;
        for (const [at, record] of audit.entries()) {
          if (forgotten === limit || (record.user !== user && record.by !== user)) continue;
          audit[at] = record.user === user ? forgetUser(record) : forgetActor(record);
          forgotten++;
        }
        return forgotten;
      },

      prune(before, limit) {
        open();
        const stale = audit.filter(({ keepUntil }) => keepUntil < before).slice(0, limit);
        for (const record of stale) audit.splice(audit.indexOf(record), 1);
        return stale.length;
      },
    },

    outbox: referenceOutbox(data, open),

    policies: {
      get(account) {
        open();
        return policies.get(account) ?? null;
      },

      set(write) {
        open();
        const records = copy(write.audit);
        if ((policies.get(write.account) ?? null) !== write.ifValue) return 'conflict';
        policies.set(write.account, write.value);
        audit.push(...records);
        return 'set';
      },
    },

    changes: {
      isSynchronous: true,
      since(position) {
        open();
        const seen = /^\d+$/.test(position ?? '') ? Number(position) : Infinity;
        return { tags: seen <= changes.length ? changes.slice(seen) : null, position: `${changes.length}` };
      },
    },
  };
}

function isWanted({ entry, realm, user, account, by }: AuditRecord, page: AuditPage): boolean {
  return (
    realm === page.realm &&
    (page.user === undefined || user === page.user) &&
    (page.account === undefined || account === page.account) &&
    (page.by === undefined || by === page.by) &&
    (page.types === undefined || page.types.includes(entry.type)) &&
    (page.since === undefined || entry.at >= page.since) &&
    (page.until === undefined || entry.at < page.until) &&
    (page.after === undefined || comesAfter(entry, page.after))
  );
}

const comesAfter = (entry: AuditEntry, place: { readonly at: number; readonly id: string }): boolean =>
  entry.at < place.at || (entry.at === place.at && entry.id < place.id);

const forgetUser = (record: AuditRecord): AuditRecord => ({
  ...record,
  entry: { ...record.entry, ...FORGOTTEN, user: null, session: null, device: null, ip: null, details: {} },
  user: null,
  by: null,
});

const forgetActor = (record: AuditRecord): AuditRecord => ({
  ...record,
  entry: { ...record.entry, ...FORGOTTEN },
  by: null,
});
