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
   * Your own names for events: `{ 'sessions.revoked': 'user.session_invalidated' }`. Entries are stored under them. A
   * later change leaves older entries under their old names. Default: the event's name.
   */
  readonly names?: Readonly<Partial<Record<SessionEventType, string>>> | undefined;
}

export interface AuditSettings {
  readonly store: boolean;
  readonly sink: ((entry: AuditEntry) => unknown) | null;
  readonly retention: number;
  readonly names: Readonly<Partial<Record<SessionEventType, string>>>;
}

const DEFAULT_RETENTION = 90 * 86400e3;

const MIN_RETENTION = 3600e3;

export function parseAudit(value: unknown): AuditSettings | null {
  if (value === undefined || value === null || value === false) return null;
  const options =
    value === true ? {} : (parseArguments('audit', value, ['store', 'sink', 'retention', 'names']) as AuditOptions);
  const { sink, retention = DEFAULT_RETENTION, names = {} } = options;
  const store = parseSwitch('audit.store', options.store, true);
  if (sink !== undefined && typeof sink !== 'function') throw new TypeError('audit.sink must be a function');
  if (!store && sink === undefined) throw new TypeError('audit.store is false: then audit needs a sink');
  const ms = parseDuration('audit.retention', retention, { min: MIN_RETENTION });
  parseArguments('audit.names', names, EVENT_TYPES);
  for (const [type, name] of Object.entries(names)) parseText(`audit.names.${type}`, name);
  return Object.freeze({ store, sink: sink ?? null, retention: ms, names: Object.freeze({ ...names }) });
}
