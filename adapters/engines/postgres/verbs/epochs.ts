import {
  type EpochRequest,
  formatEpoch,
  membershipOf,
  parseEpoch,
  type Tag,
  type VersionedEpoch,
} from '../../../../src/adapter.ts';
import { isKept, onceEach } from '../../sql/kept.ts';
import type { PostgresRow } from '../clients/client.ts';
import type { Context } from '../context.ts';

export async function readEpochs(
  { askReliable, statements }: Context,
  tags: readonly Tag[],
): Promise<readonly (VersionedEpoch | null)[]> {
  if (tags.length === 0) return [];
  const rows = byTag(await askReliable(statements.readEpochs, [...new Set(tags)]));
  return tags.map((tag) => {
    const row = rows.get(tag);
    return row === undefined ? null : epochOf(row);
  });
}

/**
 * Returns records, and creates or keeps them as requested. Usually all of them exist and are kept long enough, so
 * nothing is written.
 */
export async function ensureEpochs(
  { ask, statements }: Context,
  requests: readonly EpochRequest[],
): Promise<readonly VersionedEpoch[]> {
  const rows = byTag(await ask(statements.readEpochs, [...new Set(requests.map(({ tag }) => tag))]));
  const lacking = requests.filter(({ tag, keepUntil }) => !isKept(keptUntil(rows.get(tag)), keepUntil));
  if (lacking.length > 0) {
    // Reads the memberships again. The user's record may be newer by now, and no membership must be older than it.
    const again = requests.filter(({ tag }) => membershipOf(tag) !== null);
    const kept = byTag(await ask(statements.keepEpochs, toKeep([...lacking, ...again])));
    for (const [tag, row] of kept) rows.set(tag, row);
  }
  return requests.map(({ tag }) => epochOf(rows.get(tag)));
}

/**
 * Locks records in a transaction of the caller. A later comparison then sees the version that was read, and other
 * writers wait for the commit.
 */
export async function lockEpochs(
  { ask, statements }: Context,
  requests: readonly EpochRequest[],
): Promise<readonly VersionedEpoch[]> {
  const rows = byTag(await ask(statements.keepEpochs, toKeep(requests)));
  return requests.map(({ tag }) => epochOf(rows.get(tag)));
}

const byTag = (rows: readonly PostgresRow[]): Map<Tag, PostgresRow> =>
  new Map(rows.filter((row) => row[1] !== null).map((row) => [row[0] as Tag, row]));

function epochOf(row: PostgresRow | undefined): VersionedEpoch {
  if (row === undefined) throw new Error('the answer makes no sense: it leaves out what it was asked for');
  return { record: parseEpoch(row[1] as string), version: Number(row[2]) };
}

const keptUntil = (row: PostgresRow | undefined): number | null | undefined =>
  row && (row[3] === null ? null : Number(row[3]));

function toKeep(requests: readonly EpochRequest[]): string {
  const rows = onceEach(requests).map(({ tag, create, version, keepUntil }) => ({
    ...{ tag, record: formatEpoch(create), version, keep_until: keepUntil },
  }));
  return JSON.stringify(rows);
}
