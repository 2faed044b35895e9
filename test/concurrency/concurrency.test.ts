import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { size } from '../ci-only.ts';
import { bundle } from '../services/bundle.ts';
import { startServices } from '../services/index.ts';
import { SEED, withSeed } from '../services/seed.ts';
import { clearPlace, engineNames, findPlace } from '../services/stores.ts';
import { Crew } from './crew.ts';

/** `run.ts` in this folder tests each store for longer and with more processes. */
const [processes, seconds] = [4, size('concurrency: seconds')];

/** The answers that each process gets at least, on any machine. An operation that was not done proves nothing. */
const LEAST = { check: 200, start: 20, revoke: 10 };
const LEAST_IDLE = { ...LEAST, expired: 3, note: 3 };

const TEST_TIMEOUT = 600_000;

const crew = new Crew(processes, await bundle(join(import.meta.dirname, 'worker.ts')));

afterAll(() => crew.kill());

const found = await startServices();
const here = engineNames.filter((engine) => engine === 'sqlite' || found.get(engine));

describe(withSeed('several processes, with clocks that are 2 h apart, break no law of'), () => {
  test.each(here)('%s', { timeout: TEST_TIMEOUT }, async (engine) => {
    const place = await findPlace(engine);
    if (place === null) throw new Error('a server that was there is gone');
    try {
      const { violations, counts, failures } = await crew.tryPlace(place, { seconds, seed: SEED, least: LEAST });
      expect(violations).toEqual([]);
      expectAtLeast(LEAST, counts);
      // SQLite may time out on a stalled machine. A failed operation may have been done or not, and breaks no law.
      const [failed, asked] = [sumOf(failures), sumOf(counts)];
      expect(failed, [...failures.keys()].join()).toBeLessThan(asked / 10);
    } finally {
      await clearPlace(place);
    }
  });

  test.each(here)('%s, where sessions expire after 300 ms', { timeout: TEST_TIMEOUT }, async (engine) => {
    const place = await findPlace(engine);
    if (place === null) throw new Error('a server that was there is gone');
    try {
      const options = { seconds, seed: SEED, least: LEAST_IDLE, idle: true };
      const { violations, counts } = await crew.tryPlace(place, options);
      expect(violations).toEqual([]);
      expectAtLeast(LEAST_IDLE, counts);
    } finally {
      await clearPlace(place);
    }
  });

  test('and their processes end by themselves', { timeout: TEST_TIMEOUT }, () => crew.leave());
});

/** Asserts the minimum counts. A worker stops early if its history grows too long to be judged. */
function expectAtLeast(least: Readonly<Record<string, number>>, counts: ReadonlyMap<string, number>): void {
  for (const [name, count] of Object.entries(least)) {
    expect(counts.get(name) ?? 0, name).toBeGreaterThanOrEqual(processes * count);
  }
}

const sumOf = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);
