import { describe, expect, test } from 'vitest';
import { size } from '../../ci-only.ts';
import { BROKEN } from './simulation/broken.ts';
import { simulate } from './simulation/simulation.ts';

const NODES = 60;
const MAX_STALENESS = 1_000;
const CHECKS = size('freshness: simulated checks');

describe('processes with slow and lost answers, stops, sleeps and clocks that are set', () => {
  test.each([1, 2, 3])('accept no session later than maxStaleness or effectiveWithin allows: seed %i', async (seed) => {
    const result = await simulate({ seed, nodes: NODES, checks: CHECKS, maxStaleness: MAX_STALENESS });
    expect(result.violations).toEqual([]);
    // It looked at enough: sessions from memory, and ended ones.
    expect(result.fromMemory).toBeGreaterThan(CHECKS / 20);
    expect(result.ends).toBeGreaterThan(CHECKS / 2_000);
    expect(result.accepted).toBeGreaterThan(CHECKS / 10);
  });

  test.each(Object.entries(BROKEN))('are found out where %s', async (_, breakIt) => {
    const mend = breakIt();
    try {
      let found: readonly string[] = [];
      for (let seed = 1; seed <= 10 && found.length === 0; seed++) {
        ({ violations: found } = await simulate({ seed, nodes: NODES, checks: CHECKS, maxStaleness: MAX_STALENESS }));
      }
      expect(found).not.toEqual([]);
    } finally {
      mend();
    }
  });
});
