import type { EpochRecord, SessionRecord, SessionStore, Tag } from 'session-revocation/adapter';
import { type Data, emptyData, mapStore } from '../../examples/custom-store/store.ts';
import { ReferenceLog, ReferencePolicies } from './reference-powers.ts';

type Verbs = ReturnType<typeof mapStore>;
type Given<Verb extends keyof Verbs> = Parameters<Verbs[Verb]>;
type Answer<Verb extends keyof Verbs> = Awaited<ReturnType<SessionStore[Verb]>>;

/**
 * The example store as a class, so that tests can override its verbs. It adds an audit log and policies, and can lose
 * a record. The explorer steps through it.
 */
export class ReferenceStore {
  readonly data: Data = emptyData();
  readonly log: ReferenceLog = new ReferenceLog(this.data.audit);
  readonly policies: ReferencePolicies = new ReferencePolicies(this.log);
  readonly powers: { readonly audit: ReferenceLog; readonly policies: ReferencePolicies } = {
    ...{ audit: this.log, policies: this.policies },
  };
  // Makes no copies: the explorer calls a store a million times, and no code here writes into a record.
  readonly #verbs: Verbs = mapStore(this.data, (value) => value);

  readEpochs(...given: Given<'readEpochs'>): Answer<'readEpochs'> {
    return this.#verbs.readEpochs(...given);
  }

  ensureEpochs(...given: Given<'ensureEpochs'>): Answer<'ensureEpochs'> {
    return this.#verbs.ensureEpochs(...given);
  }

  add(...given: Given<'add'>): Answer<'add'> {
    return this.#verbs.add(...given);
  }

  find(...given: Given<'find'>): Answer<'find'> {
    return this.#verbs.find(...given);
  }

  list(...given: Given<'list'>): Answer<'list'> {
    return this.#verbs.list(...given);
  }

  touch(...given: Given<'touch'>): Answer<'touch'> {
    return this.#verbs.touch(...given);
  }

  renew(...given: Given<'renew'>): Answer<'renew'> {
    return this.#verbs.renew(...given);
  }

  end(...given: Given<'end'>): Answer<'end'> {
    return this.#verbs.end(...given);
  }

  advance(...given: Given<'advance'>): Answer<'advance'> {
    return this.#verbs.advance(...given);
  }

  listUsers(...given: Given<'listUsers'>): Answer<'listUsers'> {
    return this.#verbs.listUsers(...given);
  }

  memberships(...given: Given<'memberships'>): Answer<'memberships'> {
    return this.#verbs.memberships(...given);
  }

  deleteSessions(...given: Given<'deleteSessions'>): Answer<'deleteSessions'> {
    return this.#verbs.deleteSessions(...given);
  }

  prune(...given: Given<'prune'>): Answer<'prune'> {
    return this.#verbs.prune(...given);
  }

  /** Returns all stored data as text. */
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

  /** Returns a record without creating it. */
  peek(tag: Tag): EpochRecord | null {
    return this.data.epochs.get(tag)?.record ?? null;
  }

  /** A session's row. */
  row(id: string): SessionRecord | null {
    return this.data.sessions.get(id) ?? null;
  }

  /** Writes a session's row unconditionally. Only deliberately broken stores do so. */
  overwrite(session: SessionRecord): void {
    this.data.sessions.set(session.id, session);
  }

  /** Forgets a record. */
  lose(tag: Tag): void {
    this.data.epochs.delete(tag);
  }

  /** Forgets the records of users that have no session in the store. */
  loseUnlisted(isUser: (tag: Tag) => boolean): void {
    const { sessions, epochs } = this.data;
    const users = new Set([...sessions.values()].map(({ userTag }) => userTag));
    for (const tag of epochs.keys()) if (isUser(tag) && !users.has(tag)) epochs.delete(tag);
  }
}
