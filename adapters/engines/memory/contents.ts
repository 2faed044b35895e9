import {
  type EpochRecord,
  type FoundSession,
  memberTag,
  RecentChanges,
  type SessionRecord,
  type SessionRef,
  type Tag,
} from '../../../src/adapter.ts';
import { AuditLog } from './audit.ts';
import { Outbox } from './outbox.ts';
import { Pool } from './own-copy.ts';
import { type Scope, Scopes } from './rows/epoch-entries.ts';
import { belongsTo, type Group, groupOf } from './rows/group.ts';
import { Rows } from './rows/rows.ts';
import { insert, remove, youngestFirst } from './rows/timeline.ts';

/** How many of a user's sessions are searched for a group that a new session can share. See `rows/group.ts`. */
const NEIGHBOURS = 8;

export class Contents {
  readonly scopes: Scopes = new Scopes();
  readonly #pool = new Pool();
  readonly rows: Rows = new Rows(this.#pool);
  readonly outbox: Outbox = new Outbox();
  readonly audit: AuditLog = new AuditLog(this.outbox);
  readonly changes: RecentChanges = new RecentChanges();
  readonly policies: Map<Tag, string> = new Map();
  readonly #slots = new Map<string, number>();

  has(id: string): boolean {
    return this.#slots.has(id);
  }

  /** Returns the slot of a session, or `undefined` if it is missing or its tags differ from the reference. */
  slotOf({ id, user, account }: SessionRef): number | undefined {
    const slot = this.#slots.get(id);
    if (slot === undefined) return undefined;
    const { userScope, accountScope } = this.rows.groupOf(slot);
    if (userScope.tag !== user) return undefined;
    if (account !== undefined && account !== (accountScope?.tag ?? null)) return undefined;
    return slot;
  }

  openSlotOf(ref: SessionRef, credential: string, now: number): number | undefined {
    const slot = this.slotOf(ref);
    if (slot === undefined || !this.rows.isOpen(slot, now)) return undefined;
    return this.rows.read(slot).credential === credential ? slot : undefined;
  }

  found(slot: number, realm: EpochRecord | null): FoundSession {
    const { userScope, accountScope, memberScope } = this.rows.groupOf(slot);
    const [account, member] = [accountScope?.record ?? null, memberScope?.record ?? null];
    const epochs = { realm, account, user: userScope.record, member };
    return { session: this.rows.read(slot), epochs };
  }

  /**
   * Returns the scope of a session's membership, or `undefined` if the session is in no account or the record is lost.
   */
  membershipOf({ userTag, accountTag }: SessionRecord): Scope | undefined {
    if (accountTag === null) return undefined;
    const scope = this.scopes.get(memberTag(userTag, accountTag));
    return scope?.record == null ? undefined : scope;
  }

  hasMembership(session: SessionRecord): boolean {
    return session.accountTag === null || this.membershipOf(session) !== undefined;
  }

  /** Adds a session. `session` must be the store's own copy. */
  insert(session: SessionRecord): void {
    const { rows } = this;
    const group = this.#groupFor(session);
    const slot = rows.take();
    // The only step that can fail, so it comes first: a Map holds about 16.7 million entries.
    this.#slots.set(session.id, slot);
    rows.write(slot, session, group);
    this.#count(group, 1);
    rows.setAside(slot, false);
    group.userScope.root = insert(rows, group.userScope.root, slot);
  }

  /** Moves a session that is over for good out of the tree of sessions that may be alive. */
  setAside(slot: number): void {
    const { rows } = this;
    const { userScope } = rows.groupOf(slot);
    userScope.root = remove(rows, userScope.root, slot);
    rows.setAside(slot, true);
    userScope.aside = insert(rows, userScope.aside, slot);
  }

  /** Replaces the session in a slot. The id, the user and the time of creation stay. */
  replace(slot: number, session: SessionRecord): void {
    const before = this.rows.groupOf(slot);
    const group = this.#groupFor(session, before);
    this.rows.write(slot, session, group);
    this.#count(group, 1);
    this.#count(before, -1);
  }

  remove(slot: number): void {
    const group = this.rows.groupOf(slot);
    const { userScope } = group;
    if (this.rows.isAside(slot)) userScope.aside = remove(this.rows, userScope.aside, slot);
    else userScope.root = remove(this.rows, userScope.root, slot);
    this.#slots.delete(this.rows.idOf(slot));
    this.rows.release(slot);
    this.#count(group, -1);
  }

  #groupFor(session: SessionRecord, before?: Group): Group {
    if (before !== undefined && belongsTo(before, session)) return before;
    const userScope = this.scopes.obtain(session.userTag);
    let asked = 0;
    for (const slot of youngestFirst(this.rows, userScope.root)) {
      const group = this.rows.groupOf(slot);
      if (belongsTo(group, session)) return group;
      if (++asked === NEIGHBOURS) break;
    }
    const { userTag, accountTag } = session;
    const accountScope = accountTag === null ? null : this.scopes.obtain(accountTag);
    const memberScope = accountTag === null ? null : this.scopes.obtain(memberTag(userTag, accountTag));
    return groupOf(session, { userScope, accountScope, memberScope }, this.#pool);
  }

  #count({ userScope, accountScope, memberScope }: Group, change: 1 | -1): void {
    for (const scope of [userScope, accountScope, memberScope]) {
      if (scope === null) continue;
      scope.sessions += change;
      this.scopes.dropIfUnused(scope);
    }
  }
}
