/**
 * `npm run bench` measures every section except `growth`, which takes most of an hour. `npm run bench check stores`
 * measures those two. Each section runs in its own processes.
 *
 * - `--report` writes docs/benchmarks.md. It skips sections that already have a result of this commit, so it can be
 *   stopped and called again. `--again` measures them all.
 * - `--json` prints the results as JSON.
 * - `--only <text>` runs the races whose titles contain the text, and saves nothing.
 *
 * The sections are bundled like the package. `tsx` would set the name of each closure at run time, which can cost more
 * than a check.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'tsup';
import { writeReport } from './harness/report.ts';
import { commit, readResult } from './harness/results.ts';

/** In the order of the report. */
const SECTIONS = [
  ...['check', 'stores', 'http', 'freshness', 'revocations', 'operations', 'jwt', 'pruning', 'growth', 'sizes', 'ui'],
];
/** Sections that take most of an hour. They run only when they are named. */
const LONG = ['growth'];

const { values: wants, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    report: { type: 'boolean' },
    again: { type: 'boolean' },
    json: { type: 'boolean' },
    only: { type: 'string' },
  },
});
const unknown = positionals.filter((name) => !SECTIONS.includes(name));
if (unknown.length > 0)
  throw new Error(`There is no section ${unknown.join(', ')}. There are: ${SECTIONS.join(', ')}.`);

const root = resolve(import.meta.dirname, '..');
process.chdir(root);
const isMeasured = (name: string): boolean => readResult(name)?.commit === commit();
const names = (positionals.length > 0 ? positionals : SECTIONS.filter((name) => !LONG.includes(name))).filter(
  (name) => !wants.report || wants.again || !isMeasured(name),
);

// The folder is inside the project, so that imports of dependencies resolve.
const cache = join(root, 'node_modules/.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'bench-'));
let failed = 0;
try {
  const own = ['contender', 'section-process'].map((name) => [name, join(root, `bench/harness/${name}.ts`)]);
  const sections = SECTIONS.map((name) => [name, join(root, `bench/sections/${name}.ts`)]);
  await build({
    entry: Object.fromEntries([...own, ...sections]),
    outDir: folder,
    format: 'esm',
    target: 'node20.19',
    // Bundles only the project's own code. Other packages stay imports.
    external: [/^(?!session-revocation|[./])/],
    removeNodeProtocol: false,
    config: false,
    silent: true,
    outExtension: () => ({ js: '.mjs' }),
  });
  // The code that starts private servers expects `reaper.js` in its own folder.
  copyFileSync(join(root, 'test/services/reaper.js'), join(folder, 'reaper.js'));
  for (const name of names) {
    const output = wants.json ? 'ignore' : 'inherit';
    const args = [
      '--expose-gc',
      '--disable-warning=SESSION_STORE_LOSS_ON_RESTART',
      join(folder, 'section-process.mjs'),
      join(folder, `${name}.mjs`),
      name,
      wants.only ?? '',
    ];
    const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', output, 'inherit'] });
    if (status !== 0) failed++;
    else if (wants.json && wants.only === undefined) console.log(JSON.stringify(readResult(name)));
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (wants.report) writeReport(SECTIONS.flatMap((name) => readResult(name) ?? []));
process.exitCode = failed === 0 ? 0 : 1;
