import { type Duration, parseDuration } from '../lib/duration.ts';
import { parseArguments, parseSwitch, parseText } from '../lib/input.ts';
import type { AuditEntry } from '../store/powers.ts';
import { EVENT_TYPES, type SessionEventType } from './event-types.ts';

/** Configures the audit log, in the option `audit` of {@link createSessions}. {@link Sessions.audit} reads the log. */
export interface AuditOptions {
  /**
   * Keeps the log in the store. Each entry is then written in the same step as the change that it describes. With
   * `false`, `sink` is required. Default `true`.
   */
  readonly store?: boolean | undefined;
  /** Receives every entry after its change is done, for another log. Its errors fail no operation. Default: none. */
  readonly sink?: ((entry: AuditEntry) => unknown) | undefined;
  /**
   * How long an entry is kept before pruning removes it. It is fixed when the entry is written: a change holds for later entries
   * only. At least `'1h'`. Default `'90d'`.
   */
  readonly retention?: Duration | undefined;
  /**
   * Names of queues for other systems, at most 64, such as `['billing']`. Each event that ends access is queued for each of
   * them, in the same step as its entry. A transmitter delivers it. Needs a store with the power `outbox`. A name has 1 to 59
   * characters of `a-z 0-9 . _ -`, and does not end in `.dead`. Default: none.
   */
  readonly outbox?: readonly string[] | undefined;
  /**
   * Your own names for events: `{ 'sessions.revoked': 'user.session_invalidated' }`. Entries are stored under them. A
   * later change leaves older entries under their old names. Default: the event's name.
   */
  readonly names?: Readonly<Partial<Record<SessionEventType, string>>> | undefined;
}

export interface AuditSettings {
  readonly store: boolean;
  readonly sink: ((entry: AuditEntry) => unknown) | null;
  readonly retention: number;
  readonly outbox: readonly string[];
  readonly names: Readonly<Partial<Record<SessionEventType, string>>>;
}

const DEFAULT_RETENTION = 90 * 86400e3;

const MIN_RETENTION = 3600e3;

export function parseAudit(value: unknown): AuditSettings | null {
  if (value === undefined || value === null || value === false) return null;
  const options =
    value === true
      ? {}
      : (parseArguments('audit', value, ['store', 'sink', 'retention', 'outbox', 'names']) as AuditOptions);
  const { sink, retention = DEFAULT_RETENTION, names = {} } = options;
  const store = parseSwitch('audit.store', options.store, true);
  if (sink !== undefined && typeof sink !== 'function') throw new TypeError('audit.sink must be a function');
  const outbox = parseQueues(options.outbox);
  if (!store && outbox.length > 0) {
    throw new TypeError(
      'audit.outbox is written with the entries of the store: leave audit.store out, or set it to true',
    );
  }
  if (!store && sink === undefined) throw new TypeError('audit.store is false: then audit needs a sink');
  const ms = parseDuration('audit.retention', retention, { min: MIN_RETENTION });
  parseArguments('audit.names', names, EVENT_TYPES);
  for (const [type, name] of Object.entries(names)) parseText(`audit.names.${type}`, name);
  return Object.freeze({ store, sink: sink ?? null, retention: ms, outbox, names: Object.freeze({ ...names }) });
}

const MAX_QUEUES = 64;
/** Shorter than the names that a store takes: a queue for messages that were set aside has `.dead` behind its name. */
const QUEUE = /^[a-z0-9._-]{1,59}$/;

function parseQueues(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const isSound = (name: unknown): boolean => typeof name === 'string' && QUEUE.test(name) && !name.endsWith('.dead');
  if (!Array.isArray(value) || value.length > MAX_QUEUES || !value.every(isSound)) {
    throw new TypeError(
      `audit.outbox must be an array of at most ${MAX_QUEUES} names such as ['billing'], each 1 to 59 characters of a-z 0-9 . _ - without .dead at the end`,
    );
  }
  if (new Set(value).size < value.length) throw new TypeError('audit.outbox names a queue twice');
  return Object.freeze([...value]);
}
