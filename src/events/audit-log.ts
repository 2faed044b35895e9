import { Throttle } from '../lib/throttle.ts';
import type { WriteBehind } from '../lib/write-behind.ts';
import type { Attributes } from '../model/attributes.ts';
import { accountTag, newId, realmTag, type Tag, userTag } from '../model/token.ts';
import type { AuditEntry, AuditRecord } from '../store/powers.ts';
import { accessEventOf } from './access-event.ts';
import { describe, floodOf } from './audit-entry.ts';
import type { AuditSettings } from './audit-options.ts';
import type { SessionEvent } from './event-types.ts';

/** Turns events into entries. Writes an entry later if its event has no write of its own. */
export class AuditLog {
  readonly #settings: AuditSettings;
  readonly #realm: string;
  readonly #realmTag: Tag;
  readonly #notes: WriteBehind<AuditRecord> | null;
  readonly #budgets = { strangers: new Throttle(10), addresses: new Throttle(10), known: new Throttle(100) };

  /** `notes` is `null` where the store keeps no log. */
  constructor(settings: AuditSettings, realm: string, notes: WriteBehind<AuditRecord> | null) {
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

  /** Turns an event into a record. Returns `null` for background failures, prunings that removed nothing, and refusals over the limit. */
  record(event: SessionEvent): AuditRecord | null {
    if (event.type === 'background.failed') return null;
    if (event.type === 'sessions.pruned' && event.sessions + event.epochs + event.entries + event.messages === 0)
      return null;
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
      ...this.#messageAbout(event),
    };
  }

  #messageAbout(event: SessionEvent): Pick<AuditRecord, 'message'> {
    const queues = this.#settings.outbox;
    const told = queues.length === 0 ? null : accessEventOf(event);
    return told === null ? {} : { message: { queues, body: JSON.stringify(told) } };
  }

  note(records: readonly AuditRecord[]): void {
    for (const record of records) this.#notes?.note(record.entry.id, record);
  }

  async settled(): Promise<void> {
    await this.#notes?.settled();
  }

  async close(): Promise<void> {
    await this.#notes?.close();
  }
}

const MAX_DETAILS = 4096;

/** Replaces details over the limit: an app may name authentication methods of any length. */
const bounded = (details: Attributes): Attributes =>
  Buffer.byteLength(JSON.stringify(details)) > MAX_DETAILS ? { truncated: true } : details;
