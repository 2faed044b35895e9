import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'tsup';

/**
 * Every benchmark, each in a process of its own: `npm run bench`, or `npm run bench redis` for those with that in their
 * names. They print ratios within one run: machines are noisy, and absolute times are worth little.
 *
 * They are bundled as the package is: `tsx` names every closure when it is made, which costs more than many a check.
 */
const [wanted = ''] = process.argv.slice(2);
const own = basename(import.meta.filename);
const benches = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== own && file.includes(wanted))
  .sort();

const root = resolve(import.meta.dirname, '..');
// Within the package, so that its dependencies are found from there.
const cache = join(root, 'node_modules/.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'bench-'));
let failed = 0;
try {
  await build({
    entry: benches.map((file) => join(import.meta.dirname, file)),
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
  copyFileSync(join(import.meta.dirname, '../test/services/reaper.js'), join(folder, 'reaper.js'));
  for (const bench of benches.map((file) => file.replace(/\.ts$/, ''))) {
    console.log(`\n${bench}`);
    const bundle = join(folder, `${bench}.mjs`);
    const { status } = spawnSync(process.execPath, ['--expose-gc', bundle], { stdio: 'inherit', cwd: root });
    if (status !== 0) failed++;
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = failed === 0 && benches.length > 0 ? 0 : 1;
