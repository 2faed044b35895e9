import type { Command } from 'commander';
import { type AttributionOptions, addAttributionOptions, attributionOf, auditOf } from '../options.ts';
import { resumeScope, targetOfTask } from '../revoke-scope.ts';
import { addScopeOptions, type ScopeOptions } from '../scope.ts';
import { type Cli, type Task, works } from '../task.ts';

interface ResumeOptions extends ScopeOptions, AttributionOptions {}

export function addResume(program: Command, cli: Cli): void {
  const command = program
    .command('resume')
    .summary('let a suspended scope sign in again')
    .description(
      'Lets a suspended user, member, account or realm sign in again. Old sessions stay ended, and a sign-in that began ' +
        'before stays refused. Does nothing if the scope is not suspended. Never asks, because it ends no session.',
    );
  addScopeOptions(command);
  addAttributionOptions(command).addHelpText(
    'after',
    '\nExample:\n  $ session-revocation resume --user bob --account acme',
  );
  works(command, cli, resume);
}

async function resume(task: Task<ResumeOptions>): Promise<number> {
  const { options } = task;
  const target = targetOfTask(task);
  return resumeScope(task, target, {
    settings: { audit: auditOf(options) },
    act: (sessions) => sessions.resume(target.scope, attributionOf(options)),
    done: () => `Resumed ${target.name}: sign-ins are accepted again.`,
  });
}
