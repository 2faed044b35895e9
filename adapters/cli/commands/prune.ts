import type { Command } from 'commander';
import type { PruneResult } from '../../../src/index.ts';
import { durationOption } from '../options.ts';
import { counted } from '../output.ts';
import { type Cli, type Task, works } from '../task.ts';

interface PruneOptions {
  readonly retention: number;
}

export function addPrune(program: Command, cli: Cli): void {
  const command = program
    .command('prune')
    .summary('remove sessions and records that ended long ago')
    .description(
      'Removes sessions that ended before the retention, records that are no longer needed, and entries of the audit ' +
        'log whose time is up, with their undelivered messages. It works in small batches, so that other queries are not held up. Several processes may ' +
        'prune at once, and you may interrupt it.',
    )
    .addOption(
      durationOption('--retention <duration>', 'how long ended sessions stay listed; the app’s option of that name', {
        min: 3600e3,
      }).default(7 * 86400e3, '7d'),
    )
    .addHelpText(
      'after',
      '\nIt prunes all realms that share the store. Each entry of the audit log has its own retention.\n' +
        '\nExample:\n  $ session-revocation prune --retention 30d',
    );
  works(command, cli, prune);
}

async function prune(task: Task<PruneOptions>): Promise<void> {
  const { options, out } = task;
  const began = performance.now();
  let batches = 0;
  const progress = (soFar: PruneResult): void => {
    batches++;
    out.progress(`${counted(batches, 'batch', 'batches')}: ${removed(soFar)} …`);
  };
  const sessions = await task.sessions({ retention: options.retention });
  const result = await sessions.prune({ progress }).finally(() => out.progress(''));
  const ms = Math.round(performance.now() - began);
  out.answer({ ...result, batches, ms }, () => [`Pruned ${removed(result)} of all realms of the store in ${ms} ms.`]);
}

const removed = ({ sessions, epochs, entries, messages }: PruneResult): string =>
  [
    counted(sessions, 'session'),
    counted(epochs, 'record'),
    counted(entries, 'audit entry', 'audit entries'),
    ...(messages === 0 ? [] : [counted(messages, 'undelivered message')]),
  ].join(', ');
