/** The nth piece of some work, of which several may be done at a time. A verdict that it resolves to must not refuse. */
export type Work = (nth: number) => Promise<unknown>;

/** How work is measured. */
export interface Measure {
  /** Pieces under way at a time. */
  readonly concurrency: number;
  /** Pieces in a round. */
  readonly count: number;
  readonly rounds: number;
}

/** What a piece of work took. */
export interface Took {
  /** The median, µs per piece. */
  readonly median: number;
  /** The median of its ratios to the first work, round by round. */
  readonly ratio: number;
  /** The processor time of this process, µs per piece. */
  readonly processor: number;
}

/**
 * Measures several works against the first one. They take turns in short rounds, and each round is compared with the first
 * work's round beside it: whatever else the machine does then falls on all alike.
 */
export async function sideBySide<Name extends string>(
  works: Readonly<Record<Name, Work>>,
  { concurrency, count, rounds }: Measure,
): Promise<ReadonlyMap<Name, Took>> {
  const names = Object.keys(works) as Name[];
  const times = new Map(names.map((name) => [name, [] as number[]]));
  const processor = new Map(names.map((name) => [name, 0]));
  // The first rounds, in which V8 still compiles, are not counted.
  for (let round = -2; round < rounds; round++) {
    for (const [turn, name] of names.entries()) {
      const usage = process.cpuUsage();
      const began = performance.now();
      // No two of them are about the same: whoever came second would find it in the processors' caches.
      await work(works[name], concurrency, count, (round + 2) * names.length + turn);
      const took = performance.now() - began;
      const { user, system } = process.cpuUsage(usage);
      if (round < 0) continue;
      times.get(name)?.push((took * 1000) / count);
      processor.set(name, (processor.get(name) ?? 0) + (user + system) / count / rounds);
    }
  }
  const first = times.get(names[0] as Name) ?? [];
  return new Map(
    names.map((name) => {
      const own = times.get(name) ?? [];
      const ratio = median(own.map((time, round) => time / (first[round] ?? Number.NaN)));
      return [name, { median: median(own), ratio, processor: processor.get(name) ?? 0 }];
    }),
  );
}

async function work(piece: Work, concurrency: number, count: number, round: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) mustPass(await piece(round * count + next++));
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Looked at here, for all works alike: a function around a check that looks would be measured, too. */
function mustPass(told: unknown): void {
  const verdict = told as { readonly ok?: unknown; readonly reason?: unknown } | null | undefined;
  if (verdict?.ok === false) throw new Error(`refused: ${verdict.reason}`);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Prints what each took, and its ratio to the first; `goals` are the largest ratios that are hoped for. */
export function tell(
  title: string,
  took: ReadonlyMap<string, Took>,
  goals: Readonly<Record<string, number>> = {},
): void {
  console.log(`  ${title}`);
  for (const [name, { median, ratio, processor }] of took) {
    const goal = goals[name];
    const verdict = goal === undefined ? '' : `  goal ${goal.toFixed(2)}: ${ratio <= goal ? 'met' : 'MISSED'}`;
    const columns = [median.toFixed(1).padStart(8), ratio.toFixed(2).padStart(6), processor.toFixed(1).padStart(7)];
    console.log(`    ${name.padEnd(34)}${columns[0]} µs ${columns[1]} times ${columns[2]} µs of processor${verdict}`);
  }
}
