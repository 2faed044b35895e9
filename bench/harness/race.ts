import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Block, BlockTook, Race } from './section.ts';

/**
 * Duration of a block in ms. Shorter blocks are noisy. In longer ones, the machine's speed changes between contenders.
 */
const BLOCK = 60;
const ROUNDS = 15;
/** Minimum number of rounds. On a busy machine, a race that exceeds its time ends after this number. */
const MIN_ROUNDS = 7;
/** In ms. V8 still compiles during this time. */
const WARM_UP = 1_000;

/** A value with its quartiles. */
export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

export interface Row {
  readonly name: string;
  /** µs per piece of work. */
  readonly wall: Spread;
  /** µs of processor time in the contender's process, per piece of work. */
  readonly processor: Spread;
  /** Ratio to the floor, computed for each round, by the clock of the race. */
  readonly ratio: Spread;
}

export interface GoalReached {
  readonly of: string;
  readonly to: string;
  readonly atMost: number;
  readonly ratio: Spread;
}

export interface RaceResult {
  readonly title: string;
  readonly inFlight: number;
  readonly rounds: number;
  readonly clock: 'wall' | 'processor';
  readonly rows: readonly Row[];
  readonly goals: readonly GoalReached[];
}

/** A contender's process. */
class Runner {
  readonly #child: ChildProcess;
  /** Number of the next piece of work. No two blocks repeat a piece of work. */
  #next = 0;
  #count = 16;
  #isPrepared = false;

  constructor(file: string, race: number, name: string) {
    this.#child = fork(join(import.meta.dirname, 'contender.mjs'), [file, `${race}`, name], {
      execArgv: ['--expose-gc', '--disable-warning=SESSION_STORE_LOSS_ON_RESTART'],
      // Frameworks run in production mode, as in deployed apps.
      env: { ...process.env, NODE_ENV: 'production' },
    });
  }

  async prepare(shared: unknown): Promise<void> {
    await this.#told();
    this.#child.send({ shared });
    await this.#told();
    this.#isPrepared = true;
  }

  async run(inFlight: number): Promise<BlockTook> {
    const block: Block = { from: this.#next, count: this.#count, inFlight };
    this.#next += this.#count;
    this.#child.send(block);
    return (await this.#told()) as BlockTook;
  }

  /** Chooses the number of pieces of work for one block. */
  async warmUp(inFlight: number): Promise<void> {
    this.#count = 16;
    const began = performance.now();
    do {
      const { processor, wall } = await this.run(inFlight);
      // Other programs on the machine can stretch the wall time.
      const took = Math.max(processor, wall / 4);
      this.#count = Math.max(2 * inFlight, 2, Math.min(this.#count * 8, Math.ceil((BLOCK * 1000) / took)));
    } while (performance.now() - began < WARM_UP);
  }

  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    if (this.#isPrepared) this.#child.send('stop');
    else this.#child.kill();
    await ended;
  }

  async #told(): Promise<unknown> {
    const heard = new AbortController();
    const ended = once(this.#child, 'exit', heard).then(([code]) => {
      throw new Error(`A contender ended with ${code}.`);
    });
    try {
      return (await Promise.race([once(this.#child, 'message', heard), ended]))[0];
    } finally {
      heard.abort();
    }
  }
}

/**
 * Runs a race. Each contender has its own process, so that V8 optimises each one separately. Only one works at a time.
 * Contenders take turns in short blocks, in a new order each round. A ratio compares two blocks of the same round.
 * After `seconds`, the race stops at `MIN_ROUNDS`.
 */
export async function runRace(file: string, nth: number, race: Race, seconds: number): Promise<RaceResult[]> {
  const deadline = performance.now() + seconds * 1000;
  const shared = (await race.prepare?.()) ?? null;
  if (shared === null && race.prepare !== undefined) return [];
  const names = Object.keys(race.contenders);
  const runners = new Map(names.map((name) => [name, new Runner(file, nth, name)]));
  try {
    for (const runner of runners.values()) await runner.prepare(shared);
    const results: RaceResult[] = [];
    for (const inFlight of race.inFlight ?? [1]) results.push(await take(race, inFlight, runners, deadline));
    return results;
  } finally {
    for (const runner of runners.values()) await runner.stop();
    await race.clear?.(shared);
  }
}

async function take(
  { title, goals = [], rounds = ROUNDS, clock = 'wall' }: Race,
  inFlight: number,
  runners: ReadonlyMap<string, Runner>,
  deadline: number,
): Promise<RaceResult> {
  const names = [...runners.keys()];
  const blocks = new Map(names.map((name) => [name, [] as BlockTook[]]));
  for (const runner of runners.values()) await runner.warmUp(inFlight);
  let round = 0;
  for (; round < rounds && (round < MIN_ROUNDS || performance.now() < deadline); round++) {
    for (const name of shuffled(names)) blocks.get(name)?.push(await (runners.get(name) as Runner).run(inFlight));
  }
  const by = (which: 'wall' | 'processor', name: string): number[] =>
    blocks.get(name)?.map((took) => took[which]) ?? [];
  const ratio = (of: string, to: string): Spread => {
    const other = by(clock, to);
    return spreadOf(by(clock, of).map((took, round) => took / (other[round] ?? Number.NaN)));
  };
  const floor = names[0] ?? '';
  return {
    ...{ title, inFlight, rounds: round, clock },
    rows: names.map((name) => ({
      name,
      wall: spreadOf(by('wall', name)),
      processor: spreadOf(by('processor', name)),
      ratio: ratio(name, floor),
    })),
    goals: goals
      .filter(({ of, to }) => blocks.has(of) && blocks.has(to))
      .map((goal) => ({ ...goal, ratio: ratio(goal.of, goal.to) })),
  };
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
}

export function shuffled<Value>(values: readonly Value[]): Value[] {
  const order = [...values];
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [order[at], order[other]] = [order[other] as Value, order[at] as Value];
  }
  return order;
}
