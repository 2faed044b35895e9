import type { AuditRecord, EpochRecord, SessionRecord, Tag } from 'session-revocation/adapter';
import { MapStore } from '../../examples/custom-store/store.ts';
import { ReferenceLog, ReferencePolicies } from './reference-powers.ts';

/** The example of a store, with an audit log and policies. The explorer steps through it. It can lose a record. */
export class ReferenceStore extends MapStore {
  readonly log: ReferenceLog = new ReferenceLog();
  readonly policies: ReferencePolicies = new ReferencePolicies(this.log);
  readonly powers: { readonly audit: ReferenceLog; readonly policies: ReferencePolicies } = {
    ...{ audit: this.log, policies: this.policies },
  };

  /** All that is kept, as text. */
  dump(): string {
    const { entries } = this.log;
    const { sessions, epochs } = this.data;
    const kept = {
      sessions: [...sessions.values()],
      epochs: [...epochs],
      entries,
      policies: [...this.policies.values],
    };
    return JSON.stringify(kept, null, 1);
  }

  /** A record, without creating it. */
  peek(tag: Tag): EpochRecord | null {
    return this.data.epochs.get(tag)?.record ?? null;
  }

  /** A session's row. */
  row(id: string): SessionRecord | null {
    return this.data.sessions.get(id) ?? null;
  }

  /** Writes a session's row, whatever is there: only what is broken on purpose does so. */
  overwrite(session: SessionRecord): void {
    this.data.sessions.set(session.id, session);
  }

  /** Forgets a record. */
  lose(tag: Tag): void {
    this.data.epochs.delete(tag);
  }

  /** Forgets the records of users of whom no session is there. */
  loseUnlisted(isUser: (tag: Tag) => boolean): void {
    const { sessions, epochs } = this.data;
    const users = new Set([...sessions.values()].map(({ userTag }) => userTag));
    for (const tag of epochs.keys()) if (isUser(tag) && !users.has(tag)) epochs.delete(tag);
  }

  /** The explorer calls a store a million times, and nothing in it writes into a record. */
  protected override copy<Value>(value: Value): Value {
    return value;
  }

  protected override writeAudit(records: readonly AuditRecord[]): void {
    this.log.append(records);
  }
}
