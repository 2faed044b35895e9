import { type EpochRecord, parseEpoch, Recent, type Tag } from '../../../src/index.ts';

/** How long ago a core's `null` is: for ever. */
const FOR_EVER = '';

/** `keepUntil` as scripts take and keep it. */
export const keepLine = (keepUntil: number | null): string => (keepUntil === null ? FOR_EVER : String(keepUntil));

/** A record as it is kept: a string of its version, of how long it must be kept, and of its text, a line each. */
export interface EpochValue {
  readonly version: number;
  /** Unix ms; `null` is for ever. */
  readonly keepUntil: number | null;
  readonly record: EpochRecord;
}

/** @throws `Error` for a value that is none. */
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

const RECORDS = new Recent<EpochRecord>(8192, 2048);

/** The record alone, which is all that a check needs. */
export function epochOf(value: string | null | undefined, tag?: Tag): EpochRecord | null {
  if (value === null || value === undefined) return null;
  const known = RECORDS.get(value, tag);
  if (known !== undefined) return known;
  return RECORDS.put(value, parseEpoch(value.slice(value.indexOf('\n', value.indexOf('\n') + 1) + 1)), tag);
}
