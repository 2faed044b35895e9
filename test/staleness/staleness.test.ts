import { describe, expect, type TestContext, test } from 'vitest';
import { includes, size } from '../ci-only.ts';
import { bundle } from '../services/bundle.ts';
import { hasRedis } from '../services/redis.ts';
import { SEED, withSeed } from '../services/seed.ts';
import { clearPlace, findPlace, type Place } from '../services/stores.ts';
import { type Arena, asynchronousStandby, changingCluster, crashingServer } from './faults.ts';
import { Member } from './member.ts';
import { type Outcome, Trial, type TrialOptions } from './trial.ts';

const PROCESSES = 4;
/** `TRIAL_SECONDS`: the length of a longer trial, which also prints its outcome. */
const LONGER = Number(process.env.TRIAL_SECONDS ?? 0);
const SECONDS = LONGER || size('staleness: seconds of a trial');
const MAX_STALENESS = 400;
const TEST_TIMEOUT = 600_000 + 2_000 * SECONDS;

const script = await bundle('test/staleness/member-process.ts');

async function tryPlace(
  { task, onTestFinished }: TestContext,
  { place, faults: all }: Arena,
  more: Pick<TrialOptions, 'broken' | 'strict'> = {},
): Promise<Outcome> {
  const members = Array.from({ length: PROCESSES }, () => new Member(script));
  onTestFinished(() => {
    for (const member of members) member.kill();
  });
  // The kill of a server is the first fault, so it is always included.
  const faults = all.slice(0, size('staleness: sorts of faults'));
  const options = { place, members, maxStaleness: MAX_STALENESS, seconds: SECONDS, seed: SEED, faults, ...more };
  const outcome = await new Trial(options).run();
  if (LONGER > 0) console.log(task.name, outcome);
  return outcome;
}

function expectNothingLate({ violations, fromMemory, ends }: Outcome): void {
  expect(violations).toEqual([]);
  expect(ends).toBeGreaterThan(0);
  // Enough checks were answered from memory. The exact share depends on how busy the machine is.
  expect(fromMemory).toBeGreaterThan(ends);
}

const ENGINES = (['redis', 'postgres', 'mysql'] as const).slice(0, includes('staleness: every store') ? 3 : 1);
const REPLICATED = includes('staleness: failovers and moving slots') ? (['postgres', 'redis'] as const) : [];

/** The trials run at the same time, because they mostly wait. */
describe.concurrent(withSeed('processes with clocks an hour apart accept nothing later than stated,'), {
  timeout: TEST_TIMEOUT,
}, () => {
  test.runIf(includes('staleness: every store')).for([
    ['whose memory is strict', true],
    ['that is asked for changes now and then', false],
  ] as const)('over a file of SQLite, %s', async ([, strict], context) => {
    const place = (await findPlace('sqlite')) as Place;
    context.onTestFinished(() => clearPlace(place));
    const { violations, ends } = await tryPlace(context, { place, faults: [] }, { strict });
    expect(violations).toEqual([]);
    expect(ends).toBeGreaterThan(3 * SECONDS);
  });

  for (const engine of ENGINES) {
    test.skipIf(engine === 'redis' && !hasRedis())(
      `over ${engine}, which is killed, cut off and pruned`,
      async (context) => {
        const outcome = await tryPlace(context, await crashingServer(engine, context.onTestFinished));
        expectNothingLate(outcome);
        // Memory accepts sessions only for a time. Then checks fail, because the store is unreachable.
        expect(outcome.failures).toHaveProperty('SESSION_STORE_UNAVAILABLE');
      },
    );
  }

  for (const engine of REPLICATED) {
    test(`over ${engine}, which fails over to a standby that lacks what was acknowledged last`, async (context) => {
      const outcome = await tryPlace(context, await asynchronousStandby(engine, context.onTestFinished));
      expectNothingLate(outcome);
      expect(outcome.lost).toBeGreaterThan(0);
    });
  }

  test.runIf(includes('staleness: failovers and moving slots'))(
    'over a cluster of Redis, whose slots move and whose nodes change places',
    async (context) => {
      expectNothingLate(await tryPlace(context, await changingCluster(context.onTestFinished)));
    },
  );

  const isWhole = includes('staleness: a checker that finds what is wrong');
  test.runIf(isWhole)('and the checker finds those that never read a session again', async (context) => {
    const place = await findPlace('redis');
    if (place === null) return context.skip();
    context.onTestFinished(() => clearPlace(place));
    const { violations } = await tryPlace(context, { place, faults: [] }, { broken: true });
    expect(violations).not.toEqual([]);
  });
});
