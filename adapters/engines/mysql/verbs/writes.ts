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
import type { MysqlConnection, Parameter } from '../clients/client.ts';
import { Undone } from '../connection.ts';
import { isDuplicate } from '../errors.ts';
import { endedOf, grantColumn, insertOf, renewedOf, stampKey } from '../rows.ts';
import type { Statements } from '../statements/index.ts';
import { filledUp, key, limitOf, mediumBlob, numberOf, orNull } from '../values.ts';

// Each function runs within a transaction and locks the user's record first, so writers to one user queue.

export async function add(
  connection: MysqlConnection,
  sql: Statements,
  session: SessionRecord,
  { ifVersion, ending, keepUntil, audit }: UserWrite,
): Promise<'added' | 'conflict'> {
  const tag = key(session.userTag);
  const moved =
    ifVersion === undefined
      ? await connection.write(sql.moveAndRaise, [keepUntil, tag])
      : await connection.write(sql.moveFrom, [keepUntil, tag, ifVersion]);
  if (moved === 0) return 'conflict';
  try {
    await connection.write(sql.insert, insertOf(session));
  } catch (error) {
    throw isDuplicate(error) ? new Undone('conflict') : error;
  }
  if (!(await keepMembership(connection, sql, session, keepUntil))) throw new Undone('conflict');
  await writeAudit(connection, sql, [...(await endOthers(connection, sql, tag, ending)), ...audit]);
  return 'added';
}

export async function renew(
  connection: MysqlConnection,
  sql: Statements,
  { session, ifCredential, ifVersion, now, moves, ending, keepUntil, audit }: Renewal,
): Promise<'renewed' | 'not-live' | 'conflict'> {
  const tag = key(session.userTag);
  const found = [key(session.id), tag, key(ifCredential), now];
  const [user] = await connection.rows(sql.lockUser, [tag]);
  if (ifVersion !== undefined && (user === undefined || numberOf(user[0]) !== ifVersion)) {
    const [living] = await connection.rows(sql.isLive, found);
    return living === undefined ? 'not-live' : 'conflict';
  }
  const renewed = await connection.write(sql.renew, [
    ...[key(session.credential), session.serial, orNull(session.accountTag, key), session.lastUsedAt],
    ...[session.expiresAt, session.idle, stampKey(session.stamps.member), renewedOf(session)],
    grantColumn(session.client),
    ...found,
  ]);
  if (renewed === 0) return 'not-live';
  await connection.write(moves ? sql.moveAndRaise : sql.raise, [keepUntil, tag]);
  const isThere = await keepMembership(connection, sql, session, keepUntil);
  if (!isThere && ifVersion !== undefined) throw new Undone('conflict');
  await writeAudit(connection, sql, [...(await endOthers(connection, sql, tag, ending)), ...audit]);
  return 'renewed';
}

export async function end(
  connection: MysqlConnection,
  sql: Statements,
  { id, user, account, ifUnusedSince = Number.MAX_SAFE_INTEGER }: EndRef,
  ended: Ended,
  audit: readonly AuditRecord[],
): Promise<boolean> {
  const tag = key(user);
  await connection.rows(sql.lockUser, [tag]);
  const tombstone: readonly Parameter[] = [ended.at, endedOf(ended), key(id), tag, ifUnusedSince];
  const written =
    account === undefined
      ? await connection.write(sql.end, tombstone)
      : await connection.write(sql.endIn, [...tombstone, orNull(account, key)]);
  if (written === 0) return false;
  await connection.write(sql.move, [tag]);
  await writeAudit(connection, sql, audit);
  return true;
}

export async function advance(
  connection: MysqlConnection,
  sql: Statements,
  tag: Tag,
  { record, member, ifMemberVersion, ifVersion, now, keepUntil, initiator, audit }: Advance,
): Promise<'advanced' | 'not-live' | 'conflict'> {
  const text = mediumBlob(formatEpoch(record));
  const membership = member === undefined ? null : key(memberTag(tag, member));
  if (membership !== null) {
    // Checked before any write, so that a conflict writes nothing. Locks the membership after the user's record.
    await connection.rows(sql.lockUser, [key(tag)]);
    const [there] = await connection.rows(sql.lockUser, [membership]);
    if (there === undefined) return 'conflict';
    if (ifMemberVersion !== undefined && numberOf(there[0]) !== ifMemberVersion) return 'conflict';
  }
  const replaced = membership === null ? [text] : [];
  const written =
    initiator === undefined
      ? await connection.write(membership === null ? sql.advance : sql.moveFrom, [
          ...[...replaced, keepUntil, key(tag), ifVersion],
        ])
      : await connection.write(membership === null ? sql.advanceFor : sql.moveFor, [
          ...[...replaced, keepUntil, key(initiator.credential), initiator.serial],
          ...[key(tag), ifVersion, key(initiator.id), key(initiator.ifCredential), now],
        ]);
  if (written > 0 && membership !== null) await connection.write(sql.replace, [text, keepUntil, membership]);
  if (written === 0) {
    const [user] = await connection.rows(sql.lockUser, [key(tag)]);
    // Versions never repeat. If the version still matches, the initiator's session was the reason.
    return initiator !== undefined && user !== undefined && numberOf(user[0]) === ifVersion ? 'not-live' : 'conflict';
  }
  await writeAudit(connection, sql, audit);
  return 'advanced';
}

export async function deleteSessions(
  connection: MysqlConnection,
  sql: Statements,
  user: Tag,
  limit: number,
): Promise<number> {
  await connection.rows(sql.lockUser, [key(user)]);
  const ids = (await connection.rows(sql.idsOf, [key(user), limitOf(limit)])).map(([id]) => id as Parameter);
  if (ids.length === 0) return 0;
  const all = filledUp(ids);
  const removed = await connection.write(sql.removeSessions(all.length), all);
  if (removed > 0) await connection.write(sql.move, [key(user)]);
  return removed;
}

/** Returns true if the record exists or the session is in no account. */
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

/** Returns the audit records of the sessions that it ended. */
async function endOthers(
  connection: MysqlConnection,
  sql: Statements,
  user: Buffer,
  ending: readonly Ending[],
): Promise<readonly AuditRecord[]> {
  const told: AuditRecord[] = [];
  for (const { id, ended, audit } of ending) {
    const written = await connection.write(sql.endLiving, [ended.at, endedOf(ended), key(id), user, ended.at]);
    if (written > 0) told.push(...audit);
  }
  return told;
}
