import type { EpochRecord, FoundSession, SessionRecord, SessionRef } from '../../../src/index.ts';
import { Audit } from './audit.ts';
import { belongsTo, type Group, groupOf } from './group.ts';
import { Policies } from './policies.ts';
import { Pool } from './pool.ts';
import { Rows } from './rows.ts';
import { Scopes } from './scopes.ts';
import { insert, remove, youngestFirst } from './timeline.ts';

/** How many sessions of a user are asked whether a new one has their group. */
const NEIGHBOURS = 8;

/** Everything in the store, and what keeps its parts in step. */
export class Contents {
  readonly scopes: Scopes = new Scopes();
  readonly #pool = new Pool();
  readonly rows: Rows = new Rows(this.#pool);
  readonly audit: Audit = new Audit();
  readonly policies: Policies = new Policies(this.audit);
  readonly #slots = new Map<string, number>();

  has(id: string): boolean {
    return this.#slots.has(id);
  }

  /** The slot of a session, `undefined` where there is none such, or its tags are not those asked for. */
  slotOf({ id, user, account }: SessionRef): number | undefined {
    const slot = this.#slots.get(id);
    if (slot === undefined) return undefined;
    const { userScope, accountScope } = this.rows.groupOf(slot);
    if (userScope.tag !== user) return undefined;
    if (account !== undefined && account !== (accountScope?.tag ?? null)) return undefined;
    return slot;
  }

  /** The slot of a session that still has this hash, no tombstone, and is within its lifetimes. */
  openSlotOf(ref: SessionRef, hash: string, now: number): number | undefined {
    const slot = this.slotOf(ref);
    if (slot === undefined || !this.rows.isOpen(slot, now)) return undefined;
    return this.rows.read(slot).hash === hash ? slot : undefined;
  }

  /** A session and what it is judged by. */
  found(slot: number, realm: EpochRecord | null): FoundSession {
    const { userScope, accountScope } = this.rows.groupOf(slot);
    const epochs = { realm, account: accountScope?.record ?? null, user: userScope.record };
    return { session: this.rows.read(slot), epochs };
  }

  /** Takes in a new session, which must be the store's own copy. */
  insert(session: SessionRecord): void {
    const { rows } = this;
    const group = this.#groupFor(session);
    const slot = rows.take();
    // First, since this alone can fail: a Map holds some 16.7 million entries.
    this.#slots.set(session.id, slot);
    rows.write(slot, session, group);
    this.#count(group, 1);
    group.userScope.root = insert(rows, group.userScope.root, slot);
  }

  /** Writes a session over what it was. Its id, user and time of creation stay. */
  replace(slot: number, session: SessionRecord): void {
    const before = this.rows.groupOf(slot);
    const group = this.#groupFor(session, before);
    this.rows.write(slot, session, group);
    this.#count(group, 1);
    this.#count(before, -1);
  }

  remove(slot: number): void {
    const group = this.rows.groupOf(slot);
    group.userScope.root = remove(this.rows, group.userScope.root, slot);
    this.#slots.delete(this.rows.idOf(slot));
    this.rows.release(slot);
    this.#count(group, -1);
  }

  /** The group of a session: the one it had, one of the user's youngest sessions, or a new one. */
  #groupFor(session: SessionRecord, before?: Group): Group {
    if (before !== undefined && belongsTo(before, session)) return before;
    const userScope = this.scopes.obtain(session.userTag);
    let asked = 0;
    for (const slot of youngestFirst(this.rows, userScope.root)) {
      const group = this.rows.groupOf(slot);
      if (belongsTo(group, session)) return group;
      if (++asked === NEIGHBOURS) break;
    }
    const accountScope = session.accountTag === null ? null : this.scopes.obtain(session.accountTag);
    return groupOf(session, userScope, accountScope, this.#pool);
  }

  #count({ userScope, accountScope }: Group, change: 1 | -1): void {
    for (const scope of [userScope, accountScope]) {
      if (scope === null) continue;
      scope.sessions += change;
      this.scopes.dropIfUnused(scope);
    }
  }
}
