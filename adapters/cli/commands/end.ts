import type { Command } from 'commander';
import { EXIT } from '../errors.ts';
import { type AttributionOptions, addAttributionOptions, attributionOf, auditOf } from '../options.ts';
import { realmsHint } from '../realms.ts';
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
      'Ends one session of a user, by its id. Exit code 1 where the user has no such living session: ' +
        'nothing is done then.',
    )
    .argument('<id>', 'the id of the session, as `list` tells it')
    .requiredOption('--user <id>', 'whose session it is')
    .option('--account <id>', 'only if it is in this account')
    .option('--dry-run', 'only tell whether there is such a session', false);
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
    if (!ended) return [`Nothing was done: there is no living ${whose}.`];
    return [dryRun ? `This would end ${whose}.` : `Ended ${whose}.`];
  });
  if (ended) return EXIT.done;
  const message = `no living session was covered: ${whose}`;
  task.out.warn({ code: 'NONE_COVERED', message, advice: await realmsHint(task) });
  return EXIT.failed;
}
