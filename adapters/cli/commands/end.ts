import type { Command } from 'commander';
import { EXIT } from '../errors.ts';
import { type AttributionOptions, addAttributionOptions, attributionOf, auditOf } from '../options.ts';
import { realmsHint } from '../realms.ts';
import { since } from '../revoke-scope.ts';
import { unshielded } from '../session-id.ts';
import { type Cli, type Task, works } from '../task.ts';

interface EndOptions extends AttributionOptions {
  readonly user: string;
  readonly account?: string;
  readonly dryRun: boolean;
}

export function addEnd(program: Command, cli: Cli): void {
  const command = program
    .command('end')
    .summary('end one session')
    .description(
      'Ends one session of a user, by its id. If the user has no such live session, does nothing and exits with code 1.',
    )
    .argument('<id>', 'the id of the session, as `list` shows it')
    .requiredOption('--user <id>', 'the user of the session')
    .option('--account <id>', 'only if the session is in this account')
    .option('--dry-run', 'only tell whether the session exists', false);
  addAttributionOptions(command).addHelpText(
    'after',
    '\nExample:\n  $ session-revocation end q2kq0FJm3tS1xkV0r9Zb8w --user ann --reason laptop-lost',
  );
  works(command, cli, end);
}

async function end(task: Task<EndOptions>, word = ''): Promise<number> {
  const id = unshielded(word);
  const { user, account, dryRun, realm } = task.options;
  const sessions = await task.sessions({ audit: auditOf(task.options) });
  const { ended, effectiveWithin } = await sessions.end(id, { user, account, dryRun, ...attributionOf(task.options) });
  const where = `${account === undefined ? '' : ` in account ${account}`} of the realm ${realm}`;
  const whose = `session ${id} of user ${user}${where}`;
  task.out.answer({ realm, ended: ended && !dryRun, ...(dryRun ? { wouldEnd: ended } : {}), effectiveWithin }, () => {
    if (!ended) return [`Nothing was done: there is no live ${whose}.`];
    return [dryRun ? `This would end ${whose}.` : `Ended ${whose}: no process accepts it ${since(effectiveWithin)}.`];
  });
  if (ended) return EXIT.done;
  const message = `no live session was covered: ${whose}`;
  task.out.warn({ code: 'NONE_COVERED', message, advice: await realmsHint(task) });
  return EXIT.failed;
}
