import { shown } from './input.ts';

/** The position of a row in a list whose youngest rows come first. */
export interface Place {
  /** Unix ms. */
  readonly at: number;
  readonly id: string;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

export function parseLimit(limit: unknown, otherwise: number = DEFAULT_LIMIT): number {
  if (limit === undefined) return otherwise;
  if (typeof limit === 'number' && Number.isSafeInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new TypeError(`limit is ${shown(limit)}; allowed are whole numbers from 1 to ${MAX_LIMIT}`);
}

/** A cursor is opaque, and no secret. */
export const formatCursor = ({ at, id }: Place): string => `${at.toString(36)}.${id}`;

export function parseCursor(cursor: unknown): Place | undefined {
  if (cursor === undefined || cursor === null) return undefined;
  const match = typeof cursor === 'string' ? /^([\da-z]{1,11})\.([\w-]{22})$/.exec(cursor) : null;
  const at = Number.parseInt(match?.[1] ?? '', 36);
  if (match?.[2] === undefined || !Number.isSafeInteger(at))
    throw new TypeError('cursor must be what the last page gave');
  return { at, id: match[2] };
}
