import { memoryStore } from 'session-revocation/memory';
import { describe, expect, test } from 'vitest';
import { includes, size } from '../ci-only.ts';
import { type Exploration, explore, type Scenario } from './explorer/explore.ts';
import { choices, operations, together } from './explorer/scenarios/everything.ts';
import { accidents, limits, scenarios, sessions } from './explorer/scenarios/index.ts';
import { variants } from './explorer/variants.ts';

/** How many operations run at the same time in the test of all combinations. 3 takes a quarter of an hour. */
const TOGETHER = Number(process.env.EXPLORE_TOGETHER ?? 2);

/** Crashes make about ten schedules of each one. Scenarios with more orders than this are not tried with crashes. */
const MAX_TO_CRASH = Number(
  process.env.EXPLORE_CRASHES ?? size('explorer: the most orders of a scenario that is tried with crashes, too'),
);

/** One test explores thousands of schedules. */
const TEST_TIMEOUT = 600_000;

/** The scenarios with the most orders. They make up half of all steps of the exploration. */
const LARGEST = [
  'revocations of ann × sign-ins of others',
  'forget ann × password changed, keeping A × end A',
  'forget ann × sign-in × sign-in that had begun',
  'switch, switch back × revoke user × revoke member',
];

const isWhole = includes('explorer: the scenarios with the most orders');
const all = [...scenarios, ...accidents];
const tried = all.filter(({ name }) => isWhole || !LARGEST.includes(name));
const explored = new Map<string, Exploration>();

async function exploredOnce(scenario: Scenario): Promise<Exploration> {
  const known = explored.get(scenario.name) ?? (await explore(scenario));
  explored.set(scenario.name, known);
  return known;
}

describe('in every order of the steps of', { timeout: TEST_TIMEOUT }, () => {
  test.each(tried)('$name', async (scenario) => {
    const { refuted, schedules, outcomes } = await exploredOnce(scenario);
    expect(refuted).toBeNull();
    expect(schedules).toBeGreaterThan(2);
    expect(outcomes.size).toBeGreaterThanOrEqual(scenario.outcomes ?? 2);
  });

  test.for(tried)('$name, where one may crash', async (scenario, { skip }) => {
    const { schedules } = await exploredOnce(scenario);
    if (schedules > MAX_TO_CRASH) skip(`${schedules} orders are more than EXPLORE_CRASHES, ${MAX_TO_CRASH}`);
    const crashing = await explore(scenario, { crashes: 1 });
    expect(crashing.refuted).toBeNull();
    expect(crashing.schedules).toBeGreaterThan(2 * schedules);
  });

  test.each([...sessions, ...limits])('$name, on the memory store', async (scenario) => {
    const { refuted, schedules } = await explore(scenario, { store: memoryStore });
    expect(refuted).toBeNull();
    expect(schedules).toBe((await exploredOnce(scenario)).schedules);
  });

  test.each(Object.keys(operations))(
    '%s, and whatever else',
    { timeout: TOGETHER > 2 ? 3600e3 : TEST_TIMEOUT },
    async (name) => {
      const share = size('explorer: pairs of operations, of all, one in');
      for (const names of choices(TOGETHER)
        .filter(([first]) => first === name)
        .filter((_, at) => at % share === 0)) {
        const { refuted } = await explore(together(names));
        expect(refuted, names.join(' × ')).toBeNull();
      }
    },
  );
});

describe('the exploration', { timeout: TEST_TIMEOUT }, () => {
  test('runs thousands of schedules, in which operations answer in all sorts of ways', async () => {
    const found = await Promise.all(tried.map(exploredOnce));
    const total = (of: (one: Exploration) => number): number => found.reduce((sum, one) => sum + of(one), 0);
    expect(total(({ schedules }) => schedules)).toBeGreaterThan(isWhole ? 7000 : 1500);
    expect(total(({ steps }) => steps)).toBeGreaterThan(isWhole ? 85_000 : 15_000);
    expect(total(({ outcomes }) => outcomes.size)).toBeGreaterThan(isWhole ? 200 : 150);
  });

  test('leaves out only orders of which nothing else comes', async () => {
    for (const scenario of [...scenarios.slice(0, 3), ...sessions.slice(0, 2)]) {
      const whole = await explore(scenario, { reduced: false });
      const { schedules, outcomes } = await exploredOnce(scenario);
      expect(whole.refuted).toBeNull();
      expect(whole.schedules).toBeGreaterThan(schedules);
      expect(whole.outcomes).toEqual(outcomes);
    }
  });
});

describe('without the rule that', { timeout: TEST_TIMEOUT }, () => {
  test.each(variants)('$rule: $violation', async ({ scenario: name, without, violation: seeking }) => {
    const scenario = all.find((one) => one.name === name);
    if (scenario === undefined) throw new Error(`there is no scenario "${name}"`);
    const { refuted } =
      'play' in without ? await explore(without, { seeking }) : await explore(scenario, { ...without, seeking });
    expect(refuted?.violations).toContainEqual(expect.objectContaining({ kind: seeking }));

    if (!tried.includes(scenario)) return;
    const control = await exploredOnce(scenario);
    expect(control.refuted).toBeNull();
  });
});
