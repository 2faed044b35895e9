import { describe, expect, test } from 'vitest';
import { includes, size } from '../../ci-only.ts';
import { BROKEN, BROKEN_AGES, BROKEN_LOGS } from './simulation/broken.ts';
import { type SimulationResult, simulate } from './simulation/simulation.ts';

const CHECKS = size('freshness: simulated checks');

const run = (seed: number, tellsChanges: boolean): Promise<SimulationResult> =>
  simulate({ seed, nodes: 60, checks: CHECKS, maxStaleness: 1_000, tellsChanges });

describe.each([
  ['that does not tell its changes', false, { ...BROKEN, ...BROKEN_AGES }],
  ['that tells its changes', true, { ...BROKEN, ...BROKEN_LOGS }],
] as const)('processes on a store %s, with lost answers, stops, sleeps and clocks that are set', (_, tells, broken) => {
  test.each([1, 2])('accept no session later than maxStaleness or effectiveWithin allows: seed %i', async (seed) => {
    const { violation, fromMemory, ends, accepted } = await run(seed, tells);
    expect(violation).toBe(null);
    // The simulation tested enough: checks from memory, ends of sessions, and acceptances.
    expect(fromMemory).toBeGreaterThan(CHECKS / 4);
    expect(ends).toBeGreaterThan(CHECKS / 2_000);
    expect(accepted).toBeGreaterThan(CHECKS / 4);
  });

  const faults = includes('freshness: faults in the simulation') ? Object.entries(broken) : [];
  test.each(faults)('are found out where %s', async (_, breakIt) => {
    const mend = breakIt();
    try {
      let found: string | null = null;
      for (let seed = 1; seed <= 40 && found === null; seed++) ({ violation: found } = await run(seed, tells));
      expect(found).not.toBe(null);
    } finally {
      mend();
    }
  });
});
