import type { Core } from '../core/context.ts';
import type { EpochRecord } from '../model/epoch.ts';
import { type EpochNotes, withAllowedStaleness, withLoweredStaleness } from '../model/epoch-notes.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';

/** The bound that the processes of a realm have stated. */
export interface StatedStaleness {
  /**
   * The highest `maxStaleness` of any process, in ms, which `effectiveWithin` states. 0 if no process has remembered
   * sessions.
   */
  readonly maxStaleness: number;
  /** The lower value in ms, while the bound is being lowered or after a lowering was interrupted. Else `null`. */
  readonly lowering: number | null;
}

/** Holds the result of lowering the bound, in ms. */
export interface LoweredStaleness {
  /** The bound that was stated before. */
  readonly before: number;
  /** The bound that is stated now. Not above `before`. */
  readonly maxStaleness: number;
}

const statedIn = (notes: EpochNotes | undefined): StatedStaleness => ({
  maxStaleness: notes?.maxStaleness ?? 0,
  lowering: notes?.allowedStaleness ?? null,
});

export async function statedStaleness({ store, realmTag }: Core): Promise<StatedStaleness> {
  const [realm] = await store.readEpochs([realmTag]);
  return statedIn(realm?.record.notes);
}

/** The clocks of two processes run at slightly different speeds. */
const DRIFT = 1.01;

/**
 * Lowers the bound to `to` ms in two steps. In the first, all processes remember their reads for at most that long,
 * while `effectiveWithin` still states the old value. `wait` gets a little more than the old value and must resolve after that time:
 * then no process accepts a session by an older read. In the second, `effectiveWithin` states the new value. A second lowering
 * completes one that was interrupted.
 *
 * A process with a higher option raises the bound again when it starts.
 */
export async function lowerStaleness(
  core: Core,
  to: number,
  wait: (ms: number) => Promise<unknown>,
): Promise<LoweredStaleness> {
  const { maxStaleness: before, lowering } = await statedStaleness(core);
  if (before <= to && lowering === null) return { before, maxStaleness: before };
  await change(core, (record) => withAllowedStaleness(record, to));
  await wait(Math.ceil(before * DRIFT));
  await change(core, (record) => withLoweredStaleness(record, to));
  return { before, maxStaleness: Math.min(to, before) };
}

/** Changes the realm's record. Does nothing if the record is lost: no process then remembers new reads. */
async function change(core: Core, edit: (record: EpochRecord) => EpochRecord): Promise<void> {
  const { store, realmTag } = core;
  await retryOnConflict(core, async () => {
    const [found] = await store.readEpochs([realmTag]);
    if (!found) return null;
    const write = { record: edit(found.record), ifVersion: found.version, now: core.now(), keepUntil: null, audit: [] };
    return (await store.advance(realmTag, write)) === 'advanced' ? null : 'conflict';
  });
}
