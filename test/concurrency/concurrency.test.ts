import { afterAll, describe, expect, test } from 'vitest';
import { startServices } from '../services/index.ts';
import { clearPlace, engineNames, findPlace } from '../services/stores.ts';
import { Crew } from './crew.ts';

/** `run.ts` beside this file tries each store longer, and with more processes, where that is asked for. */
const [processes, seconds] = process.env.CI ? [4, 30] : [2, 1.5];

const crew = new Crew(processes);

afterAll(() => crew.kill());

const found = await startServices();
const here = engineNames.filter((engine) => engine === 'sqlite' || found.get(engine));

describe('several processes, with clocks that are 2 h apart, break no law of', () => {
  test.each(here)('%s', { timeout: (seconds + 120) * 1_000 }, async (engine) => {
    const place = await findPlace(engine);
    if (place === null) throw new Error('a server that was there is gone');
    try {
      const { violations, counts, failures } = await crew.tryPlace(place, { seconds, seed: Date.now() });
      expect(violations).toEqual([]);
      // What nobody did shows nothing.
      expect(counts.get('check')).toBeGreaterThan(20);
      expect(counts.get('revoke')).toBeGreaterThan(2);
      // A busy SQLite may give up; whatever fails may have been done or not, and breaks no law.
      const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
      expect(failed, [...failures.keys()].join()).toBeLessThan((counts.get('check') ?? 0) / 50);
    } finally {
      await clearPlace(place);
    }
  });

  test('and their processes end by themselves', { timeout: 60_000 }, () => crew.leave());
});
