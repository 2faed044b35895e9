import type { Command } from 'commander';
import type { ListedSession, ListResult } from '../../../src/index.ts';
import { adviceLine } from '../errors.ts';
import { addPageOptions, type PageOptions } from '../options.ts';
import { printPages } from '../pages.ts';
import { realmsHint } from '../realms.ts';
import { sessionColumns } from '../session-columns.ts';
import { type Cli, type Task, works } from '../task.ts';

interface ListOptions extends PageOptions {
  readonly user: string;
  readonly account?: string;
  readonly ended: boolean;
}

export function addList(program: Command, cli: Cli): void {
  const command = program
    .command('list')
    .summary("a user's sessions")
    .description(
      'Lists the live sessions of a user, youngest first. The first column is the id for `end`, which is not a secret.',
    )
    .requiredOption('--user <id>', 'the user')
    .option('--account <id>', 'only sessions in this account')
    .option('--ended', 'also list ended sessions, with the reason, until they are pruned', false);
  addPageOptions(command, 'sessions').addHelpText(
    'after',
    '\nExample:\n  $ session-revocation list --user ann --account acme --ended',
  );
  works(command, cli, list);
}

async function list(task: Task<ListOptions>): Promise<void> {
  const { user, account, ended, realm } = task.options;
  const where = account === undefined ? '' : ` in account ${account}`;
  const sessions = await task.sessions();
  await printPages<ListedSession, ListResult>(task, {
    ask: (page) => sessions.list({ user, account }, { ...page, ended }),
    pageOf: (answer) => ({ rows: answer.sessions, cursor: answer.cursor }),
    columns: sessionColumns(Date.now(), { account: account === undefined, ended }),
    none: async () => [
      `user ${user} has no ${ended ? '' : 'live '}sessions${where} in the realm ${realm}.`,
      adviceLine(await realmsHint(task)),
    ],
  });
}
