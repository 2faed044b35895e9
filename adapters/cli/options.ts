import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type DurationRange, parseDuration } from '../../src/adapter.ts';
import type { AttributionRequest, AuditOptions } from '../../src/index.ts';
import type { Terminal } from './terminal.ts';
import { parseTime } from './times.ts';

/** Options of every command. */
export interface GlobalOptions {
  readonly store?: string;
  readonly realm: string;
  readonly json: boolean;
  /** Ms. */
  readonly timeout: number;
  readonly debug: boolean;
}

/** Options of commands that change something. */
export interface AttributionOptions {
  readonly by: string;
  readonly reason?: string;
  readonly note?: string;
  /** Ms. */
  readonly auditRetention: number;
  readonly auditName?: AuditNames;
}

type AuditNames = NonNullable<AuditOptions['names']>;

/** Options of commands with long answers. */
export interface PageOptions {
  readonly limit?: number;
  readonly cursor?: string;
  readonly all: boolean;
}

const DEFAULT_REALM = 'default';
const HOUR = 3600e3;
const MAX_TIMEOUT = 600e3;

/** Parses the value of an option. A refused value is reported with the name of the option, and exit code 2. */
function checked<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}

/** The name in the flags of an option: `--limit` in `--limit <count>`. */
const nameOf = (flags: string): string => flags.split(' ')[0] ?? flags;

/** A duration such as `7d`, in ms. */
export const durationOption = (flags: string, description: string, range: DurationRange = {}): Option =>
  new Option(flags, description).argParser(
    checked((text) => parseDuration(nameOf(flags), /^\d+$/.test(text) ? Number(text) : text, range)),
  );

/** A time, as Unix ms. */
export const timeOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(checked((text) => parseTime(nameOf(flags), text, Date.now())));

/**
 * Names, separated by commas; the option may occur several times. Refuses an empty list: it comes from an unset variable, and must not be
 * taken for a missing option.
 */
export const listOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string, before: readonly string[] | undefined) => {
    const names = text.split(',').map((name) => name.trim());
    if (names.includes(''))
      throw new InvalidArgumentError('Allowed are names with commas between, such as browser,api');
    return [...(before ?? []), ...names];
  });

export function addGlobalOptions(program: Command, env: Terminal['env']): Command {
  return program
    .option(
      '--store <url>',
      'where the sessions are (default: the variable SESSION_STORE_URL, which `ps` does not show)',
    )
    .addOption(
      new Option(
        '--realm <name>',
        'the realm that the sessions belong to, as the app calls it; nothing crosses realms',
      ).default(env.SESSION_REALM || DEFAULT_REALM, 'the variable SESSION_REALM, else default'),
    )
    .option('--json', 'print one JSON document (with --all, a line of JSON per row); times are Unix ms', false)
    .addOption(
      durationOption('--timeout <duration>', 'how long the store may take for each step', {
        max: MAX_TIMEOUT,
      }).default(5_000, '5s'),
    )
    .option('--debug', 'print stack traces of errors', false);
}

/** For commands that end sessions. */
export interface ExpectOptions {
  readonly expectSome: boolean;
}

export const addExpectOption = (command: Command, what: string): Command =>
  command.option('--expect-some', `exit with code 4 where ${what}; it is done all the same`, false);

export function addAttributionOptions(command: Command): Command {
  return command
    .option('--by <actor>', 'who does this, for the audit log', actor())
    .option('--reason <code>', 'why, best a short code such as offboarding')
    .option('--note <text>', 'a remark for the audit log, such as the number of a ticket')
    .addOption(
      durationOption('--audit-retention <duration>', 'how long its entry in the audit log is kept', {
        min: HOUR,
      }).default(90 * 86400e3, '90d'),
    )
    .addOption(
      new Option(
        '--audit-name <event=name>',
        'what the app calls an event (its option audit.names); may be given several times',
      ).argParser(parseAuditName),
    );
}

/** The names of events, one pair for each occurrence of the option. */
function parseAuditName(text: string, before: AuditNames | undefined): AuditNames {
  const [, event, name] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (event === undefined || name === undefined) {
    throw new InvalidArgumentError('Write it as sessions.revoked=user.session_invalidated');
  }
  return { ...before, [event]: name };
}

export const attributionOf = ({ by, reason, note }: AttributionOptions): AttributionRequest => ({ by, reason, note });

/** How to write the audit log: with the app's settings. */
export const auditOf = ({ auditRetention, auditName }: AttributionOptions): AuditOptions => ({
  retention: auditRetention,
  names: auditName,
});

export function addPageOptions(command: Command, rows: string): Command {
  return command
    .addOption(
      new Option('--limit <count>', `the most ${rows} of a page, 1 to 1000`).argParser(
        checked((text) => {
          const count = Number(text);
          if (/^\d{1,4}$/.test(text) && count >= 1 && count <= 1000) return count;
          throw new TypeError('Allowed are whole numbers from 1 to 1000');
        }),
      ),
    )
    .option('--cursor <cursor>', 'go on where the last page ended')
    .option('--all', 'all pages, one after the other', false);
}

/** The operating system's user who runs the command. */
function actor(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    // In a container, the user may have no name.
    return `cli:uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
