import {
  type Advance,
  type AuditRecord,
  type Ended,
  type Ending,
  formatEpoch,
  type Renewal,
  type SessionRecord,
  type SessionRef,
  type Tag,
  type UserWrite,
} from '../../../src/index.ts';
import { writeAudit } from './audit.ts';
import type { AuditStatements } from './audit-statements.ts';
import type { MysqlConnection, Parameter } from './client.ts';
import { isDuplicate } from './failure.ts';
import { key, mediumBlob, orNull } from './parameters.ts';
import { endedOf, insertOf, renewedOf } from './session-row.ts';
import type { Statements } from './statements.ts';
import { Undone } from './transaction.ts';
import { numberOf } from './values.ts';

/** The statements of every verb and power. */
export type AllStatements = Statements & AuditStatements;

// Each of these runs within a transaction, and takes the user's record first: so writers about one user queue there.

/** Writes a session; undoes what it did where that cannot be. */
export async function addSession(
  connection: MysqlConnection,
  sql: AllStatements,
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
  await writeAudit(connection, sql, [...(await endOthers(connection, sql, tag, ending)), ...audit]);
  return 'added';
}

export async function renewSession(
  connection: MysqlConnection,
  sql: AllStatements,
  { session, ifHash, ifVersion, now, moves, ending, keepUntil, audit }: Renewal,
): Promise<'renewed' | 'not-live' | 'conflict'> {
  const tag = key(session.userTag);
  const found = [key(session.id), tag, key(ifHash), now];
  const [user] = await connection.rows(sql.lockUser, [tag]);
  if (ifVersion !== undefined && (user === undefined || numberOf(user[0]) !== ifVersion)) {
    const [living] = await connection.rows(sql.isLive, found);
    return living === undefined ? 'not-live' : 'conflict';
  }
  const renewed = await connection.write(sql.renew, [
    ...[key(session.hash), session.serial, orNull(session.accountTag, key), session.lastUsedAt],
    ...[session.expiresAt, session.idle, renewedOf(session)],
    ...found,
  ]);
  if (renewed === 0) return 'not-live';
  await connection.write(moves ? sql.moveAndRaise : sql.raise, [keepUntil, tag]);
  await writeAudit(connection, sql, [...(await endOthers(connection, sql, tag, ending)), ...audit]);
  return 'renewed';
}

export async function endSession(
  connection: MysqlConnection,
  sql: AllStatements,
  { id, user, account }: SessionRef,
  ended: Ended,
  audit: readonly AuditRecord[],
): Promise<boolean> {
  const tag = key(user);
  await connection.rows(sql.lockUser, [tag]);
  const tombstone: readonly Parameter[] = [ended.at, endedOf(ended), key(id), tag];
  const written =
    account === undefined
      ? await connection.write(sql.end, tombstone)
      : await connection.write(sql.endIn, [...tombstone, orNull(account, key)]);
  if (written === 0) return false;
  await connection.write(sql.move, [tag]);
  await writeAudit(connection, sql, audit);
  return true;
}

export async function advanceEpoch(
  connection: MysqlConnection,
  sql: AllStatements,
  tag: Tag,
  { record, ifVersion, now, keepUntil, asker, audit }: Advance,
): Promise<'advanced' | 'not-live' | 'conflict'> {
  const text = mediumBlob(formatEpoch(record));
  const written =
    asker === undefined
      ? await connection.write(sql.advance, [text, keepUntil, key(tag), ifVersion])
      : await connection.write(sql.advanceFor, [
          ...[text, keepUntil, key(asker.hash), asker.serial],
          ...[key(tag), ifVersion, key(asker.id), key(asker.ifHash), now],
        ]);
  if (written === 0) {
    const [user] = await connection.rows(sql.lockUser, [key(tag)]);
    // A version never comes back: where it is the one that was read, it was the asker's session that did not do.
    return asker !== undefined && user !== undefined && numberOf(user[0]) === ifVersion ? 'not-live' : 'conflict';
  }
  await writeAudit(connection, sql, audit);
  return 'advanced';
}

/** Removes some sessions of a user, and tells how many. */
export async function removeOf(
  connection: MysqlConnection,
  sql: Statements,
  user: Tag,
  limit: string,
): Promise<number> {
  await connection.rows(sql.lockUser, [key(user)]);
  const removed = await connection.write(sql.removeOf, [key(user), limit]);
  if (removed > 0) await connection.write(sql.move, [key(user)]);
  return removed;
}

/** Ends those that are not over, and gives what the log says of them. */
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
