import type { Command } from 'commander';
import type { IdleScope } from '../../../src/adapter.ts';
import type { EndIdleResult, WouldEnd } from '../../../src/index.ts';
import { confirm, needsTerminal, previewOf } from '../confirm.ts';
import { reportNone } from '../coverage.ts';
import { EXIT } from '../errors.ts';
import {
  type AttributionOptions,
  addAttributionOptions,
  addExpectOption,
  attributionOf,
  auditOf,
  durationOption,
  type ExpectOptions,
} from '../options.ts';
import { counted } from '../output.ts';
import { targetOf } from '../scope.ts';
import { type Cli, type Task, works } from '../task.ts';

/** In ms. Stores record the last use of a session to about a minute. */
const MINUTE = 60e3;

interface EndIdleOptions extends AttributionOptions, ExpectOptions {
  readonly user?: string;
  readonly account?: string;
  readonly idleFor: number;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

export function addEndIdle(program: Command, cli: Cli): void {
  const command = program
    .command('end-idle')
    .summary('end the sessions that have been idle for long')
    .description(
      'Ends, one by one, the live sessions of an account, of a user, or of a user within an account that have been idle ' +
        'for the given time. For an account it shows the sessions and asks. Without a terminal it refuses, unless ' +
        '--yes is given. You may interrupt it.',
    )
    .option('--user <id>', 'a user; with --account, only within that account')
    .option('--account <id>', 'an account: all its users')
    .addOption(
      durationOption('--idle-for <duration>', 'end sessions that were not used for this time, such as 30d', {
        min: MINUTE,
      }).makeOptionMandatory(),
    )
    .option('--dry-run', 'only show the sessions that would end', false)
    .option('--yes', 'do not ask', false);
  addExpectOption(command, 'it ends no session');
  addAttributionOptions(command).addHelpText(
    'after',
    '\nThe last use is known to about a minute. Without --reason, the reason is idle.\n' +
      '\nExamples:\n' +
      '  $ session-revocation end-idle --account acme --idle-for 90d --dry-run\n' +
      '  $ session-revocation end-idle --account acme --idle-for 90d --yes --by cron',
  );
  works(command, cli, endIdle);
}

async function endIdle(task: Task<EndIdleOptions>): Promise<number> {
  const { options, out, terminal } = task;
  const { user, account, idleFor: unusedFor, dryRun, realm } = options;
  const target = targetOf(scopeOf(user, account), realm);
  const scope = { ...scopeOf(user, account), unusedFor } as IdleScope;
  const typed = options.yes || dryRun ? null : target.typed;
  if (typed !== null) needsTerminal(`${target.name} has several users`, terminal);
  const sessions = await task.sessions({ audit: auditOf(options) });
  const ask = (dry: boolean): Promise<EndIdleResult> =>
    sessions.endIdle(scope, { ...attributionOf(options), dryRun: dry });
  if (typed !== null) await confirm(typed, previewOf(target.name, preview(await ask(true)), out), terminal, out);

  const result = await ask(dryRun);
  const { ended, wouldEnd } = result;
  out.answer({ realm, ...result }, () =>
    wouldEnd === null
      ? [`Ended ${counted(ended, 'session')} of ${target.name}.`]
      : previewOf(target.name, wouldEnd, out, Number.POSITIVE_INFINITY),
  );
  if ((wouldEnd?.sessions.length ?? ended) > 0) return EXIT.done;
  // No idle session is a normal result, unless there is no live session at all.
  const live = await sessions.revoke(target.scope, { kinds: 'all', dryRun: true });
  const isEmpty = 'wouldEnd' in live && live.wouldEnd.sessions.length === 0;
  if (isEmpty) return reportNone(task, `there is no live session: ${target.name}`);
  return options.expectSome
    ? reportNone(task, `no live session has been idle for this time: ${target.name}`)
    : EXIT.done;
}

const scopeOf = (user: string | undefined, account: string | undefined): { user?: string; account?: string } => ({
  ...(user === undefined ? {} : { user }),
  ...(account === undefined ? {} : { account }),
});

const preview = ({ wouldEnd }: EndIdleResult): WouldEnd => wouldEnd ?? { sessions: [], more: false };
