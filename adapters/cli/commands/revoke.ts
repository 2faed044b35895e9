import type { Command } from 'commander';
import { chooseKinds, type KindsOptions } from '../kinds.ts';
import {
  type AttributionOptions,
  addAttributionOptions,
  addExpectOption,
  attributionOf,
  auditOf,
  listOption,
} from '../options.ts';
import { type EndingOptions, revokeScope, targetOfTask } from '../revoke-scope.ts';
import { addScopeOptions } from '../scope.ts';
import { type Cli, type Task, works } from '../task.ts';

interface RevokeOptions extends EndingOptions, KindsOptions, AttributionOptions {}

export function addRevoke(program: Command, cli: Cli): void {
  const command = program
    .command('revoke')
    .summary('end all sessions of a user, a member, an account or the realm, in one write')
    .description(
      'Ends all sessions of a user, of a user within an account, of an account, or of the realm, and the sign-ins that ' +
        'are under way. This is one write for any number of sessions. For several users it shows the sessions and asks. ' +
        'Without a terminal it refuses, unless --yes is given.',
    );
  addScopeOptions(command)
    .addOption(listOption('--kinds <kinds>', 'only these kinds, separated by commas (default: all)'))
    .addOption(listOption('--spare <kinds>', 'all kinds except these; for a user, or a user within an account'))
    .option('--dry-run', 'only show the sessions that would end', false)
    .option('--yes', 'do not ask', false);
  addExpectOption(command, 'it covers no live session');
  addAttributionOptions(command).addHelpText(
    'after',
    '\nOnly the app knows its kinds, so any name is accepted. A name that no session has ends nothing. The rules\n' +
      '`survives` of the app are not known here: name the kinds that stay with --spare.\n' +
      '\nExamples:\n' +
      '  $ session-revocation revoke --user ann --spare api --reason laptop-lost --note "ticket 4711"\n' +
      '  $ session-revocation revoke --account acme --dry-run\n' +
      '  $ session-revocation revoke --everyone --realm dashboard --reason restored-from-backup',
  );
  works(command, cli, revoke);
}

async function revoke(task: Task<RevokeOptions>): Promise<number> {
  const { options } = task;
  const target = targetOfTask(task);
  const { declared, asked, name } = chooseKinds(options, target);
  return revokeScope(task, target, {
    settings: { audit: auditOf(options), kinds: declared },
    act: (sessions, dryRun) => sessions.revoke(target.scope, { ...attributionOf(options), kinds: asked, dryRun }),
    done: (since) => `Revoked the sessions of ${target.name}, ${name}: no process accepts them ${since}.`,
  });
}
