import { memoryStore } from 'session-revocation/memory';
import { expect, test } from 'vitest';
import { MAX_ENTRIES } from '../../adapters/engines/memory/audit.ts';
import { logOf, readAll, recordAbout } from '../../src/testing/harness/audit-entries.ts';
import { NOW } from '../../src/testing/harness/bench.ts';
import { person } from '../../src/testing/harness/records.ts';
import { includes } from '../ci-only.ts';

const ann = person('ann');
const { realm } = ann.tags;
const record = recordAbout(ann);
const recordAt = (at: number) => ({ ...record, entry: { ...record.entry, id: `entry ${at}`, at } });

test.runIf(includes('memory: bounds of ten thousand'))(
  'keeps the newest entries, and lets the oldest go',
  async () => {
    const store = memoryStore();
    const log = logOf(store);
    const all = Array.from({ length: MAX_ENTRIES }, (_, at) => recordAt(NOW + at));
    await log.append(all);
    expect(await log.read({ realm, until: NOW + 1, limit: 10 })).toMatchObject({ entries: [{ at: NOW }], more: false });
    await log.append([recordAt(NOW + MAX_ENTRIES)]);
    const { entries } = await log.read({ realm, limit: 1_000_000 });
    expect(entries.length).toBeLessThanOrEqual(MAX_ENTRIES);
    expect(entries.length).toBeGreaterThan(MAX_ENTRIES * 0.98);
    expect(entries[0]?.at).toBe(NOW + MAX_ENTRIES);
    expect(entries.at(-1)?.at).toBe(NOW + MAX_ENTRIES + 1 - entries.length);
    expect(await log.read({ realm, until: NOW + 1, limit: 10 })).toEqual({ entries: [], more: false });
    // Adding `MAX_ENTRIES` entries takes long on a busy machine.
  },
  300_000,
);

test('has entries in order whichever way the clock goes, and each of them once', async () => {
  const store = memoryStore();
  const times = Array.from({ length: 500 }, (_, nth) => NOW + ((nth * 7919) % 500));
  for (const at of times) await logOf(store).append([recordAt(at)]);
  await logOf(store).append(times.map(recordAt));
  const entries = await readAll(store, { realm }, 33);
  expect(entries.map(({ at }) => at)).toEqual([...times].sort((a, b) => b - a));
});
