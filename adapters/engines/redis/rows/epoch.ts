import { type EpochRecord, parseEpoch } from '../../../../src/adapter.ts';

/** Stored form of `null`, which means forever. */
const FOR_EVER = '';

export const keepLine = (keepUntil: number | null): string => (keepUntil === null ? FOR_EVER : String(keepUntil));

/** Stored as a string of three lines: version, `keepUntil`, text of the record. */
export interface EpochValue {
  readonly version: number;
  /** Unix ms; `null` means forever. */
  readonly keepUntil: number | null;
  readonly record: EpochRecord;
}

export function epochValueOf(value: string): EpochValue {
  return {
    version: Number(value.slice(0, value.indexOf('\n'))),
    keepUntil: keepUntilOf(value),
    record: parseEpoch(epochTextOf(value)),
  };
}

export function keepUntilOf(value: string): number | null {
  const [, keepUntil] = value.split('\n', 2);
  if (keepUntil === undefined) throw new Error('an epoch record is malformed');
  return keepUntil === FOR_EVER ? null : Number(keepUntil);
}

export const epochOf = (value: string | null | undefined): EpochRecord | null =>
  value === null || value === undefined ? null : parseEpoch(epochTextOf(value));

export function epochTextOf(value: string): string {
  const first = value.indexOf('\n');
  const second = value.indexOf('\n', first + 1);
  if (first < 0 || second < 0) throw new Error('an epoch record is malformed');
  return value.slice(second + 1);
}
