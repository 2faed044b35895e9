import {
  type Advance,
  type AuditRecord,
  type Ended,
  type Ending,
  type EndRef,
  formatEpoch,
  formatGrant,
  memberTag,
  type Renewal,
  type SessionRecord,
  type Tag,
  type UserWrite,
} from '../../../../src/adapter.ts';
import { markOf, rowOf } from '../../sql/session-rows.ts';
import { toColumn } from '../../sql/values.ts';
import { writeAudit } from '../audit.ts';
import type { Context } from '../context.ts';
import type { Statements } from '../statements/index.ts';

export const add = (
  { database, statements, changes }: Context,
  session: SessionRecord,
  { ifVersion, ending, keepUntil, audit }: UserWrite,
): 'added' | 'conflict' =>
  database.write(() => {
    if (!hasVersion(statements, session.userTag, ifVersion)) return 'conflict';
    if (!hasMembership(statements, session)) return 'conflict';
    if (statements.insert(...rowOf(session)) === 0) return 'conflict';
    endOthers(statements, session.userTag, ending);
    if (ending.length > 0) changes.note(session.userTag);
    raise(statements, session, keepUntil);
    statements.move(session.userTag);
    writeAudit(statements, audit);
    return 'added';
  });

export function renew(
  { database, statements, changes }: Context,
  renewal: Renewal,
): 'renewed' | 'not-live' | 'conflict' {
  const { session, ifCredential, ifVersion, now, moves, ending, keepUntil, audit } = renewal;
  const { id, userTag, stamps } = session;
  return database.write(() => {
    if (statements.isLive(id, userTag, ifCredential, now) === undefined) return 'not-live';
    if (ifVersion !== undefined && !hasVersion(statements, userTag, ifVersion)) return 'conflict';
    if (ifVersion !== undefined && !hasMembership(statements, session)) return 'conflict';
    statements.renew(
      ...[session.credential, session.serial, toColumn(session.account), session.accountTag],
      ...[stamps.account, stamps.member],
      ...[session.authenticatedAt, session.lastUsedAt, session.expiresAt, session.idle],
      ...[JSON.stringify(session.amr), JSON.stringify(session.attributes)],
      ...[session.client && formatGrant(session.client), id],
    );
    endOthers(statements, userTag, ending);
    raise(statements, session, keepUntil);
    if (moves) statements.move(userTag);
    changes.note(userTag);
    writeAudit(statements, audit);
    return 'renewed';
  });
}

export const end = (
  { database, statements, changes }: Context,
  { id, user, account, ifUnusedSince = Number.MAX_SAFE_INTEGER }: EndRef,
  ended: Ended,
  audit: readonly AuditRecord[],
): boolean =>
  database.write(() => {
    const anyAccount = account === undefined ? 1 : 0;
    if (statements.end(...markOf(ended), id, user, anyAccount, account ?? null, ifUnusedSince) === 0) return false;
    statements.move(user);
    changes.note(user);
    writeAudit(statements, audit);
    return true;
  });

export function advance(
  { database, statements, changes }: Context,
  tag: Tag,
  { record, member, ifMemberVersion, ifVersion, now, keepUntil, initiator, audit }: Advance,
): 'advanced' | 'conflict' | 'not-live' {
  const target = member === undefined ? tag : memberTag(tag, member);
  return database.write(() => {
    if (!hasVersion(statements, tag, ifVersion)) return 'conflict';
    if (member !== undefined && !hasVersion(statements, target, ifMemberVersion)) return 'conflict';
    if (initiator !== undefined) {
      if (statements.isLive(initiator.id, tag, initiator.ifCredential, now) === undefined) return 'not-live';
      statements.rotate(initiator.credential, initiator.serial, initiator.id);
    }
    statements.advance(formatEpoch(record), keepUntil, target);
    if (member !== undefined) {
      statements.move(tag);
      statements.raise(keepUntil, tag);
    }
    changes.note(tag);
    writeAudit(statements, audit);
    return 'advanced';
  });
}

export const deleteSessions = ({ database, statements, changes }: Context, user: Tag, limit: number): number =>
  database.erase(() => {
    const removed = statements.removeOf(user, limit);
    if (removed > 0) {
      statements.move(user);
      changes.note(user);
    }
    return removed;
  });

/** Tells whether a record exists and has this version. `undefined` matches any version. */
function hasVersion({ epoch }: Statements, tag: Tag, version: number | undefined): boolean {
  const row = epoch(tag);
  return row !== undefined && (version === undefined || row[1] === version);
}

const hasMembership = ({ epoch }: Statements, { userTag, accountTag }: SessionRecord): boolean =>
  accountTag === null || epoch(memberTag(userTag, accountTag)) !== undefined;

function raise(statements: Statements, { userTag, accountTag }: SessionRecord, keepUntil: number | null): void {
  statements.raise(keepUntil, userTag);
  if (accountTag !== null) statements.raise(keepUntil, memberTag(userTag, accountTag));
}

function endOthers(statements: Statements, user: Tag, ending: readonly Ending[]): void {
  for (const { id, ended, audit } of ending) {
    if (statements.endLiving(...markOf(ended), id, user, ended.at) > 0) writeAudit(statements, audit);
  }
}
