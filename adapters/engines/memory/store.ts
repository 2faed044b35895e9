import {
  type Advance,
  type AuditRecord,
  type Ended,
  type Ending,
  type EndRef,
  type EpochRecord,
  type EpochRequest,
  type FoundSession,
  isOverForGood,
  type ListPage,
  memberTag,
  type PruneBatch,
  type Pruned,
  type Renewal,
  type SessionRecord,
  type SessionRef,
  type StorePowers,
  type Tag,
  type Touch,
  type UsersOf,
  type UserWrite,
  type VersionedEpoch,
} from '../../../src/adapter.ts';
import type { SessionStore } from '../../../src/index.ts';
import { Contents } from './contents.ts';
import { ownCopyOf } from './own-copy.ts';
import { memoryPowers } from './powers.ts';
import { prune } from './prune.ts';
import type { Scope } from './rows/epoch-entries.ts';
import type { Rows } from './rows/rows.ts';
import { NONE } from './rows/slots.ts';
import { youngestFirst, youngestOfBoth } from './rows/timeline.ts';
import { membershipsOf, usersOf } from './users.ts';

export class MemoryStore implements SessionStore {
  readonly powers: StorePowers = memoryPowers(() => this.#open());
  #contents: Contents | null = new Contents();

  readEpochs(tags: readonly Tag[]): readonly (VersionedEpoch | null)[] {
    const { scopes } = this.#open();
    return tags.map((tag) => {
      const scope = scopes.get(tag);
      return hasRecord(scope) ? { record: scope.record, version: scope.version } : null;
    });
  }

  ensureEpochs(requests: readonly EpochRequest[]): readonly VersionedEpoch[] {
    const { scopes } = this.#open();
    return requests.map(({ tag, create, version, keepUntil }) => {
      const scope = scopes.obtain(tag);
      if (scope.record === null) {
        scope.record = ownCopyOf(create);
        scope.version = version;
        scope.keepUntil = Number.NEGATIVE_INFINITY;
      }
      scope.raise(keepUntil);
      return { record: scope.record, version: scope.version };
    });
  }

  add(session: SessionRecord, { ifVersion, ending, keepUntil, audit }: UserWrite): 'added' | 'conflict' {
    const contents = this.#open();
    const scope = contents.scopes.get(session.userTag);
    if (!hasRecord(scope) || !hasVersion(scope, ifVersion) || contents.has(session.id)) return 'conflict';
    if (!contents.hasMembership(session)) return 'conflict';

    const [added, others, entries] = ownCopyOf([session, ending, audit]);
    contents.insert(added);
    this.#endOthers(added, others);
    scope.raise(keepUntil);
    contents.membershipOf(added)?.raise(keepUntil);
    scope.version++;
    contents.audit.write(entries);
    return 'added';
  }

  find(realm: Tag, refs: readonly SessionRef[]): readonly (FoundSession | null)[] {
    const contents = this.#open();
    const realmRecord = contents.scopes.get(realm)?.record ?? null;
    return refs.map((ref) => {
      const slot = contents.slotOf(ref);
      return slot === undefined ? null : contents.found(slot, realmRecord);
    });
  }

  list(realm: Tag, user: Tag, page: ListPage): { found: readonly FoundSession[]; more: boolean } {
    const contents = this.#open();
    const { scopes, rows } = contents;
    const realmRecord = scopes.get(realm)?.record ?? null;
    const found: FoundSession[] = [];
    const scope = scopes.get(user);
    if (scope === undefined) return { found, more: false };
    const { root, aside } = scope;
    const gone: number[] = [];
    let more = false;
    const isNarrow = !page.ended && page.born !== undefined;
    const slots = isNarrow ? youngestFirst(rows, root, page.after) : youngestOfBoth(rows, [root, aside], page.after);
    for (const slot of slots) {
      const one = contents.found(slot, realmRecord);
      if (isNarrow && isOverForGood(one.session, one.epochs)) gone.push(slot);
      if (!isListed(rows, slot, page)) continue;
      more = found.length === page.limit;
      if (more) break;
      found.push(one);
    }
    for (const slot of gone) contents.setAside(slot);
    return { found, more };
  }

  touch(touches: readonly Touch[], now: () => number): void {
    const contents = this.#open();
    const { rows } = contents;
    for (const { id, user, at } of touches) {
      const slot = contents.slotOf({ id, user });
      if (slot !== undefined && rows.isOpen(slot, Math.max(at, now()))) rows.use(slot, at);
    }
  }

  renew(renewal: Renewal): 'renewed' | 'not-live' | 'conflict' {
    const contents = this.#open();
    const { session, ifCredential, now, ifVersion, moves, ending, keepUntil, audit } = renewal;
    const slot = contents.openSlotOf({ id: session.id, user: session.userTag }, ifCredential, now);
    if (slot === undefined) return 'not-live';
    const { userScope } = contents.rows.groupOf(slot);
    if (!hasVersion(userScope, ifVersion)) return 'conflict';
    if (ifVersion !== undefined && !contents.hasMembership(session)) return 'conflict';

    const [renewed, others, entries] = ownCopyOf([session, ending, audit]);
    const { credential, serial, account, accountTag, authenticatedAt, expiresAt, idle, amr, attributes, client } =
      renewed;
    const before = contents.rows.read(slot);
    contents.replace(slot, {
      ...before,
      ...{ credential, serial, account, accountTag, authenticatedAt, expiresAt, idle, amr, attributes, client },
      stamps: { ...before.stamps, account: renewed.stamps.account, member: renewed.stamps.member },
      lastUsedAt: Math.max(before.lastUsedAt, renewed.lastUsedAt),
    });
    this.#endOthers(renewed, others);
    userScope.raise(keepUntil);
    contents.membershipOf(renewed)?.raise(keepUntil);
    if (moves) userScope.version++;
    contents.audit.write(entries);
    return 'renewed';
  }

  end(ref: EndRef, ended: Ended, audit: readonly AuditRecord[]): boolean {
    const contents = this.#open();
    const slot = contents.slotOf(ref);
    if (slot === undefined) return false;
    const session = contents.rows.read(slot);
    if (session.ended !== null || session.lastUsedAt > (ref.ifUnusedSince ?? Infinity)) return false;
    const [tombstone, entries] = ownCopyOf([ended, audit]);
    contents.replace(slot, { ...session, ended: tombstone });
    contents.rows.groupOf(slot).userScope.version++;
    contents.audit.write(entries);
    return true;
  }

  advance(
    tag: Tag,
    { record, member, ifMemberVersion, ifVersion, now, keepUntil, initiator, audit }: Advance,
  ): 'advanced' | 'conflict' | 'not-live' {
    const contents = this.#open();
    const scope = contents.scopes.get(tag);
    const target = member === undefined ? scope : contents.scopes.get(memberTag(tag, member));
    if (!hasRecord(scope) || !hasRecord(target) || !hasVersion(scope, ifVersion)) return 'conflict';
    if (member !== undefined && !hasVersion(target, ifMemberVersion)) return 'conflict';
    const [advanced, entries] = ownCopyOf([record, audit]);
    if (initiator !== undefined) {
      const slot = contents.openSlotOf({ id: initiator.id, user: tag }, initiator.ifCredential, now);
      if (slot === undefined) return 'not-live';
      const { credential, serial } = ownCopyOf(initiator);
      contents.replace(slot, { ...contents.rows.read(slot), credential, serial });
    }
    target.record = advanced;
    target.raise(keepUntil);
    if (target !== scope) target.version++;
    scope.version++;
    scope.raise(keepUntil);
    contents.audit.write(entries);
    return 'advanced';
  }

  /** One page takes about a millisecond at most. See `users.ts`. */
  listUsers(of: UsersOf, after: string | null, limit: number): ReturnType<typeof usersOf> {
    return usersOf(this.#open(), of, after, limit);
  }

  memberships(user: Tag, after: string | null, limit: number): ReturnType<typeof membershipsOf> {
    return membershipsOf(this.#open(), user, after, limit);
  }

  deleteSessions(user: Tag, limit: number): number {
    const contents = this.#open();
    const scope = contents.scopes.get(user);
    let removed = 0;
    for (; removed < limit && scope !== undefined; removed++) {
      const slot = scope.root === NONE ? scope.aside : scope.root;
      if (slot === NONE) break;
      contents.remove(slot);
    }
    if (scope !== undefined && removed > 0) scope.version++;
    return removed;
  }

  /** A full pruning takes O(sessions + records), and one batch about a millisecond at most. See `prune.ts`. */
  prune(batch: PruneBatch): Pruned {
    return prune(this.#open(), batch);
  }

  close(): void {
    this.#contents = null;
  }

  #open(): Contents {
    if (this.#contents === null) throw new Error('the memory store is closed');
    return this.#contents;
  }

  /** Writes tombstones for other sessions of the user, except sessions that are already over at that time. */
  #endOthers({ id: own, userTag: user }: SessionRecord, ending: readonly Ending[]): void {
    const contents = this.#open();
    const { rows } = contents;
    for (const { id, ended, audit } of ending) {
      const slot = id === own ? undefined : contents.slotOf({ id, user });
      if (slot === undefined || !rows.isOpen(slot, ended.at)) continue;
      contents.replace(slot, { ...rows.read(slot), ended });
      contents.audit.write(audit);
    }
  }
}

const hasRecord = (scope: Scope | undefined): scope is Scope & { readonly record: EpochRecord } =>
  scope !== undefined && scope.record !== null;

/** Returns true if the record has this version. `undefined` matches any version; a lost record matches none. */
const hasVersion = (scope: Scope, version: number | undefined): boolean =>
  version === undefined || (scope.record !== null && scope.version === version);

function isListed(rows: Rows, slot: number, { account, born, ended, now }: ListPage): boolean {
  const { accountScope, stamps } = rows.groupOf(slot);
  if (account !== undefined && (accountScope?.tag ?? null) !== account) return false;
  if (born !== undefined && !born.user.includes(stamps.user)) return false;
  if (born?.member && !born.member.includes(stamps.member ?? '')) return false;
  return ended || rows.isOpen(slot, now);
}
