/**
 * Puts faults into the files of a room, one at a time, and tells which of them no test notices:
 * `npm run mutate -- src/model src/operations/within.ts [--most 30] [--seed 7]`. For each file or folder named, it tries `most`
 * faults, chosen by the seed. It works on a copy of the tree. A fault that changes nothing survives too: look at each survivor.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutant, mutantsOf } from './mutants.ts';
import { testsOf } from './rooms.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** A mutant may run for ever. So long a run may take, in times of the one without a mutant and in ms beside. */
const [TIMES, BESIDE] = [5, 60_000];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { most: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } },
});
const rooms = positionals.map((path) => relative(ROOT, resolve(path)));
if (rooms.length === 0) throw new Error('name a file or a folder, such as src/operations/within.ts or src/model');

/** A few of them, by the seed. */
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

/** Whether the tests pass in the copy. */
async function passes(tests: readonly string[], limit: number = 2 ** 31 - 1): Promise<boolean> {
  const command = ['vitest', 'run', '--bail', '1', '--reporter', 'dot', ...tests];
  const child = spawn('npx', command, { cwd: copy, stdio: 'ignore', detached: true });
  // With its workers: one that runs for ever heeds no signal.
  const timer = setTimeout(() => process.kill(-(child.pid ?? process.pid), 'SIGKILL'), limit);
  const [status] = await once(child, 'exit');
  clearTimeout(timer);
  return status === 0;
}

interface Turn {
  readonly tests: readonly string[];
  /** In ms; `null` until the tests ran without a mutant. */
  limit: number | null;
}

/** The tests that are run in a turn, by their names, so that each turn is timed once. */
const turns = new Map<string, Turn>();

function turnsOf(file: string): Turn[] {
  return testsOf(file).map((tests) => {
    const name = tests.join(' ');
    const turn = turns.get(name) ?? { tests, limit: null };
    turns.set(name, turn);
    return turn;
  });
}

/** Runs the tests without a mutant: they must pass, and the run tells how long they take. */
async function limitOf({ tests }: Turn): Promise<number> {
  const began = performance.now();
  if (!(await passes(tests))) throw new Error(`${tests.join(' ')}: one fails without any mutant`);
  return (performance.now() - began) * TIMES + BESIDE;
}

/** Tells whether a test of the file notices the mutant. */
async function isNoticed(file: string, source: string, { start, end, text }: Mutant): Promise<boolean> {
  for (const turn of turnsOf(file)) {
    turn.limit ??= await limitOf(turn);
    writeFileSync(join(copy, file), source.slice(0, start) + text + source.slice(end));
    const passed = await passes(turn.tests, turn.limit);
    writeFileSync(join(copy, file), source);
    if (!passed) return true;
  }
  return false;
}

/** The sources of a room: of a folder, or one file. */
function sourcesIn(room: string): string[] {
  if (statSync(join(copy, room)).isFile()) return [room];
  const inside = readdirSync(join(copy, room), { recursive: true, encoding: 'utf8' });
  return inside.filter((file) => file.endsWith('.ts')).map((file) => join(room, file));
}

/** Tells what the tests of a room do not notice, and how much they do. */
async function mutate(room: string): Promise<void> {
  const all = sourcesIn(room).flatMap((file) => {
    const source = readFileSync(join(copy, file), 'utf8');
    return mutantsOf(file, source).map((mutant) => ({ file, source, mutant }));
  });
  const chosen = some(all, Number(values.most), Number(values.seed));
  let noticed = 0;
  for (const { file, source, mutant } of chosen) {
    if (await isNoticed(file, source, mutant)) {
      noticed++;
      continue;
    }
    const { line, start, end, text } = mutant;
    const [before, after] = [source.slice(start, end), text].map((each) => each.replace(/\s+/g, ' ').slice(0, 90));
    console.log(`${file}:${line}  ${before}  →  ${after}`);
  }
  const share = Math.round((100 * noticed) / Math.max(chosen.length, 1));
  console.log(`${room}: ${noticed} of ${chosen.length} noticed (${share} %), of ${all.length} that there are`);
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
  for (const room of rooms) await mutate(room);
} finally {
  rmSync(copy, { recursive: true });
}
