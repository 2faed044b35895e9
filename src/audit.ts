import { describe, floodOf } from './audit-entry.ts';
import { EVENT_TYPES, type SessionEvent, type SessionEventType } from './events.ts';
import { type Attributes, parseArguments, parseText } from './input.ts';
import { type Duration, parseDuration } from './lifetime.ts';
import type { Notes } from './notes.ts';
import type { AuditEntry, AuditRecord } from './powers.ts';
import { Throttle } from './throttle.ts';
import { accountTag, newId, realmTag, type Tag, userTag } from './token.ts';

/** What is logged, and where. */
export interface AuditOptions {
  /** Whether the store keeps the log, which is then written in the very step that it tells of. Default `true`. */
  readonly store?: boolean | undefined;
  /** Is given every entry once what it tells of is done: for another log. What it throws fails nothing. */
  readonly sink?: ((entry: AuditEntry) => unknown) | undefined;
  /** How long an entry is kept before pruning removes it. At least `'1h'`. Default `'90d'`. */
  readonly retention?: Duration | undefined;
  /** Names of your own for events, such as `{ 'sessions.revoked': 'user.session_invalidated' }`. */
  readonly names?: Readonly<Partial<Record<SessionEventType, string>>> | undefined;
}

/** The options, resolved. */
export interface AuditSettings {
  readonly store: boolean;
  readonly sink: ((entry: AuditEntry) => unknown) | null;
  readonly retention: number;
  readonly names: Readonly<Partial<Record<SessionEventType, string>>>;
}

const DEFAULT_RETENTION = 90 * 86400e3;
const LEAST_RETENTION = 3600e3;

/** `true` keeps the log in the store; @throws `TypeError` for what is unknown or out of range. */
export function parseAudit(value: unknown): AuditSettings | null {
  if (value === undefined || value === null || value === false) return null;
  const options =
    value === true ? {} : (parseArguments('audit', value, ['store', 'sink', 'retention', 'names']) as AuditOptions);
  const { store = true, sink, retention, names = {} } = options;
  if (typeof store !== 'boolean') throw new TypeError('audit.store must be a boolean');
  if (sink !== undefined && typeof sink !== 'function') throw new TypeError('audit.sink must be a function');
  if (!store && sink === undefined) throw new TypeError('audit.store is false: then audit needs a sink');
  const ms = retention === undefined ? DEFAULT_RETENTION : parseDuration('audit.retention', retention);
  if (ms < LEAST_RETENTION)
    throw new TypeError(`audit.retention is ${ms} ms; at least ${LEAST_RETENTION} ms are needed`);
  parseArguments('audit.names', names, EVENT_TYPES);
  for (const [type, name] of Object.entries(names)) parseText(`audit.names.${type}`, name);
  return Object.freeze({ store, sink: sink ?? null, retention: ms, names: Object.freeze({ ...names }) });
}

/** Makes entries of events, and notes those that have no write of their own to go with. */
export class AuditLog {
  readonly #settings: AuditSettings;
  readonly #realm: string;
  readonly #realmTag: Tag;
  readonly #notes: Notes<AuditRecord> | null;
  readonly #budgets = { strangers: new Throttle(10), addresses: new Throttle(10), known: new Throttle(100) };

  /** `notes` is `null` where the store keeps no log. */
  constructor(settings: AuditSettings, realm: string, notes: Notes<AuditRecord> | null) {
    this.#settings = settings;
    this.#realm = realm;
    this.#realmTag = realmTag(realm);
    this.#notes = notes;
  }

  get isStored(): boolean {
    return this.#notes !== null;
  }

  get sink(): AuditSettings['sink'] {
    return this.#settings.sink;
  }

  /** `null` for what is not logged: failures in the background, prunings of nothing, and refusals that are too many. */
  record(event: SessionEvent): AuditRecord | null {
    if (event.type === 'background.failed') return null;
    if (event.type === 'sessions.pruned' && event.sessions + event.epochs + event.entries === 0) return null;
    const flood = floodOf(event);
    const omitted = flood === null ? 0 : this.#budgets[flood.budget].admit(flood.sort, event.at);
    if (omitted === null) return null;

    const { at, type } = event;
    const about = describe(event);
    const entry: AuditEntry = Object.freeze({
      id: newId(),
      at,
      type: this.#settings.names[type] ?? type,
      realm: this.#realm,
      ...about,
      details: Object.freeze(bounded(omitted === 0 ? about.details : { ...about.details, omitted })),
    });
    return {
      entry,
      realm: this.#realmTag,
      user: entry.user === null ? null : userTag(this.#realm, entry.user),
      account: entry.account === null ? null : accountTag(this.#realm, entry.account),
      by: entry.by === null ? null : userTag(this.#realm, entry.by),
      keepUntil: at + this.#settings.retention,
    };
  }

  note(records: readonly AuditRecord[]): void {
    for (const record of records) this.#notes?.note(record.entry.id, record);
  }

  async settled(): Promise<void> {
    await this.#notes?.settled();
  }

  /** Gives up what could not be written. */
  async close(): Promise<void> {
    await this.#notes?.close();
  }
}

const LARGEST_DETAILS = 4096;

/** An app may have methods of its own, of any length. */
const bounded = (details: Attributes): Attributes =>
  Buffer.byteLength(JSON.stringify(details)) > LARGEST_DETAILS ? { truncated: true } : details;
