import type { Core } from '../core/context.ts';
import type { EpochRecord } from '../model/epoch.ts';
import { type EpochNotes, withAllowedStaleness, withLoweredStaleness } from '../model/epoch-notes.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';

/** The bound that the processes of a realm have stated. */
export interface StatedStaleness {
  /** In ms: the highest `maxStaleness` of any process, which `effectiveWithin` tells. 0 if none has remembered. */
  readonly maxStaleness: number;
  /** In ms: the value to which it is being lowered, or a lowering was given up. Else `null`. */
  readonly lowering: number | null;
}

/** Result of lowering, in ms. */
export interface LoweredStaleness {
  readonly before: number;
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

/** Clocks of different processes run at slightly different speeds. */
const DRIFT = 1.01;

/**
 * Lowers the bound to `to` ms, in two steps. The first one has all processes remember what they read for at most that long, while
 * `effectiveWithin` still tells the old value. `wait` must resolve after that time: by then, no process accepts by what it read before. Only
 * then does `effectiveWithin` tell the new value. A lowering that was given up is completed by the next one.
 *
 * A process whose option is higher raises the bound again when it starts.
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

/** Does nothing if the record was lost: nothing is remembered by it. */
async function change(core: Core, edit: (record: EpochRecord) => EpochRecord): Promise<void> {
  const { store, realmTag } = core;
  await retryOnConflict(core, async () => {
    const [found] = await store.readEpochs([realmTag]);
    if (!found) return null;
    const write = { record: edit(found.record), ifVersion: found.version, now: core.now(), keepUntil: null, audit: [] };
    return (await store.advance(realmTag, write)) === 'advanced' ? null : 'conflict';
  });
}
