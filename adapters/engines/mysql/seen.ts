import type { Advance, AuditRecord, Ended, FoundSession, PolicyWrite, SessionRef, Tag } from '../../../src/index.ts';
import type { MysqlConnection } from './client.ts';
import { type LockedEpochs, requireSeen } from './epochs.ts';
import { isDuplicate } from './failure.ts';
import { blob, filledUp, key } from './parameters.ts';
import { readPolicy, writePolicy } from './policies.ts';
import { findSessions, matching } from './reads.ts';
import { foundOf, recordOf } from './session-row.ts';
import { numberOf, textOf } from './values.ts';
import { type AllStatements, advanceEpoch, endSession } from './writes.ts';

// In a transaction of the caller's: nothing is locked that is not known to be there. See `storeWithin`.

/** Whether the caller's snapshot has such a session. Told without a lock. */
async function isSeen(connection: MysqlConnection, sql: AllStatements, ref: SessionRef): Promise<boolean> {
  const [found] = await findSessions(connection, sql, NO_REALM, [ref]);
  return found !== null && found !== undefined;
}

/** Sessions alone are looked for there, without their realm's record. */
const NO_REALM = '' as Tag;

/** Ends a session that is seen; one that may only be too young for that is an error. */
export async function endSeen(
  connection: MysqlConnection,
  sql: AllStatements,
  ref: SessionRef,
  ended: Ended,
  audit: readonly AuditRecord[],
  locked: LockedEpochs,
): Promise<boolean> {
  // In whichever account the snapshot has it: it may have been moved since.
  if (!(await isSeen(connection, sql, { id: ref.id, user: ref.user }))) {
    requireSeen(locked, ref.user);
    return false;
  }
  return endSession(connection, sql, ref, ended, audit);
}

/** Advances a record that is locked or seen, for an asker whose session is seen. */
export async function advanceSeen(
  connection: MysqlConnection,
  sql: AllStatements,
  tag: Tag,
  advance: Advance,
  locked: LockedEpochs,
): Promise<'advanced' | 'not-live' | 'conflict'> {
  // One that was made since the snapshot is there all the same once it is locked.
  if (!locked.has(tag)) {
    const [record] = await connection.rows(sql.epochs(1), [key(tag)]);
    if (record === undefined) return 'conflict';
  }
  const { asker, ifVersion } = advance;
  if (asker === undefined || (await isSeen(connection, sql, { id: asker.id, user: tag }))) {
    return advanceEpoch(connection, sql, tag, advance);
  }
  requireSeen(locked, tag);
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
  locked: LockedEpochs,
): Promise<readonly (FoundSession | null)[]> {
  const found: (FoundSession | null)[] = [];
  for (const ref of refs) {
    if (!(await isSeen(connection, sql, { id: ref.id, user: ref.user }))) {
      requireSeen(locked, ref.user);
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

/** A policy as it is now, kept from changing; one that is not there, from being set. */
export async function lockPolicy(
  connection: MysqlConnection,
  sql: AllStatements,
  account: Tag,
): Promise<string | null> {
  const seen = await readPolicy(connection, sql.policy, account);
  if (seen === null && (await claimPolicy(connection, sql, account))) return null;
  return readPolicy(connection, sql.sharedPolicy, account);
}

/**
 * Whether there is no policy, not even one that was set since the snapshot. To look for it under a lock would keep the
 * neighbours from being set; a row that is made and removed again is locked alone.
 */
async function claimPolicy(connection: MysqlConnection, sql: AllStatements, account: Tag): Promise<boolean> {
  try {
    await connection.write(sql.insertPolicy, [key(account), blob('')]);
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
  await connection.write(sql.removePolicy, [key(account)]);
  return true;
}

/** Replaces a policy that is there, or writes one where there is none. */
export async function setPolicy(
  connection: MysqlConnection,
  sql: AllStatements,
  write: PolicyWrite,
): Promise<'set' | 'conflict'> {
  // Also one that is not seen.
  const isThere = (await lockPolicy(connection, sql, write.account)) !== null;
  return isThere === (write.ifValue !== null) ? writePolicy(connection, sql, write) : 'conflict';
}
