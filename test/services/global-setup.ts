import { notice } from '../ci-only.ts';
import { openBroker } from './broker.ts';
import { stopServices } from './index.ts';

/**
 * Starts a broker before a run of Vitest. After the run, stops the servers that were started and reports missing
 * services.
 */
export default async function setup(): Promise<() => Promise<void>> {
  if (notice !== null) process.stderr.write(notice);
  const broker = await openBroker();
  return async () => {
    const missing = await broker.missing();
    await broker.close();
    await stopServices();
    for (const one of missing) process.stderr.write(`SKIPPED: ${one}\n`);
  };
}
