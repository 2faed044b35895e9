import type { Command } from 'commander';
import { type AttributionOptions, addAttributionOptions, addExpectOption, attributionOf, auditOf } from '../options.ts';
import { type EndingOptions, revokeScope, targetOfTask } from '../revoke-scope.ts';
import { addScopeOptions } from '../scope.ts';
import { type Cli, type Task, works } from '../task.ts';

interface SuspendOptions extends EndingOptions, AttributionOptions {}

export function addSuspend(program: Command, cli: Cli): void {
  const command = program
    .command('suspend')
    .summary('end all sessions of a scope, and refuse its sign-ins until `resume`')
    .description(
      'Ends all sessions of a user, of a user within an account, of an account, or of the realm, of all kinds, and ' +
        'refuses their sign-ins until `resume`. It asks like `revoke`.',
    );
  addScopeOptions(command)
    .option('--dry-run', 'only show the sessions that would end', false)
    .option('--yes', 'do not ask', false);
  addExpectOption(command, 'it covers no live session');
  addAttributionOptions(command).addHelpText(
    'after',
    '\nExample:\n  $ session-revocation suspend --user bob --account acme --reason offboarding',
  );
  works(command, cli, suspend);
}

async function suspend(task: Task<SuspendOptions>): Promise<number> {
  const { options } = task;
  const target = targetOfTask(task);
  return revokeScope(task, target, {
    settings: { audit: auditOf(options) },
    act: (sessions, dryRun) => sessions.suspend(target.scope, { ...attributionOf(options), dryRun }),
    done: (since) => `Suspended ${target.name}: no session is accepted ${since}, and no sign-in before \`resume\`.`,
  });
}
