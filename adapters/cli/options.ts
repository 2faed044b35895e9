import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type DurationRange, parseDuration } from '../../src/adapter.ts';
import type { AttributionRequest, AuditOptions } from '../../src/index.ts';
import type { Terminal } from './terminal.ts';
import { parseTime } from './times.ts';

export interface GlobalOptions {
  readonly store?: string;
  readonly realm: string;
  readonly json: boolean;
  /** In ms. */
  readonly timeout: number;
  readonly outbox?: readonly string[];
  readonly debug: boolean;
}

export interface AttributionOptions {
  readonly by: string;
  readonly reason?: string;
  readonly note?: string;
  /** In ms. */
  readonly auditRetention: number;
  readonly auditName?: AuditNames;
}

type AuditNames = NonNullable<AuditOptions['names']>;

export interface PageOptions {
  readonly limit?: number;
  readonly cursor?: string;
  readonly all: boolean;
}

const DEFAULT_REALM = 'default';
const HOUR = 3600e3;
const MAX_TIMEOUT = 600e3;

/** Makes a parser whose errors commander understands: it names the option, and exits with code 2. */
function checked<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}

/** Returns the name of an option, such as `--limit` of `--limit <count>`. */
const nameOf = (flags: string): string => flags.split(' ')[0] ?? flags;

/** Makes an option whose value is a duration. The command receives ms. */
export const durationOption = (flags: string, description: string, range: DurationRange = {}): Option =>
  new Option(flags, description).argParser(
    checked((text) => parseDuration(nameOf(flags), /^\d+$/.test(text) ? Number(text) : text, range)),
  );

/** Makes an option whose value is a time. The command receives Unix ms. */
export const timeOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(checked((text) => parseTime(nameOf(flags), text, Date.now())));

/**
 * Makes an option whose value is a list of names, separated by commas. The option may be repeated. Refuses an empty name:
 * an unset shell variable must not look like a missing option.
 */
export const listOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string, before: readonly string[] | undefined) => {
    const names = namesOf(text);
    if (names.includes(''))
      throw new InvalidArgumentError('Allowed are names separated by commas, such as browser,api');
    return [...(before ?? []), ...names];
  });

export const namesOf = (text: string): readonly string[] => text.split(',').map((name) => name.trim());

export function addGlobalOptions(program: Command, env: Terminal['env']): Command {
  return program
    .option('--store <url>', 'URL of the store (default: the variable SESSION_STORE_URL, which `ps` does not show)')
    .addOption(
      new Option('--realm <name>', 'the realm of the sessions, as the app names it; nothing crosses realms').default(
        env.SESSION_REALM || DEFAULT_REALM,
        'the variable SESSION_REALM, else default',
      ),
    )
    .addOption(
      listOption(
        '--outbox <names>',
        'the receivers that revocations are queued for, as the app’s option audit.outbox (default: the variable ' +
          'SESSION_OUTBOX, else none)',
      ),
    )
    .option('--json', 'print one JSON document (with --all, a line of JSON per row); times are Unix ms', false)
    .addOption(
      durationOption('--timeout <duration>', 'how long the store may take for each step', {
        max: MAX_TIMEOUT,
      }).default(5_000, '5s'),
    )
    .option('--debug', 'print stack traces of errors', false);
}

export interface ExpectOptions {
  readonly expectSome: boolean;
}

export const addExpectOption = (command: Command, what: string): Command =>
  command.option('--expect-some', `exit with code 4 if ${what}; the command still acts`, false);

export function addAttributionOptions(command: Command): Command {
  return command
    .option('--by <actor>', 'the actor, for the audit log', actor())
    .option('--reason <code>', 'the reason, best a short code such as offboarding')
    .option('--note <text>', 'a remark for the audit log, such as the number of a ticket')
    .addOption(
      durationOption('--audit-retention <duration>', 'how long the audit log keeps the entry', {
        min: HOUR,
      }).default(90 * 86400e3, '90d'),
    )
    .addOption(
      new Option(
        '--audit-name <event=name>',
        'the app’s name of an event (its option audit.names); may be repeated',
      ).argParser(parseAuditName),
    );
}

function parseAuditName(text: string, before: AuditNames | undefined): AuditNames {
  const [, event, name] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (event === undefined || name === undefined) {
    throw new InvalidArgumentError('Write it as sessions.revoked=user.session_invalidated');
  }
  return { ...before, [event]: name };
}

export const attributionOf = ({ by, reason, note }: AttributionOptions): AttributionRequest => ({ by, reason, note });

export const auditOf = ({ auditRetention, auditName }: AttributionOptions): AuditOptions => ({
  retention: auditRetention,
  names: auditName,
});

export function addPageOptions(command: Command, rows: string): Command {
  return command
    .addOption(
      new Option('--limit <count>', `maximum number of ${rows} of a page, 1 to 1000`).argParser(
        checked((text) => {
          const count = Number(text);
          if (/^\d{1,4}$/.test(text) && count >= 1 && count <= 1000) return count;
          throw new TypeError('Allowed are whole numbers from 1 to 1000');
        }),
      ),
    )
    .option('--cursor <cursor>', 'continue where the last page ended')
    .option('--all', 'all pages, one after the other', false);
}

/** The default actor: the user of the operating system. */
function actor(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    // In a container, the user may have no name.
    return `cli:uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
