import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * Every benchmark, each in a process of its own: `npm run bench`, or `npm run bench sqlite` for those of that name.
 * They print ratios within one run: machines are noisy, and absolute times are worth little.
 */
const [wanted = ''] = process.argv.slice(2);
const own = basename(import.meta.filename);
const benches = readdirSync(import.meta.dirname).filter((file) => file !== own && file.includes(wanted));

let failed = 0;
for (const bench of benches.sort()) {
  console.log(`\n${bench.replace(/\.ts$/, '')}`);
  const { status } = spawnSync(
    process.execPath,
    ['--expose-gc', ...process.execArgv, join(import.meta.dirname, bench)],
    {
      stdio: 'inherit',
    },
  );
  if (status !== 0) failed++;
}
process.exitCode = failed === 0 && benches.length > 0 ? 0 : 1;
