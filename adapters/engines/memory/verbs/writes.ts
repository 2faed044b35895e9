import {
  type Advance,
  type AuditRecord,
  type Ended,
  type Ending,
  type EndRef,
  memberTag,
  type Renewal,
  type SessionRecord,
  type Tag,
  type UserWrite,
} from '../../../../src/adapter.ts';
import type { Contents } from '../contents.ts';
import { ownCopyOf } from '../own-copy.ts';
import { hasRecord, type Scope } from '../rows/epoch-entries.ts';
import { NONE } from '../rows/slots.ts';

export function add(
  contents: Contents,
  session: SessionRecord,
  { ifVersion, ending, keepUntil, audit }: UserWrite,
): 'added' | 'conflict' {
  const scope = contents.scopes.get(session.userTag);
  if (!hasRecord(scope) || !hasVersion(scope, ifVersion) || contents.has(session.id)) return 'conflict';
  if (!contents.hasMembership(session)) return 'conflict';

  const [added, others, entries] = ownCopyOf([session, ending, audit]);
  contents.insert(added);
  endOthers(contents, added, others);
  if (others.length > 0) contents.changes.note(added.userTag);
  scope.raise(keepUntil);
  contents.membershipOf(added)?.raise(keepUntil);
  scope.version++;
  contents.audit.write(entries);
  return 'added';
}

export function renew(contents: Contents, renewal: Renewal): 'renewed' | 'not-live' | 'conflict' {
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
  endOthers(contents, renewed, others);
  userScope.raise(keepUntil);
  contents.membershipOf(renewed)?.raise(keepUntil);
  if (moves) userScope.version++;
  contents.changes.note(userScope.tag);
  contents.audit.write(entries);
  return 'renewed';
}

export function end(contents: Contents, ref: EndRef, ended: Ended, audit: readonly AuditRecord[]): boolean {
  const slot = contents.slotOf(ref);
  if (slot === undefined) return false;
  const session = contents.rows.read(slot);
  if (session.ended !== null || session.lastUsedAt > (ref.ifUnusedSince ?? Infinity)) return false;
  const [tombstone, entries] = ownCopyOf([ended, audit]);
  contents.replace(slot, { ...session, ended: tombstone });
  const { userScope } = contents.rows.groupOf(slot);
  userScope.version++;
  contents.changes.note(userScope.tag);
  contents.audit.write(entries);
  return true;
}

export function advance(
  contents: Contents,
  tag: Tag,
  { record, member, ifMemberVersion, ifVersion, now, keepUntil, initiator, audit }: Advance,
): 'advanced' | 'conflict' | 'not-live' {
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
  contents.changes.note(scope.tag);
  contents.audit.write(entries);
  return 'advanced';
}

export function deleteSessions(contents: Contents, user: Tag, limit: number): number {
  const scope = contents.scopes.get(user);
  let removed = 0;
  for (; removed < limit && scope !== undefined; removed++) {
    const slot = scope.root === NONE ? scope.aside : scope.root;
    if (slot === NONE) break;
    contents.remove(slot);
  }
  if (scope !== undefined && removed > 0) {
    scope.version++;
    contents.changes.note(scope.tag);
  }
  return removed;
}

/**
 * Tells whether a scope has this version. `undefined` always matches, even without a record. A lost record matches no
 * other version.
 */
const hasVersion = (scope: Scope, version: number | undefined): boolean =>
  version === undefined || (scope.record !== null && scope.version === version);

/** Ends other sessions of the user. Skips sessions that are already over at the time of the ending. */
function endOthers(contents: Contents, { id: own, userTag: user }: SessionRecord, ending: readonly Ending[]): void {
  const { rows } = contents;
  for (const { id, ended, audit } of ending) {
    const slot = id === own ? undefined : contents.slotOf({ id, user });
    if (slot === undefined || !rows.isOpen(slot, ended.at)) continue;
    contents.replace(slot, { ...rows.read(slot), ended });
    contents.audit.write(audit);
  }
}
