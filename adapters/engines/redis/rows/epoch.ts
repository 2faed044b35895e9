import { DecodeCache, type EpochRecord, parseEpoch, type Tag } from '../../../../src/adapter.ts';

/** Stored form of `null`, which means forever. */
const FOR_EVER = '';

export const keepLine = (keepUntil: number | null): string => (keepUntil === null ? FOR_EVER : String(keepUntil));

/** A stored record: a string of its version, its `keepUntil`, and its text, each on a line. */
export interface EpochValue {
  readonly version: number;
  /** Unix ms; `null` means forever. */
  readonly keepUntil: number | null;
  readonly record: EpochRecord;
}

/** @throws `Error` for a malformed value. */
export function epochValueOf(value: string): EpochValue {
  const first = value.indexOf('\n');
  const second = value.indexOf('\n', first + 1);
  if (first < 0 || second < 0) throw new Error('an epoch record is malformed');
  const keep = value.slice(first + 1, second);
  return {
    version: Number(value.slice(0, first)),
    keepUntil: keep === FOR_EVER ? null : Number(keep),
    record: parseEpoch(value.slice(second + 1)),
  };
}

const RECORDS = new DecodeCache<EpochRecord>(8192, 2048);

/** Returns only the record, which is all that a check needs. */
export function epochOf(value: string | null | undefined, tag?: Tag): EpochRecord | null {
  if (value === null || value === undefined) return null;
  const known = RECORDS.get(value, tag);
  if (known !== undefined) return known;
  return RECORDS.put(value, parseEpoch(value.slice(value.indexOf('\n', value.indexOf('\n') + 1) + 1)), tag);
}
