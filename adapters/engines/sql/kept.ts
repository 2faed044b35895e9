import type { EpochRequest, Tag } from '../../../src/adapter.ts';

/**
 * Tells whether a record is kept until a time or longer. `kept` is its present `keepUntil`; `undefined` if there is no
 * record. `null` means forever.
 */
export const isKept = (kept: number | null | undefined, keepUntil: number | null): boolean =>
  kept === null || (kept !== undefined && keepUntil !== null && kept >= keepUntil);

/** Merges requests for the same tag. The first request creates the record, and the longest `keepUntil` counts. */
export function onceEach(requests: readonly EpochRequest[]): EpochRequest[] {
  const merged = new Map<Tag, EpochRequest>();
  for (const request of requests) {
    const first = merged.get(request.tag) ?? request;
    merged.set(request.tag, { ...first, keepUntil: longest(first.keepUntil, request.keepUntil) });
  }
  return [...merged.values()];
}

const longest = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : Math.max(one, other);
