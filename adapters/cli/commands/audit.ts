import type { Command } from 'commander';
import type { Json } from '../../../src/adapter.ts';
import type { AuditEntry, AuditResult } from '../../../src/index.ts';
import { addPageOptions, listOption, type PageOptions, timeOption } from '../options.ts';
import { printPages } from '../pages.ts';
import type { Column } from '../table.ts';
import { type Cli, type Task, works } from '../task.ts';
import { localTime, relativeTime } from '../times.ts';

interface AuditOptions extends PageOptions {
  readonly user?: string;
  readonly account?: string;
  readonly by?: string;
  readonly type?: readonly string[];
  readonly since?: number;
  readonly until?: number;
}

export function addAudit(program: Command, cli: Cli): void {
  const command = program
    .command('audit')
    .summary('read the audit log')
    .description('Reads the audit log that the store keeps, youngest entries first. An entry must match all filters.')
    .option('--user <id>', 'about this user')
    .option('--account <id>', 'about this account')
    .option('--by <actor>', 'done by this actor, such as cli:ann')
    .addOption(listOption('--type <types>', 'of these types, as the app names them, separated by commas'))
    .addOption(timeOption('--since <time>', 'at or after this time: a date, a time, or a duration ago'))
    .addOption(timeOption('--until <time>', 'before this time'));
  addPageOptions(command, 'entries').addHelpText(
    'after',
    '\nTimes are local (variable TZ), unless they name a zone.\n' +
      '\nExamples:\n' +
      '  $ session-revocation audit --account acme --type sessions.revoked --since 2026-11-01\n' +
      '  $ session-revocation audit --by cli:root --since 24h --all --json',
  );
  works(command, cli, audit);
}

async function audit(task: Task<AuditOptions>): Promise<void> {
  const { user, account, by, type: types, since, until, realm } = task.options;
  const sessions = await task.sessions();
  await printPages<AuditEntry, AuditResult>(task, {
    ask: (page) => sessions.audit({ user, account, by, types, since, until, ...page }),
    pageOf: ({ entries, cursor }) => ({ rows: entries, cursor }),
    columns: columns(Date.now()),
    none: async () => [`the audit log of the realm ${realm} has no matching entries.`],
  });
}

function columns(now: number): readonly Column<AuditEntry>[] {
  return [
    { title: 'AT', cell: ({ at }) => localTime(at), short: ({ at }) => relativeTime(at, now) },
    { title: 'TYPE', cell: ({ type }) => type },
    { title: 'ABOUT', cell: aboutOf, cut: true },
    { title: 'BY', cell: ({ by }) => by, cut: true },
    { title: 'REASON', cell: ({ reason }) => reason, cut: true },
    { title: 'NOTE', cell: ({ note }) => note, cut: true },
    { title: 'DETAILS', cell: detailsOf, cut: true },
  ];
}

function aboutOf({ user, account, scope, session }: AuditEntry): string | null {
  const parts = [
    scope === 'realm' ? 'realm' : null,
    user === null ? null : `user ${user}`,
    account === null ? null : `account ${account}`,
    session === null ? null : `session ${session}`,
  ];
  const named = parts.filter((part) => part !== null);
  return named.length === 0 ? null : named.join(', ');
}

/** Returns the details of an entry as text, such as `kinds=all change=suspended`. */
function detailsOf({ device, ip, details }: AuditEntry): string | null {
  const said = Object.entries<Json>({ device, ip, ...details }).flatMap(([name, value]) => {
    if (value === null || (Array.isArray(value) && value.length === 0)) return [];
    return [`${name}=${Array.isArray(value) ? value.map(textOf).join(',') : textOf(value)}`];
  });
  return said.length === 0 ? null : said.join(' ');
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
