import { notice } from '../ci-only.ts';
import { openBroker } from './broker.ts';
import { stopServices } from './index.ts';

/** For a run of Vitest: a broker before it; after it, the end of what was started, and a word of what was missing. */
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
