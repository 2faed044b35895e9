import type { Violation, ViolationKind } from './history.ts';
import { observeEnd } from './laws.ts';
import { World, type WorldOptions } from './world.ts';

/** What happens at the same time, after what happened before. */
export interface Scenario {
  readonly name: string;
  readonly options?: WorldOptions;
  /** In how many ways the operations answer, at least. Default 2. */
  readonly outcomes?: number;
  /** Does what comes first, step by step, and returns the operations that are under way together. */
  play(world: World): Promise<readonly (() => Promise<unknown>)[]>;
}

/** What an exploration found. */
export interface Exploration {
  /** How many whole schedules were run. */
  readonly schedules: number;
  readonly steps: number;
  /** What the operations answered, in all the ways in which that came about. */
  readonly outcomes: ReadonlySet<string>;
  /** The first schedule with a violation: its steps, and what is wrong after the last of them. */
  readonly refuted: { readonly violations: readonly Violation[]; readonly schedule: readonly string[] } | null;
}

export interface ExploreOptions {
  /** `false` runs every order, also those that cannot differ. */
  readonly reduced?: boolean;
  /** Goes on until there is a violation of this kind. */
  readonly seeking?: ViolationKind;
}

/** A place in the tree of schedules. */
interface Branch {
  readonly enabled: readonly string[];
  /** Steps that need not be next: what follows was seen elsewhere. */
  readonly asleep: ReadonlySet<string>;
  choice: number;
  /** Which of the choices before this one changed nothing. */
  readonly harmless: Set<string>;
}

/**
 * Runs a scenario in every order of its steps: depth first, each schedule from the beginning, since promises cannot be
 * forked. Stops at the first violation, or the first of the kind that is sought.
 *
 * Two steps next to each other that change nothing lead to the same whichever is first, so only one of the two orders is
 * run (sleep sets: P. Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", 1996).
 */
export async function explore(
  scenario: Scenario,
  { reduced = true, seeking, ...options }: WorldOptions & ExploreOptions = {},
): Promise<Exploration> {
  const branches: Branch[] = [];
  let schedules = 0;
  let steps = 0;
  const outcomes = new Set<string>();
  for (;;) {
    const world = new World({ ...scenario.options, ...options });
    const { stepper, history } = world;
    const schedule: string[] = [];
    await stepper.begin(await scenario.play(world));
    let asleep: ReadonlySet<string> = new Set();
    while (stepper.enabled.length > 0 && history.violations.length === 0) {
      const branch = branches[schedule.length] ?? branchOf(stepper.enabled, asleep);
      if (branch.choice === branch.enabled.length) break;
      if (String(branch.enabled) !== String(stepper.enabled)) throw new Error('a schedule cannot be repeated');
      branches[schedule.length] = branch;
      const name = branch.enabled[branch.choice]!;
      history.harmless = false;
      await stepper.take(branch.choice);
      schedule.push(name);
      steps++;
      asleep = reduced && history.harmless ? new Set([...branch.asleep, ...branch.harmless]) : new Set();
      if (history.harmless) branch.harmless.add(name);
    }
    const whole = stepper.enabled.length === 0;
    if (whole && history.violations.length === 0) await observeEnd(world);
    if (whole) {
      schedules++;
      outcomes.add(Array.from(stepper.results, wordOf).join(' | '));
    }
    await stepper.abandon();
    const sought = history.violations.filter(({ kind }) => seeking === undefined || kind === seeking);
    if (sought.length > 0) {
      return { schedules, steps, outcomes, refuted: { violations: sought, schedule } };
    }

    for (;;) {
      const last = branches.at(-1);
      if (last === undefined) return { schedules, steps, outcomes, refuted: null };
      last.choice = nextChoice(last, last.choice + 1);
      if (last.choice < last.enabled.length) break;
      branches.pop();
    }
  }
}

function branchOf(enabled: readonly string[], asleep: ReadonlySet<string>): Branch {
  const branch = { enabled, asleep, choice: 0, harmless: new Set<string>() };
  branch.choice = nextChoice(branch, 0);
  return branch;
}

function nextChoice({ enabled, asleep }: Branch, from: number): number {
  const next = enabled.findIndex((name, at) => at >= from && !asleep.has(name));
  return next < 0 ? enabled.length : next;
}

function wordOf(result: unknown): string {
  if (typeof result !== 'object' || result === null) return String(result);
  if ('reason' in result && typeof result.reason === 'string') return result.reason;
  if ('kept' in result) return result.kept === null ? 'revoked' : 'kept';
  return 'ok' in result || 'id' in result ? 'ok' : 'done';
}
