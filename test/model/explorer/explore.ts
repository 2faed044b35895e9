import type { Violation, ViolationKind } from './history.ts';
import { observeEnd } from './laws.ts';
import { World, type WorldOptions } from './world.ts';

/** Operations that run at the same time, and the preparation before them. */
export interface Scenario {
  readonly name: string;
  readonly options?: WorldOptions;
  /** The least number of different outcomes of the operations. Default 2. */
  readonly outcomes?: number;
  /** Prepares the world step by step. Returns the operations that then run at the same time. */
  play(world: World): Promise<readonly (() => Promise<unknown>)[]>;
}

/** The result of an exploration. */
export interface Exploration {
  /** How many complete schedules were run. */
  readonly schedules: number;
  readonly steps: number;
  /** Every combination of answers that the operations gave. */
  readonly outcomes: ReadonlySet<string>;
  /** The first schedule with a violation: its steps, and the violations found after the last step. */
  readonly refuted: { readonly violations: readonly Violation[]; readonly schedule: readonly string[] } | null;
}

export interface ExploreOptions {
  /** `false` runs every order, also orders that cannot change the result. */
  readonly reduced?: boolean;
  /** Goes on until a violation of this kind is found. Other kinds do not stop the exploration. */
  readonly seeking?: ViolationKind;
}

/** A node in the tree of schedules. */
interface Branch {
  readonly enabled: readonly string[];
  /** Steps that need not come next: another branch already covers the schedules that follow. */
  readonly asleep: ReadonlySet<string>;
  choice: number;
  /** The earlier choices at this node that changed nothing. */
  readonly harmless: Set<string>;
}

/**
 * Runs a scenario in every order of its steps, depth first. Each schedule starts from the beginning, since promises
 * cannot be forked. Stops at the first violation, or at the first one of the kind `seeking`.
 *
 * Two adjacent steps that change nothing give the same result in both orders. Only one of the two orders is run
 * (sleep sets: P. Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", 1996).
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
