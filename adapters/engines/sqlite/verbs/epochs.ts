import { type EpochRequest, formatEpoch, type Tag, type VersionedEpoch } from '../../../../src/adapter.ts';
import { isKept } from '../../sql/kept.ts';
import { epochOf } from '../../sql/session-rows.ts';
import type { Row } from '../../sql/values.ts';
import type { Context } from '../context.ts';

export function readEpochs(
  { database, statements }: Context,
  tags: readonly Tag[],
): readonly (VersionedEpoch | null)[] {
  const rows = database.read(() => tags.map((tag) => statements.epoch(tag)));
  return rows.map((row) => (row === undefined ? null : epochOf(row)));
}

export function ensureEpochs(
  { database, statements }: Context,
  requests: readonly EpochRequest[],
): readonly VersionedEpoch[] {
  const read = (): readonly (Row | undefined)[] => requests.map(({ tag }) => statements.epoch(tag));
  const found = database.read(read);
  const isComplete = requests.every(({ keepUntil }, at) =>
    isKept(found[at]?.[2] as number | null | undefined, keepUntil),
  );
  if (isComplete) return found.map((row) => ensured(row));

  // Need not sync: no write that depends on these records can reach the disk before them.
  return database.writeUnsynced(() => {
    for (const { tag, create, version, keepUntil } of requests) {
      statements.keepEpoch(tag, formatEpoch(create), version, keepUntil);
    }
    return read().map((row) => ensured(row));
  });
}

function ensured(row: Row | undefined): VersionedEpoch {
  if (row === undefined) throw new Error('a record is gone that was created a moment ago');
  return epochOf(row);
}
