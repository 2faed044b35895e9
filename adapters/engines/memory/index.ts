import type {
  Advance,
  AuditRecord,
  Ended,
  Ending,
  EpochRecord,
  EpochRequest,
  FoundSession,
  ListPage,
  PruneBatch,
  Pruned,
  Renewal,
  SessionRecord,
  SessionRef,
  SessionStore,
  StorePowers,
  Tag,
  Touch,
  UsersOf,
  UserWrite,
  VersionedEpoch,
} from '../../../src/index.ts';
import { Contents } from './contents.ts';
import { ownCopyOf } from './own.ts';
import { memoryPowers } from './powers.ts';
import { prune } from './pruning.ts';
import { NONE } from './rows.ts';
import type { Scope } from './scopes.ts';
import { youngestFirst } from './timeline.ts';
import { usersOf } from './users.ts';

/**
 * A store in the memory of this process: for tests, and for an app of one process whose users may be asked to sign in
 * again whenever it restarts. Nothing is shared with other processes and nothing is written to a disk: it is not durable.
 *
 * A session takes about 280 bytes, 30 more with an address, and what its attributes take; up to 16 million fit. What
 * pruning frees is used for other sessions, not returned. Every verb answers at once: a check takes about a microsecond,
 * and a revocation the same time whatever the number of sessions.
 *
 * It keeps the policies of accounts, and the audit log: the newest 100,000 entries at the most, of about 700 bytes each.
 */
export function memoryStore(): SessionStore {
  return new MemoryStore();
}

class MemoryStore implements SessionStore {
  readonly powers: StorePowers = memoryPowers(() => this.#open());
  #contents: Contents | null = new Contents();

  epochs(requests: readonly EpochRequest[]): readonly (VersionedEpoch | null)[] {
    const { scopes } = this.#open();
    return requests.map(({ tag, create, version, keepUntil }) => {
      if (create === null) {
        const known = scopes.get(tag);
        return hasRecord(known) ? { record: known.record, version: known.version } : null;
      }
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

    const [added, others, entries] = ownCopyOf([session, ending, audit]);
    contents.insert(added);
    this.#endOthers(added, others);
    scope.raise(keepUntil);
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
    for (const slot of youngestFirst(rows, scopes.get(user)?.root ?? NONE, page.after)) {
      if (page.account !== undefined && rows.groupOf(slot).accountScope?.tag !== page.account) continue;
      if (!page.over && !rows.isOpen(slot, page.now)) continue;
      if (found.length === page.limit) return { found, more: true };
      found.push(contents.found(slot, realmRecord));
    }
    return { found, more: false };
  }

  touch(touches: readonly Touch[]): void {
    const contents = this.#open();
    const { rows } = contents;
    for (const { id, user, at } of touches) {
      const slot = contents.slotOf({ id, user });
      if (slot !== undefined && rows.isOpen(slot, at)) rows.use(slot, at);
    }
  }

  renew(renewal: Renewal): 'renewed' | 'not-live' | 'conflict' {
    const contents = this.#open();
    const { session, ifHash, now, ifVersion, moves, ending, keepUntil, audit } = renewal;
    const slot = contents.openSlotOf({ id: session.id, user: session.userTag }, ifHash, now);
    if (slot === undefined) return 'not-live';
    const { userScope } = contents.rows.groupOf(slot);
    if (!hasVersion(userScope, ifVersion)) return 'conflict';

    const [renewed, others, entries] = ownCopyOf([session, ending, audit]);
    const { hash, serial, account, accountTag, authenticatedAt, expiresAt, idle, amr, attributes } = renewed;
    const before = contents.rows.read(slot);
    contents.replace(slot, {
      ...before,
      ...{ hash, serial, account, accountTag, authenticatedAt, expiresAt, idle, amr, attributes },
      stamps: { ...before.stamps, account: renewed.stamps.account, member: renewed.stamps.member },
      lastUsedAt: Math.max(before.lastUsedAt, renewed.lastUsedAt),
    });
    this.#endOthers(renewed, others);
    userScope.raise(keepUntil);
    if (moves) userScope.version++;
    contents.audit.write(entries);
    return 'renewed';
  }

  end(ref: SessionRef, ended: Ended, audit: readonly AuditRecord[]): boolean {
    const contents = this.#open();
    const slot = contents.slotOf(ref);
    if (slot === undefined) return false;
    const session = contents.rows.read(slot);
    if (session.ended !== null) return false;
    const [tombstone, entries] = ownCopyOf([ended, audit]);
    contents.replace(slot, { ...session, ended: tombstone });
    contents.rows.groupOf(slot).userScope.version++;
    contents.audit.write(entries);
    return true;
  }

  advance(
    tag: Tag,
    { record, ifVersion, now, keepUntil, asker, audit }: Advance,
  ): 'advanced' | 'conflict' | 'not-live' {
    const contents = this.#open();
    const scope = contents.scopes.get(tag);
    if (!hasRecord(scope) || !hasVersion(scope, ifVersion)) return 'conflict';
    const [advanced, entries] = ownCopyOf([record, audit]);
    if (asker !== undefined) {
      const slot = contents.openSlotOf({ id: asker.id, user: tag }, asker.ifHash, now);
      if (slot === undefined) return 'not-live';
      const { hash, serial } = ownCopyOf(asker);
      contents.replace(slot, { ...contents.rows.read(slot), hash, serial });
    }
    scope.record = advanced;
    scope.version++;
    scope.raise(keepUntil);
    contents.audit.write(entries);
    return 'advanced';
  }

  /** See `users.ts`: one page takes about a millisecond at most. */
  users(of: UsersOf, after: string | null, limit: number): ReturnType<typeof usersOf> {
    return usersOf(this.#open(), of, after, limit);
  }

  remove(user: Tag, limit: number): number {
    const contents = this.#open();
    const scope = contents.scopes.get(user);
    let removed = 0;
    for (; removed < limit && scope !== undefined && scope.root !== NONE; removed++) contents.remove(scope.root);
    if (scope !== undefined && removed > 0) scope.version++;
    return removed;
  }

  /** See `pruning.ts`: a whole pruning takes O(sessions + records), one batch at most about a millisecond. */
  prune(batch: PruneBatch): Pruned {
    return prune(this.#open(), batch);
  }

  /** Lets go of everything. Again does nothing. */
  close(): void {
    this.#contents = null;
  }

  #open(): Contents {
    if (this.#contents === null) throw new Error('the memory store is closed');
    return this.#contents;
  }

  /** Writes tombstones for other sessions of the user, save for those that were over by then. */
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

/** Whether the version is the one that was read; any will do where none was. A record that is lost has no version. */
const hasVersion = (scope: Scope, version: number | undefined): boolean =>
  version === undefined || (scope.record !== null && scope.version === version);
