import {
  type Advance,
  type AuditRecord,
  type Ended,
  type Ending,
  type EndRef,
  formatEpoch,
  memberTag,
  type Renewal,
  type SessionRecord,
  type Tag,
  type UserWrite,
} from '../../../../src/adapter.ts';
import { writeAudit } from '../audit.ts';
import { recordChanges } from '../changes.ts';
import type { MysqlConnection, Parameter } from '../clients/client.ts';
import { Undone } from '../connection.ts';
import type { Context } from '../context.ts';
import { isDuplicate } from '../errors.ts';
import { endedOf, grantColumn, insertOf, renewedOf, stampKey } from '../rows.ts';
import type { Statements } from '../statements/index.ts';
import { filledUp, key, limitOf, mediumBlob, numberOf, orNull } from '../values.ts';

// Each transaction locks the user's record first, so writers to one user queue.

export const add = (
  { transact, statements }: Context,
  session: SessionRecord,
  { ifVersion, ending, keepUntil, audit }: UserWrite,
): Promise<'added' | 'conflict'> =>
  transact(async (connection) => {
    const tag = key(session.userTag);
    const moved =
      ifVersion === undefined
        ? await connection.write(statements.moveAndRaise, [keepUntil, tag])
        : await connection.write(statements.moveFrom, [keepUntil, tag, ifVersion]);
    if (moved === 0) return 'conflict';
    try {
      await connection.write(statements.insert, insertOf(session));
    } catch (error) {
      throw isDuplicate(error) ? new Undone('conflict') : error;
    }
    if (!(await keepMembership(connection, statements, session, keepUntil))) throw new Undone('conflict');
    const others = await endOthers(connection, statements, tag, ending);
    if (others.ended > 0) await recordChanges(connection, statements, [session.userTag]);
    await writeAudit(connection, statements, [...others.audit, ...audit]);
    return 'added';
  });

export const renew = (
  { transact, statements }: Context,
  { session, ifCredential, ifVersion, now, moves, ending, keepUntil, audit }: Renewal,
): Promise<'renewed' | 'not-live' | 'conflict'> =>
  transact(async (connection) => {
    const tag = key(session.userTag);
    const found = [key(session.id), tag, key(ifCredential), now];
    const [user] = await connection.rows(statements.lockUser, [tag]);
    if (ifVersion !== undefined && (user === undefined || numberOf(user[0]) !== ifVersion)) {
      const [living] = await connection.rows(statements.isLive, found);
      return living === undefined ? 'not-live' : 'conflict';
    }
    const renewed = await connection.write(statements.renew, [
      ...[key(session.credential), session.serial, orNull(session.accountTag, key), session.lastUsedAt],
      ...[session.expiresAt, session.idle, stampKey(session.stamps.member), renewedOf(session)],
      grantColumn(session.client),
      ...found,
    ]);
    if (renewed === 0) return 'not-live';
    await connection.write(moves ? statements.moveAndRaise : statements.raise, [keepUntil, tag]);
    const isThere = await keepMembership(connection, statements, session, keepUntil);
    if (!isThere && ifVersion !== undefined) throw new Undone('conflict');
    const others = await endOthers(connection, statements, tag, ending);
    await recordChanges(connection, statements, [session.userTag]);
    await writeAudit(connection, statements, [...others.audit, ...audit]);
    return 'renewed';
  });

export const end = (
  { transact, statements }: Context,
  { id, user, account, ifUnusedSince = Number.MAX_SAFE_INTEGER }: EndRef,
  ended: Ended,
  audit: readonly AuditRecord[],
): Promise<boolean> =>
  transact(async (connection) => {
    const tag = key(user);
    await connection.rows(statements.lockUser, [tag]);
    const tombstone: readonly Parameter[] = [ended.at, endedOf(ended), key(id), tag, ifUnusedSince];
    const written =
      account === undefined
        ? await connection.write(statements.end, tombstone)
        : await connection.write(statements.endIn, [...tombstone, orNull(account, key)]);
    if (written === 0) return false;
    await connection.write(statements.move, [tag]);
    await recordChanges(connection, statements, [user]);
    await writeAudit(connection, statements, audit);
    return true;
  });

export const advance = (
  { transact, statements }: Context,
  tag: Tag,
  { record, member, ifMemberVersion, ifVersion, now, keepUntil, initiator, audit }: Advance,
): Promise<'advanced' | 'not-live' | 'conflict'> =>
  transact(async (connection) => {
    const text = mediumBlob(formatEpoch(record));
    const membership = member === undefined ? null : key(memberTag(tag, member));
    if (membership !== null) {
      // Checked before any write, so that a conflict writes nothing. Locks the membership after the user's record.
      await connection.rows(statements.lockUser, [key(tag)]);
      const [there] = await connection.rows(statements.lockUser, [membership]);
      if (there === undefined) return 'conflict';
      if (ifMemberVersion !== undefined && numberOf(there[0]) !== ifMemberVersion) return 'conflict';
    }
    const replaced = membership === null ? [text] : [];
    const written =
      initiator === undefined
        ? await connection.write(membership === null ? statements.advance : statements.moveFrom, [
            ...[...replaced, keepUntil, key(tag), ifVersion],
          ])
        : await connection.write(membership === null ? statements.advanceFor : statements.moveFor, [
            ...[...replaced, keepUntil, key(initiator.credential), initiator.serial],
            ...[key(tag), ifVersion, key(initiator.id), key(initiator.ifCredential), now],
          ]);
    if (written > 0 && membership !== null) await connection.write(statements.replace, [text, keepUntil, membership]);
    if (written === 0) {
      const [user] = await connection.rows(statements.lockUser, [key(tag)]);
      // Versions never repeat. If the version still matches, the initiator's session was the reason.
      return initiator !== undefined && user !== undefined && numberOf(user[0]) === ifVersion ? 'not-live' : 'conflict';
    }
    await recordChanges(connection, statements, [tag]);
    await writeAudit(connection, statements, audit);
    return 'advanced';
  });

export const deleteSessions = ({ transact, statements }: Context, user: Tag, limit: number): Promise<number> =>
  transact(async (connection) => {
    await connection.rows(statements.lockUser, [key(user)]);
    const ids = (await connection.rows(statements.idsOf, [key(user), limitOf(limit)])).map(([id]) => id as Parameter);
    if (ids.length === 0) return 0;
    const all = filledUp(ids);
    const removed = await connection.write(statements.removeSessions(all.length), all);
    if (removed === 0) return 0;
    await connection.write(statements.move, [key(user)]);
    await recordChanges(connection, statements, [user]);
    return removed;
  });

/**
 * Keeps the record of a session's membership for as long as needed. Returns true if the record exists or the session is
 * in no account.
 */
async function keepMembership(
  connection: MysqlConnection,
  { lockUser, raise }: Statements,
  { userTag, accountTag }: SessionRecord,
  keepUntil: number | null,
): Promise<boolean> {
  if (accountTag === null) return true;
  const tag = key(memberTag(userTag, accountTag));
  if ((await connection.rows(lockUser, [tag])).length === 0) return false;
  await connection.write(raise, [keepUntil, tag]);
  return true;
}

/** Ends other sessions of a user. Returns the number of sessions that it ended, and their audit records. */
async function endOthers(
  connection: MysqlConnection,
  statements: Statements,
  user: Buffer,
  ending: readonly Ending[],
): Promise<{ readonly ended: number; readonly audit: readonly AuditRecord[] }> {
  const done = { ended: 0, audit: [] as AuditRecord[] };
  for (const { id, ended, audit } of ending) {
    const written = await connection.write(statements.endLiving, [ended.at, endedOf(ended), key(id), user, ended.at]);
    if (written === 0) continue;
    done.ended++;
    done.audit.push(...audit);
  }
  return done;
}
