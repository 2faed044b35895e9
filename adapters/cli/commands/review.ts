import type { Command } from 'commander';
import type { Review, ReviewedMember } from '../../../src/index.ts';
import { adviceLine } from '../errors.ts';
import { addPageOptions, durationOption, type PageOptions } from '../options.ts';
import { printPages } from '../pages.ts';
import { realmsHint } from '../realms.ts';
import type { Column } from '../table.ts';
import { type Cli, type Task, works } from '../task.ts';
import { relativeTime, timeCell } from '../times.ts';

interface ReviewOptions extends PageOptions {
  readonly account: string;
  readonly idleFor: number;
}

export function addReview(program: Command, cli: Cli): void {
  const command = program
    .command('review')
    .summary('list the signed-in members of an account: sessions, second factors, idle sessions, shared devices')
    .description(
      'Lists the members of an account who have live sessions: how many, how many of them idle, whether each was started ' +
        'with two factors, and the devices that several members are signed in on.',
    )
    .requiredOption('--account <id>', 'the account')
    .addOption(
      durationOption('--idle-for <duration>', 'a session is idle if it was not used for this time').default(
        30 * 86400e3,
        '30d',
      ),
    );
  addPageOptions(command, 'members').addHelpText(
    'after',
    '\nShared devices are found among the members of one page.\n' +
      '\nExample:\n  $ session-revocation review --account acme --idle-for 14d',
  );
  works(command, cli, review);
}

async function review(task: Task<ReviewOptions>): Promise<void> {
  const { account, idleFor, realm } = task.options;
  const sessions = await task.sessions();
  await printPages<ReviewedMember, Review>(task, {
    ask: (page) => sessions.review({ account, idleFor, ...page }),
    pageOf: ({ members, cursor }) => ({ rows: members, cursor }),
    columns: columns(Date.now()),
    none: async () => [
      `no user is signed in to account ${account} in the realm ${realm}.`,
      adviceLine(await realmsHint(task)),
    ],
    below: ({ sharedDevices }) =>
      sharedDevices.map(
        ({ label, ip, users }) => `shared: ${label}${ip === null ? '' : ` at ${ip}`}: ${users.join(', ')}`,
      ),
    linesOf: ({ members, sharedDevices }) => [
      ...members.map((member) => ({ member })),
      ...sharedDevices.map((sharedDevice) => ({ sharedDevice })),
    ],
  });
}

function columns(now: number): readonly Column<ReviewedMember>[] {
  const lastUse = ({ sessions }: ReviewedMember): number => Math.max(...sessions.map(({ lastUsedAt }) => lastUsedAt));
  return [
    { title: 'USER', cell: ({ user }) => user },
    { title: 'SESSIONS', cell: ({ sessions }) => String(sessions.length) },
    { title: 'IDLE', cell: ({ sessions }) => String(sessions.filter(({ idle }) => idle).length) },
    { title: 'TWO FACTORS', cell: ({ secondFactor }) => (secondFactor ? 'yes' : 'no') },
    {
      title: 'LAST USED',
      cell: (member) => timeCell(lastUse(member), now),
      short: (member) => relativeTime(lastUse(member), now),
    },
    {
      title: 'DEVICES',
      cell: ({ sessions }) => [...new Set(sessions.map(({ device }) => device.label))].join(', '),
      cut: true,
    },
  ];
}
