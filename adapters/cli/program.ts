import { createRequire } from 'node:module';
import { Command, Help } from 'commander';
import { addAudit } from './commands/audit.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEnd } from './commands/end.ts';
import { addKeys } from './commands/keys.ts';
import { addList } from './commands/list.ts';
import { addPolicy } from './commands/policy.ts';
import { addPrune } from './commands/prune.ts';
import { addResume } from './commands/resume.ts';
import { addReview } from './commands/review.ts';
import { addRevoke } from './commands/revoke.ts';
import { addSetup } from './commands/setup.ts';
import { addSuspend } from './commands/suspend.ts';
import { addGlobalOptions } from './options.ts';
import type { Cli } from './task.ts';

const NAME = 'session-revocation';

const HELP = `
The store, by --store or by the variable SESSION_STORE_URL:
  sqlite:sessions.db (or a path, or file:)
  postgres://user@host/database?schema=session_revocation
  mysql://user@host/database?prefix=… (or mariadb://)
  redis://host:6379?prefix=… (or rediss://), redis+cluster://host:6379,host:6380

The driver is taken from the project that the command is run in: pg or postgres, mysql2 or mariadb, ioredis, iovalkey or
redis. Exit codes: 0 done; 1 it failed, or there are problems; 2 misuse, or refused: nothing was done; 3 the store is
unavailable: try again.

Example:
  $ export SESSION_STORE_URL=postgres://app@db.internal/app
  $ session-revocation list --user ann
  $ session-revocation revoke --user ann --reason laptop-lost`;

/** The commands, with their options and help. `told` is given what commander says of misuse. */
export function makeProgram(cli: Cli, told: (text: string) => void): Command {
  const program = new Command(NAME)
    .description('Lists, ends and revokes sessions, and looks after the store that they are kept in.')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print what there is to know')
    .helpCommand('help [command]', 'the same, of a command')
    .configureHelp({ showGlobalOptions: true, optionDescription })
    .configureOutput({
      writeOut: (text) => cli.terminal.stdout.write(text),
      writeErr: told,
      getOutHelpWidth: () => cli.terminal.stdout.columns ?? HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
    })
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
    .addHelpText('after', HELP);
  addGlobalOptions(program);
  const commands = [addSetup, addDoctor, addList, addEnd, addRevoke, addSuspend, addResume, addPolicy, addReview];
  for (const add of [...commands, addPrune, addAudit, addKeys]) add(program, cli);
  return program;
}

const HELP_WIDTH = 100;

/** A switch that is not given is off: that needs no words. */
const optionDescription: Help['optionDescription'] = (option) =>
  new Help().optionDescription(option).replace(' (default: false)', '');

/** By the package's own name, which leads to the same file from the sources and from what is built. */
const version = (): string =>
  (createRequire(import.meta.url)('session-revocation/package.json') as { readonly version: string }).version;
