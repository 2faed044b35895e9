import type { Command } from 'commander';
import { confirm, needsTerminal } from '../confirm.ts';
import { type Count, type Covered, countBefore, reportNone } from '../coverage.ts';
import { EXIT } from '../errors.ts';
import {
  type AttributionOptions,
  addAttributionOptions,
  addExpectOption,
  attributionOf,
  auditOf,
  type ExpectOptions,
} from '../options.ts';
import { counted } from '../output.ts';
import { type Cli, type Task, works } from '../task.ts';

interface ForgetOptions extends AttributionOptions, ExpectOptions {
  readonly user: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

export function addForget(program: Command, cli: Cli): void {
  const command = program
    .command('forget')
    .summary('end all sessions of a user, and erase the person from the audit log')
    .description(
      "Revokes the user's sessions in the realm, removes the records of live and ended ones, and erases the person from " +
        'the audit log that the store keeps. This cannot be undone, so it asks. Without a terminal it refuses, unless ' +
        "--yes is given. It does not touch other realms, the app's own logs or backups.",
    )
    .requiredOption('--user <id>', 'the user to forget')
    .option('--dry-run', 'only tell how many live sessions would end', false)
    .option('--yes', 'do not ask', false);
  addExpectOption(command, 'there was no session to remove');
  addAttributionOptions(command).addHelpText(
    'after',
    '\nThe texts of --by, --reason and --note stay in the audit log: name the person in none of them.\n' +
      '\nExample:\n  $ session-revocation forget --user ann --reason erasure-request --note "ticket 4711"',
  );
  works(command, cli, forget);
}

async function forget(task: Task<ForgetOptions>): Promise<number> {
  const { options, out, terminal } = task;
  const { user, dryRun, realm } = options;
  const name = `user ${user} of the realm ${realm}`;
  const asks = !options.yes && !dryRun;
  if (asks) needsTerminal(`forgetting ${name} cannot be undone`, terminal);
  const sessions = await task.sessions({ audit: auditOf(options) });
  const liveSessions = async (): Promise<number> => (await sessions.forgetUser(user, { dryRun: true })).sessions;
  if (dryRun) {
    const wouldEnd = await liveSessions();
    out.answer({ realm, user, forgotten: false, wouldEnd }, () => [forecast(name, wouldEnd)]);
    return wouldEnd === 0 ? reportNone(task, `no live session would end: ${name}`) : EXIT.done;
  }

  const preview = async (): Promise<Count> => {
    const count = await liveSessions();
    if (asks) await confirm({ what: 'user', name: user }, [forecast(name, count)], terminal, out);
    return { covered: { sessions: count, more: false } };
  };
  const { covered } = asks ? await preview() : await countBefore(task, preview);
  const result = await sessions.forgetUser(user, attributionOf(options));
  out.answer({ realm, user, forgotten: true, ...result, covered }, () => [
    `Forgot ${name}: removed ${counted(result.sessions, 'session')}${livingPart(covered)}, and erased the person from ` +
      `${counted(result.entries, 'entry', 'entries')} of the audit log.`,
  ]);
  return result.sessions === 0 ? reportNone(task, `there was no session to remove: ${name}`) : EXIT.done;
}

const forecast = (name: string, liveSessions: number): string =>
  `This would remove all sessions of ${name}, ${counted(liveSessions, 'live one')} and all ended ones, and erase the ` +
  'person from the audit log. It cannot be undone.';

const livingPart = (covered: Covered | null): string =>
  covered === null ? '' : ` (${covered.sessions.toLocaleString('en')} live, counted just before)`;
