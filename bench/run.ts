/**
 * `npm run bench` measures every section, `npm run bench check stores` those, each in processes of their own.
 *
 * - `--report` writes docs/benchmarks.md. It measures only the sections without a result of this commit, so it can be stopped and
 *   called again. `--again` measures them anew.
 * - `--json` prints the results as JSON.
 * - `--only <text>` runs the races whose titles contain the text, and saves nothing.
 *
 * The sections are bundled as the package is: `tsx` names each closure when it is made, which costs more than many a check.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'tsup';
import { writeReport } from './harness/report.ts';
import { commit, readResult } from './harness/results.ts';

/** In the order of the report. */
const SECTIONS = ['check', 'stores', 'http', 'freshness', 'revocations', 'operations', 'jwt', 'pruning', 'sizes', 'ui'];

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
const names = (positionals.length > 0 ? positionals : SECTIONS).filter(
  (name) => !wants.report || wants.again || !isMeasured(name),
);

// Inside the project, so that its dependencies are found from there.
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
    // All that is not ours is imported as it is.
    external: [/^(?!session-revocation|[./])/],
    removeNodeProtocol: false,
    config: false,
    silent: true,
    outExtension: () => ({ js: '.mjs' }),
  });
  // Private servers look for it beside them.
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
