import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AuditOptions, type By, parseDuration } from '../../src/index.ts';
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

/** What a command that changes something says about it. */
export interface CauseOptions {
  readonly by: string;
  readonly reason?: string;
  readonly note?: string;
  /** Ms. */
  readonly auditRetention: number;
  readonly auditName?: AuditNames;
}

type AuditNames = NonNullable<AuditOptions['names']>;

/** Which page of a long answer is wanted. */
export interface PageOptions {
  readonly limit?: number;
  readonly cursor?: string;
  readonly all: boolean;
}

const HOUR = 3600e3;
const LONGEST_TIMEOUT = 600e3;

/** A value that an option takes, or why not: told with the name of the option, and exit code 2. */
function checked<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}

/** The name of an option, of its flags: `--limit` of `--limit <count>`. */
const nameOf = (flags: string): string => flags.split(' ')[0] ?? flags;

/** A duration such as `7d`, in ms. */
export const durationOption = (
  flags: string,
  description: string,
  { least = 1, most = Number.POSITIVE_INFINITY }: { readonly least?: number; readonly most?: number } = {},
): Option =>
  new Option(flags, description).argParser(
    checked((text) => {
      const ms = parseDuration(nameOf(flags), /^\d+$/.test(text) ? Number(text) : text);
      if (ms < least) throw new TypeError(`${nameOf(flags)} is ${ms} ms; at least ${least} ms are needed`);
      if (ms > most) throw new TypeError(`${nameOf(flags)} is ${ms} ms; at most ${most} ms are allowed`);
      return ms;
    }),
  );

/** A time, as Unix ms. */
export const timeOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(checked((text) => parseTime(nameOf(flags), text, Date.now())));

/**
 * Names with commas between; the option may be given several times. None at all is refused: it comes of a variable that
 * was not set, and must not pass for an option that was left out.
 */
export const listOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string, before: readonly string[] | undefined) => {
    const names = text.split(',').map((name) => name.trim());
    if (names.includes('')) throw new InvalidArgumentError('allowed are names with commas between');
    return [...(before ?? []), ...names];
  });

export function addGlobalOptions(program: Command): Command {
  return program
    .option(
      '--store <url>',
      'where the sessions are (default: the variable SESSION_STORE_URL, which `ps` does not show)',
    )
    .option('--realm <name>', 'the realm that the sessions belong to, as the app calls it', 'default')
    .option('--json', 'print one JSON document (with --all, a line of JSON per row); times are Unix ms', false)
    .addOption(
      durationOption('--timeout <duration>', 'how long the store may take for each step', {
        most: LONGEST_TIMEOUT,
      }).default(5_000, '5s'),
    )
    .option('--debug', 'print stack traces of errors', false);
}

/** Who does it, and why: for the audit log. */
export function addCauseOptions(command: Command): Command {
  return command
    .option('--by <actor>', 'who does this, for the audit log', actor())
    .option('--reason <code>', 'why, best a short code such as offboarding')
    .option('--note <text>', 'a remark for the audit log, such as the number of a ticket')
    .addOption(
      durationOption('--audit-retention <duration>', 'how long its entry in the audit log is kept', {
        least: HOUR,
      }).default(90 * 86400e3, '90d'),
    )
    .addOption(
      new Option(
        '--audit-name <event=name>',
        'what the app calls an event (its option audit.names); may be given several times',
      ).argParser(parseAuditName),
    );
}

/** The names of events, one pair for each time that the option is given. */
function parseAuditName(text: string, before: AuditNames | undefined): AuditNames {
  const [, event, name] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (event === undefined || name === undefined) {
    throw new InvalidArgumentError('write it as sessions.revoked=user.session_invalidated');
  }
  return { ...before, [event]: name };
}

/** For the library. */
export const causeOf = ({ by, reason, note }: CauseOptions): By => ({ by, reason, note });

/** How the audit log is to be written: as the app writes it. */
export const auditOf = ({ auditRetention, auditName }: CauseOptions): AuditOptions => ({
  retention: auditRetention,
  names: auditName,
});

export function addPageOptions(command: Command, most: string): Command {
  return command
    .addOption(
      new Option('--limit <count>', `the most ${most} of a page, 1 to 1000`).argParser(
        checked((text) => {
          const count = Number(text);
          if (/^\d{1,4}$/.test(text) && count >= 1 && count <= 1000) return count;
          throw new TypeError('allowed are whole numbers from 1 to 1000');
        }),
      ),
    )
    .option('--cursor <cursor>', 'go on where the last page ended')
    .option('--all', 'all pages, one after the other', false);
}

/** The account of the operating system that the command runs under. */
function actor(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    // In a container it may have no name.
    return `cli:uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
