import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Place } from '../services/stores.ts';
import { violationsOf } from './laws.ts';
import { nameOf, type Operation } from './operation.ts';
import { IDLE_RULES, RULES } from './population.ts';
import type { Counts } from './recorder.ts';
import type { Violation } from './violation.ts';
import { Work } from './work.ts';
import { WorkerProcess } from './worker-process.ts';

/** Options of {@link Crew.tryPlace}. */
export interface TryOptions {
  readonly seconds: number;
  readonly seed: number;
  /** How many answers of each type every process gets at least, however long that takes. Default: none. */
  readonly least?: Counts;
  /** Whether sessions expire when they are idle. */
  readonly idle?: boolean;
}

/** The result of {@link Crew.tryPlace}. */
export interface Report {
  readonly violations: readonly Violation[];
  /** How often each operation was done or tried. */
  readonly counts: ReadonlyMap<string, number>;
  /** How often the store failed, by operation and error code. */
  readonly failures: ReadonlyMap<string, number>;
}

/** Several processes that use one store together, with clocks that are up to 2 h apart. */
export class Crew {
  readonly #workers: readonly WorkerProcess[];

  /** `script` is the compiled `worker.ts`. By default, each process compiles it. */
  constructor(processes: number, script?: string) {
    this.#workers = Array.from({ length: processes }, () => new WorkerProcess(script));
  }

  /** Lets the processes use the store, and judges their histories. */
  async tryPlace(place: Place, { seconds, seed, least = {}, idle = false }: TryOptions): Promise<Report> {
    const folder = mkdtempSync(join(tmpdir(), 'session-test-history-'));
    const processes = this.#workers.length;
    const opened = openStore(place, { silence: 120_000 });
    // The witness checks the final state after all workers have stopped.
    const witness = new Work(opened.store, { process: processes, processes: 1, seed, idle }, () => {});
    try {
      await this.#all((worker, process) =>
        worker.does({ type: 'open', place, options: { process, processes, seed, idle } }),
      );
      for (const worker of this.#workers) {
        worker.issued = (held) => {
          witness.hear(held);
          for (const other of this.#workers) if (other !== worker) other.hear(held);
        };
      }
      await this.#all((worker) => worker.does({ type: 'run', ms: seconds * 1_000, least }));
      const fileOf = (process: number): string => join(folder, `${process}.ndjson`);
      await this.#all((worker, process) => worker.does({ type: 'write', file: fileOf(process) }));
      const told = this.#workers.flatMap((_, process) => readHistory(fileOf(process)));
      await witness.look(new Set(told.flatMap((one) => (one.type === 'start' ? [one.user] : []))));
      const history = [...told, ...witness.operations];
      const violations = violationsOf(history, idle ? IDLE_RULES : RULES);
      return { violations, counts: countsOf(history), failures: failuresOf(history) };
    } finally {
      await witness.close();
      await opened.end();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Tells the processes to end, and waits until they end by themselves. */
  async leave(): Promise<void> {
    await this.#all((worker) => worker.leave());
  }

  /** Kills the processes immediately. */
  kill(): void {
    for (const worker of this.#workers) worker.kill();
  }

  async #all(does: (worker: WorkerProcess, process: number) => Promise<void>): Promise<void> {
    await Promise.all(this.#workers.map(does));
  }
}

function readHistory(file: string): readonly Operation[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Operation);
}

/** Counts how often each operation was done or tried. */
const countsOf = (history: readonly Operation[]): ReadonlyMap<string, number> => tally(history, nameOf);

/** Counts how often the store failed, by operation and error code. */
export const failuresOf = (history: readonly Operation[]): ReadonlyMap<string, number> =>
  tally(history, ({ type, failed }) => failed && `${type} ${failed}`);

function tally(history: readonly Operation[], toName: (one: Operation) => string | null): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const one of history) {
    const name = toName(one);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
