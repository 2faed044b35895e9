import { createRequire } from 'node:module';
import { Command, Help } from 'commander';
import { addAudit } from './commands/audit.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEnd } from './commands/end.ts';
import { addEndIdle } from './commands/end-idle.ts';
import { addForget } from './commands/forget.ts';
import { addFreshness } from './commands/freshness.ts';
import { addKeys } from './commands/keys.ts';
import { addList } from './commands/list.ts';
import { addOutbox } from './commands/outbox.ts';
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
The store, from --store or the variable SESSION_STORE_URL:
  sqlite:sessions.db (or a path, or file:)
  postgres://user@host/database?schema=session_revocation
  mysql://user@host/database?prefix=… (or mariadb://)
  redis://host:6379?prefix=… (or rediss://), redis+cluster://host:6379,host:6380

The driver comes from the project that you run the command in: pg or postgres, mysql2 or mariadb, ioredis, iovalkey or
redis. The realm comes from --realm, else from the variable SESSION_REALM, else it is default.

Exit codes: 0 done; 1 failed, and another attempt will not help, or doctor found a problem; 2 misuse, or refused: nothing
was done; 3 the store is unavailable: try again; 4 no session was covered, and --expect-some was given.

Example:
  $ export SESSION_STORE_URL=postgres://app@db.internal/app SESSION_REALM=dashboard
  $ session-revocation list --user ann
  $ session-revocation revoke --user ann --reason laptop-lost`;

/** Makes the program with all commands. `writeError` receives commander's messages about misuse. */
export function makeProgram(cli: Cli, writeError: (text: string) => void): Command {
  const program = new Command(NAME)
    .description('Lists, ends and revokes sessions, and maintains their store.')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ showGlobalOptions: true, optionDescription })
    .configureOutput({
      writeOut: (text) => cli.terminal.stdout.write(text),
      writeErr: writeError,
      getOutHelpWidth: () => cli.terminal.stdout.columns ?? HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
    })
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .addHelpText('after', HELP);
  addGlobalOptions(program, cli.terminal.env);
  const ending = [addEnd, addRevoke, addSuspend, addResume, addEndIdle, addForget];
  const commands = [
    addSetup,
    addDoctor,
    addList,
    ...ending,
    addPolicy,
    addFreshness,
    addReview,
    addPrune,
    addAudit,
    addOutbox,
    addKeys,
  ];
  for (const add of commands) add(program, cli);
  return program;
}

const HELP_WIDTH = 100;

/** Describes an option in the help. Hides the default `false` of switches. */
const optionDescription: Help['optionDescription'] = (option) =>
  new Help().optionDescription(option).replace(' (default: false)', '');

/** Reads the version by the package's name, which resolves both from the sources and from the build. */
const version = (): string =>
  (createRequire(import.meta.url)('session-revocation/package.json') as { readonly version: string }).version;
