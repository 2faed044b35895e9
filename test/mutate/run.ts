/**
 * Puts faults into source files, one at a time, and reports the faults that no test notices.
 *
 *   npm run mutate -- src/model src/operations/within.ts [--most 30] [--seed 7] [--seconds 60]
 *     [--tests test/frameworks/express]
 *
 * It tries `most` faults for each named file or folder. The seed selects them. For each fault, it runs the tests that
 * reach it: the test of the file first, then those of its folder, then the others, each from the quickest on. It runs
 * tests of at most `seconds` in total, and stops at the first failure. It works on a copy of the tree. A fault that
 * does not change the behaviour survives too, so check each survivor by hand.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Mutant, mutantsOf, withProbes } from './mutants.ts';
import { testsOf } from './rooms.ts';
import type { Order, Outcome } from './warm.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** A mutant may loop forever. The time limit is the duration without a mutant times `TIMES`, plus `BESIDE` ms. */
const [TIMES, BESIDE] = [3, 20_000];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    most: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: 'Infinity' },
    tests: { type: 'string', multiple: true },
  },
});
const rooms = positionals.map((path) => relative(ROOT, resolve(path)));
if (rooms.length === 0) throw new Error('name a file or a folder, such as src/operations/within.ts or src/model');

/** A mutant to try. */
interface Trial {
  readonly file: string;
  readonly source: string;
  readonly mutant: Mutant;
}

/** Selects some elements by the seed. */
function some<T>(all: readonly T[], most: number, seed: number): T[] {
  let state = seed;
  const keyed = all.map((one) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return { one, key: state };
  });
  keyed.sort((one, other) => one.key - other.key);
  return keyed.slice(0, most).map(({ one }) => one);
}

const copy = mkdtempSync(join(tmpdir(), 'mutate-'));
const notes = join(copy, 'notes');

/** Starts Vitest in a process and process group of its own, because only SIGKILL stops a test that loops forever. */
async function start(config: string): Promise<ChildProcess> {
  // Some faults fail only tests of files that an ordinary run leaves out.
  const env = { ALL_FILES: '1', ...process.env, MUTATE_NOTES: notes };
  const child = fork(join(copy, 'test/mutate/warm.ts'), [config], {
    cwd: copy,
    detached: true,
    env,
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

function kill({ pid, exitCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGKILL');
}

/** Runs the tests. Returns `null` if they exceed `limit` ms or end the process. */
async function ask(child: ChildProcess, order: Order, limit: number): Promise<Outcome | null> {
  const stop = new AbortController();
  const { signal } = stop;
  child.send(order);
  const outcome = await Promise.race([
    once(child, 'message', { signal }).then(([answer]) => answer as Outcome),
    once(child, 'exit', { signal }).then(() => null),
    delay(limit, null, { signal }),
  ]);
  stop.abort();
  return outcome;
}

let warm: ChildProcess | null = null;
/** Path of the last mutated file. It has its original text again. */
let last = '';

/** Number of mutants that were noticed only by the time limit. */
let late = 0;

/** Returns whether the tests fail with this mutant. */
async function isNoticed({ file, source, mutant }: Trial, tests: readonly string[], limit: number): Promise<boolean> {
  const path = join(copy, file);
  warm ??= await start('vitest.config.ts');
  writeFileSync(path, source.slice(0, mutant.start) + mutant.text + source.slice(mutant.end));
  const outcome = await ask(warm, { tests, changed: [path, last] }, limit);
  writeFileSync(path, source);
  last = path;
  if (outcome === null) {
    late++;
    kill(warm);
    warm = null;
  }
  return outcome === null || !outcome.passed;
}

/** A test file, its duration in ms, and the mutants that it reaches. */
interface Test {
  readonly path: string;
  readonly time: number;
  readonly reached: ReadonlySet<number>;
}

/** Runs the tests once without a mutant. A test that fails here is left out, because its failures prove nothing. */
async function measure(trials: readonly Trial[]): Promise<Test[]> {
  mkdirSync(notes, { recursive: true });
  const sources = new Map(trials.map(({ file, source }) => [file, source]));
  for (const [file, source] of sources) {
    const places = trials.flatMap((trial, place) => (trial.file === file ? [{ ...trial.mutant, place }] : []));
    writeFileSync(join(copy, file), withProbes(source, places, join(copy, 'test/mutate/reach.ts')));
  }
  const child = await start('test/mutate/vitest.config.ts');
  const tests = values.tests ?? [...new Set(trials.flatMap(({ file }) => testsOf(file)))];
  const outcome = await ask(child, { tests, changed: [] }, 2 ** 31 - 1);
  kill(child);
  for (const [file, source] of sources) writeFileSync(join(copy, file), source);
  if (outcome === null) throw new Error(`${tests.join(' ')}: the tests end their process without any mutant`);
  for (const test of outcome.failed) console.log(`${relative(copy, test)} is left out: it fails without any mutant`);
  const noted = new Set(readdirSync(notes));
  console.log(`${Object.keys(outcome.times).length} files of tests`);
  const measured = Object.entries(outcome.times)
    .filter(([path]) => !outcome.failed.includes(path))
    .map(([path, time]) => {
      const name = encodeURIComponent(path);
      const lines = noted.has(name) ? readFileSync(join(notes, name), 'utf8').trim().split('\n') : [];
      return { path, time, reached: new Set(lines.map(Number)) };
    });
  rmSync(notes, { recursive: true });
  return measured;
}

/** Returns the source files of a folder, or the file itself. */
function sourcesIn(room: string): string[] {
  if (statSync(join(copy, room)).isFile()) return [room];
  const inside = readdirSync(join(copy, room), { recursive: true, encoding: 'utf8' });
  return inside.filter((file) => file.endsWith('.ts')).map((file) => join(room, file));
}

/**
 * Ranks a test file by its distance from a source: 0 for the source's own test, 1 for a test of its folder, 2 for
 * others.
 */
function distance(test: string, file: string): number {
  const beside = join(copy, 'test', dirname(file));
  if (test === join(beside, `${basename(file, '.ts')}.test.ts`)) return 0;
  return test.startsWith(`${beside}/`) ? 1 : 2;
}

/** Returns the tests that reach a mutant, the nearest and quickest first, limited to `seconds` in total. */
function testsAt(place: number, file: string, tests: readonly Test[]): Test[] {
  const near = tests
    .filter(({ reached }) => reached.has(place))
    .sort((one, two) => distance(one.path, file) - distance(two.path, file) || one.time - two.time);
  let time = 0;
  return near.filter((test, at) => {
    const fits = at === 0 || time + test.time <= Number(values.seconds) * 1_000;
    if (fits) time += test.time;
    return fits;
  });
}

/** A folder or file, its number of mutants, and the mutants to try. */
interface Sample {
  readonly room: string;
  readonly there: number;
  readonly trials: readonly Trial[];
}

function sampleOf(room: string): Sample {
  const all = sourcesIn(room).flatMap((file) => {
    const source = readFileSync(join(copy, file), 'utf8');
    return mutantsOf(file, source).map((mutant) => ({ file, source, mutant }));
  });
  return { room, there: all.length, trials: some(all, Number(values.most), Number(values.seed)) };
}

const shown = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 90);

/** Tries the mutants of a sample. Prints each survivor and the share of noticed mutants. */
async function mutate({ room, there, trials }: Sample, first: number, tests: readonly Test[]): Promise<void> {
  let noticed = 0;
  late = 0;
  for (const [at, trial] of trials.entries()) {
    const { file, source, mutant } = trial;
    const chosen = testsAt(first + at, file, tests);
    const time = chosen.reduce((sum, test) => sum + test.time, 0);
    const paths = chosen.map(({ path }) => path);
    if (paths.length > 0 && (await isNoticed(trial, paths, time * TIMES + BESIDE))) {
      noticed++;
      continue;
    }
    const reaching = tests.filter(({ reached }) => reached.has(first + at)).length;
    const change = `${shown(source.slice(mutant.start, mutant.end))}  →  ${shown(mutant.text)}`;
    console.log(`${file}:${mutant.line}  ${change}  (${paths.length} of ${reaching} files of tests)`);
  }
  const share = Math.round((100 * noticed) / Math.max(trials.length, 1));
  console.log(
    `${room}: ${noticed} of ${trials.length} noticed (${share} %; ${late} by the time limit), of ${there} that there are`,
  );
}

try {
  for (const part of [
    'src',
    'adapters',
    'test',
    'examples',
    'docs',
    'package.json',
    'tsconfig.json',
    'vitest.config.ts',
  ]) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const samples = rooms.map(sampleOf);
  const tests = await measure(samples.flatMap(({ trials }) => trials));
  let first = 0;
  for (const sample of samples) {
    await mutate(sample, first, tests);
    first += sample.trials.length;
  }
} finally {
  if (warm !== null) kill(warm);
  rmSync(copy, { recursive: true });
}
