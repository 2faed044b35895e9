import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { adapterHandle } from '../../../src/adapter.ts';
import { durationOption } from '../options.ts';
import { since } from '../revoke-scope.ts';
import { type Cli, type Task, works } from '../task.ts';

interface LowerOptions {
  readonly to: number;
}

export function addFreshness(program: Command, cli: Cli): void {
  const freshness = program
    .command('freshness')
    .summary('show or lower the time after which revocations are in force: `freshness show`, `freshness lower`')
    .description(
      'With the option freshness, processes accept from memory for a stated time. The highest one of all processes is ' +
        'noted in the realm, and stays there after the process has ended.',
    );

  const show = freshness
    .command('show')
    .description('Shows after which time a revocation is in force in every process.')
    .addHelpText('after', '\nExample:\n  $ session-revocation freshness show');
  works(show, cli, showFreshness);

  const lower = freshness
    .command('lower')
    .description(
      'Lowers that time, once no process of the app has a higher maxStaleness. It waits for the old time. If it is ' +
        'interrupted, repeat it: until then, processes remember for the shorter time, and results tell the longer one. ' +
        'A process that starts with a higher maxStaleness raises it again.',
    )
    .addOption(
      durationOption('--to <duration>', 'the highest maxStaleness of the app now; 0 if no process has the option', {
        min: 0,
        max: 300e3,
      }).makeOptionMandatory(),
    )
    .addHelpText('after', '\nExample:\n  $ session-revocation freshness lower --to 1s');
  works(lower, cli, lowerFreshness);
}

async function showFreshness(task: Task): Promise<void> {
  const { realm } = task.options;
  const { maxStaleness, lowering } = await adapterHandle(await task.sessions()).statedStaleness();
  task.out.answer({ realm, maxStaleness, lowering }, () => [
    `In the realm ${realm}, a revocation is in force ${inForce(maxStaleness)}.`,
    ...(lowering === null ? [] : [`It is being lowered to ${lowering} ms. If that was interrupted, repeat it.`]),
  ]);
}

async function lowerFreshness(task: Task<LowerOptions>): Promise<void> {
  const { realm, to } = task.options;
  const sessions = await task.sessions();
  const { before, maxStaleness } = await adapterHandle(sessions).lowerStaleness(to, async (ms) => {
    task.out.progress(`waiting ${Math.ceil(ms / 1_000)} s for what processes remember now …`);
    await wait(ms);
    task.out.progress('');
  });
  const changed = maxStaleness !== before;
  task.out.answer({ realm, changed, before, maxStaleness }, () => [
    `${changed ? `Lowered from ${before} ms to ${maxStaleness} ms` : 'No change'}: in the realm ${realm}, a revocation is in force ${inForce(maxStaleness)}.`,
  ]);
}

const inForce = (maxStaleness: number): string =>
  maxStaleness === 0 ? 'at once, in every process' : `in every process ${since(maxStaleness)}`;
