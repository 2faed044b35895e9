/** Entry point of a contender's process. It runs a block of work on request and answers with the time. */
import { pathToFileURL } from 'node:url';
import type { Block, BlockTook, Prepared, Section, Work } from './section.ts';

const isPromise = (told: unknown): told is Promise<unknown> => typeof (told as { then?: unknown })?.then === 'function';

function mustPass(told: unknown): void {
  const verdict = told as { readonly ok?: unknown; readonly reason?: unknown } | null | undefined;
  if (verdict?.ok === false) throw new Error(`refused: ${verdict.reason}`);
}

async function run(work: Work, { from, count, inFlight }: Block): Promise<void> {
  let next = from;
  const worker = async (): Promise<void> => {
    while (next < from + count) {
      const told = work(next++);
      mustPass(isPromise(told) ? await told : told);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

async function measure(work: Work, block: Block): Promise<BlockTook> {
  // An unmeasured lead-in. It warms the processor's caches, which other contenders used, and renews memory older than 1
  // s.
  const { from, count } = block;
  const leadIn = Math.ceil(count / 8);
  await run(work, { ...block, count: leadIn });
  // Collects garbage before the measurement, so that a block does not pay for the block before it.
  gc?.({ type: 'minor', execution: 'sync' });
  const usage = process.cpuUsage();
  const began = performance.now();
  await run(work, { ...block, from: from + leadIn, count: count - leadIn });
  const wall = (performance.now() - began) * 1000;
  const { user, system } = process.cpuUsage(usage);
  return { wall: wall / (count - leadIn), processor: (user + system) / (count - leadIn) };
}

const [file = '', race = '', name = ''] = process.argv.slice(2);
const { default: section } = (await import(pathToFileURL(file).href)) as { default: Section };
const contender = section.races?.[Number(race)]?.contenders[name];
if (contender === undefined) throw new Error(`There is no contender ${name}.`);

process.once('message', async ({ shared }: { shared: unknown }) => {
  const made = await contender(shared);
  const prepared: Prepared = typeof made === 'function' ? { work: made } : made;
  const { work } = prepared;
  process.on('message', async (block: Block | 'stop') => {
    if (block !== 'stop') return process.send?.(await (work ? measure(work, block) : prepared.measure?.()));
    await prepared.stop?.();
    process.exit();
  });
  process.send?.('ready');
});
// The race was stopped.
process.once('disconnect', () => process.exit());
process.send?.('listening');
