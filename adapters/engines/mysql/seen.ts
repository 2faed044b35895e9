import type { Advance, AuditRecord, Ended, FoundSession, PolicyWrite, SessionRef, Tag } from '../../../src/index.ts';
import type { MysqlConnection } from './client.ts';
import { filledUp, key } from './parameters.ts';
import { readPolicy, writePolicy } from './policies.ts';
import { findSessions, matching } from './reads.ts';
import { foundOf, recordOf } from './session-row.ts';
import { numberOf, textOf } from './values.ts';
import { type AllStatements, advanceEpoch, endSession } from './writes.ts';

// In a transaction of the caller's: nothing is locked that its snapshot does not have. See `storeWithin`.

/** Whether the caller's snapshot has such a session. Told without a lock. */
async function isSeen(connection: MysqlConnection, sql: AllStatements, ref: SessionRef): Promise<boolean> {
  const [found] = await findSessions(connection, sql, NO_REALM, [ref]);
  return found !== null && found !== undefined;
}

/** Sessions alone are looked for there, without their realm's record. */
const NO_REALM = '' as Tag;

/** Ends a session that is seen. */
export async function endSeen(
  connection: MysqlConnection,
  sql: AllStatements,
  ref: SessionRef,
  ended: Ended,
  audit: readonly AuditRecord[],
): Promise<boolean> {
  // In whichever account the snapshot has it: it may have been moved since.
  if (!(await isSeen(connection, sql, { id: ref.id, user: ref.user }))) return false;
  return endSession(connection, sql, ref, ended, audit);
}

/** Advances a record that is seen, for an asker whose session is. */
export async function advanceSeen(
  connection: MysqlConnection,
  sql: AllStatements,
  tag: Tag,
  advance: Advance,
): Promise<'advanced' | 'not-live' | 'conflict'> {
  const [record] = await connection.rows(sql.epochs(1), [key(tag)]);
  if (record === undefined) return 'conflict';
  const { asker, ifVersion } = advance;
  if (asker === undefined || (await isSeen(connection, sql, { id: asker.id, user: tag }))) {
    return advanceEpoch(connection, sql, tag, advance);
  }
  const [current] = await connection.rows(sql.lockUser, [key(tag)]);
  return current !== undefined && numberOf(current[0]) === ifVersion ? 'not-live' : 'conflict';
}

/**
 * Sessions that are seen, as they are now, locked with their users' records. Those of the realm and the accounts are only
 * kept from changing: they belong to many.
 */
export async function lockSessions(
  connection: MysqlConnection,
  sql: AllStatements,
  realm: Tag,
  refs: readonly SessionRef[],
): Promise<readonly (FoundSession | null)[]> {
  const found: (FoundSession | null)[] = [];
  for (const ref of refs) {
    if (!(await isSeen(connection, sql, { id: ref.id, user: ref.user }))) {
      found.push(null);
      continue;
    }
    await connection.rows(sql.lockUser, [key(ref.user)]);
    const [row] = await connection.rows(sql.findLocked, [key(ref.id), key(ref.user)]);
    found.push(row === undefined ? null : matching(foundOf([...row.slice(0, -1), null, null, row.at(-1)]), ref));
  }

  if (found.every((one) => one === null)) return found;
  const accounts = found.map((one) => one?.session.accountTag ?? null).filter((tag) => tag !== null);
  const tags = filledUp([...new Set([realm, ...accounts])].map((tag) => key(tag)));
  const rows = await connection.rows(sql.sharedRecords(tags.length), tags);
  const records = new Map(rows.map(([tag, record]) => [textOf(tag), recordOf(record)]));
  return found.map((one) => {
    if (one === null) return null;
    const { session, epochs } = one;
    const account = session.accountTag === null ? null : (records.get(session.accountTag) ?? null);
    return { session, epochs: { ...epochs, realm: records.get(realm) ?? null, account } };
  });
}

/** A policy that is seen, as it is now, kept from changing. */
export async function lockPolicy(
  connection: MysqlConnection,
  sql: AllStatements,
  account: Tag,
): Promise<string | null> {
  const seen = await readPolicy(connection, sql.policy, account);
  return seen === null ? null : readPolicy(connection, sql.sharedPolicy, account);
}

/** Replaces a policy that is seen, or writes one where there is none. */
export async function setPolicy(
  connection: MysqlConnection,
  sql: AllStatements,
  write: PolicyWrite,
): Promise<'set' | 'conflict'> {
  const seen = await readPolicy(connection, sql.policy, write.account);
  return (seen === null) === (write.ifValue === null) ? writePolicy(connection, sql, write) : 'conflict';
}
