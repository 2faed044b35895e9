import assert from 'node:assert/strict';
import { accountTag, newId, realmTag, userTag } from '../../model/token.ts';
import type { AuditEntry, AuditPage, AuditPower, AuditRecord, PolicyPower } from '../../store/powers.ts';
import type { SessionStore } from '../../store/store.ts';
import { DAY, NOW } from './bench.ts';
import type { Person } from './records.ts';

export function logOf({ powers }: SessionStore): AuditPower {
  assert.ok(powers?.audit, 'the store declares the power audit');
  return powers.audit;
}

export function policiesOf({ powers }: SessionStore): PolicyPower {
  assert.ok(powers?.policies, 'the store declares the power policies');
  return powers.policies;
}

export function recordAbout(
  { realm, user, account }: Person,
  changes: Partial<AuditEntry> = {},
  keepUntil: number = NOW + 90 * DAY,
): AuditRecord {
  const entry: AuditEntry = {
    ...{ id: newId(), at: NOW, type: 'session.ended', realm, user, account, scope: 'user', session: newId() },
    ...{ device: 'Chrome on Mac OS', ip: '192.0.2.1', by: user, reason: 'signed-out', note: 'lost it' },
    ...{ fromDevice: 'Safari on iOS', details: { kinds: ['browser'], kept: null } },
    ...changes,
  };
  return {
    entry,
    realm: realmTag(entry.realm),
    user: entry.user === null ? null : userTag(entry.realm, entry.user),
    account: entry.account === null ? null : accountTag(entry.realm, entry.account),
    by: entry.by === null ? null : userTag(entry.realm, entry.by),
    keepUntil,
  };
}

export async function read(store: SessionStore, page: AuditPage): Promise<readonly AuditEntry[]> {
  return (await logOf(store).read(page)).entries;
}

export async function readAll(
  store: SessionStore,
  page: Omit<AuditPage, 'limit' | 'after'>,
  limit = 100,
): Promise<readonly AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for (let more = true; more; ) {
    assert.ok(entries.length < 10_000, 'the log comes to an end');
    const answer = await logOf(store).read({ ...page, limit, after: entries.at(-1) });
    assert.ok(answer.entries.length <= limit, 'a page is not longer than asked');
    assert.ok(!answer.more || answer.entries.length > 0, 'a page that is not the last one has entries');
    entries.push(...answer.entries);
    more = answer.more;
  }
  return entries;
}

export const idsOf = (entries: readonly (AuditEntry | AuditRecord)[]): readonly string[] =>
  entries.map((one) => ('entry' in one ? one.entry.id : one.id)).sort();

export const logged = async (store: SessionStore, { tags }: Person): Promise<readonly string[]> =>
  idsOf(await readAll(store, { realm: tags.realm }));
