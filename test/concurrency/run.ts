/**
 * Tests stores with several processes:
 * `tsx test/concurrency/run.ts [--seconds 30] [--processes 4] [--seed n]
 * [--stores sqlite,postgres,mysql,redis,redis-cluster] [--idle]`.
 * With `--idle`, sessions expire after 300 ms. The exit code is 1 if a law is broken.
 */
import { parseArgs } from 'node:util';
import { stopServices } from '../services/index.ts';
import { clearPlace, type EngineName, engineNames, findPlace } from '../services/stores.ts';
import { Crew, type Report } from './crew.ts';

const MAX_TOLD = 20;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    processes: { type: 'string', default: '4' },
    stores: { type: 'string', default: engineNames.join(',') },
    idle: { type: 'boolean', default: false },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
  },
});
const engines = values.stores.split(',').map((name): EngineName => {
  const engine = engineNames.find((one) => one === name);
  if (engine === undefined) throw new TypeError(`there is no store ${name}; there are ${engineNames.join(', ')}`);
  return engine;
});
const options = { seconds: positive('seconds'), seed: positive('seed'), idle: values.idle };
const processes = positive('processes');
const crew = new Crew(processes);

function positive(name: 'seconds' | 'processes' | 'seed'): number {
  const value = Number(values[name]);
  if (!(value > 0)) throw new TypeError(`--${name} must be a positive number`);
  return value;
}

const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'none';

function tell(engine: EngineName, { violations, counts, failures }: Report): void {
  process.stdout.write(
    `${engine}: ${listed(counts)}; failed: ${listed(failures)}; broken laws: ${violations.length}\n`,
  );
  for (const { kind, text } of violations.slice(0, MAX_TOLD)) process.stdout.write(`  ${kind}: ${text}\n`);
}

process.stdout.write(`${processes} processes, ${options.seconds} s each store, seed ${options.seed}\n`);
try {
  for (const engine of engines) {
    const place = await findPlace(engine);
    if (place === null) continue;
    try {
      const report = await crew.tryPlace(place, options);
      tell(engine, report);
      if (report.violations.length > 0) process.exitCode = 1;
    } finally {
      await clearPlace(place);
    }
  }
  await crew.leave();
} finally {
  crew.kill();
  await stopServices();
}
