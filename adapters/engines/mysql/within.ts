import {
  type Advance,
  type AuditPower,
  type AuditRecord,
  type Ended,
  type FoundSession,
  memberTag,
  type PolicyPower,
  type RecordCache,
  type SessionRef,
  type Tag,
  type TransactionPower,
} from '../../../src/adapter.ts';
import { SessionError, type SessionStore } from '../../../src/index.ts';
import { matching } from '../sql/found.ts';
import { forgetUser, readAudit, writeAudit } from './audit.ts';
import type { MysqlConnection } from './clients/client.ts';
import { REFUSED_IN_TRANSACTION } from './clients/lone-connection.ts';
import type { Context } from './context.ts';
import { explained, isInTransaction } from './errors.ts';
import { lockPolicy, setPolicy } from './policies.ts';
import { foundWithId, recordOf } from './rows.ts';
import { requireTables } from './setup.ts';
import type { Statements } from './statements/index.ts';
import { filledUp, key, numberOf, textOf } from './values.ts';
import { type LockedEpochs, lockEpochs, readSeenEpochs, requireSeen } from './verbs/epochs.ts';
import { find, list } from './verbs/reads.ts';
import { advance, end } from './verbs/writes.ts';

export const transactionPower = <Transaction>({
  client,
  tables,
  sql,
  records,
  readiness,
}: Context<Transaction>): TransactionPower<Transaction> => ({
  within(transaction) {
    const connection = client.within(transaction);
    return storeWithin(connection, sql, records, async () => {
      if (!readiness.isFresh) await requireTables(connection, tables);
    });
  },
});

/**
 * The caller's transaction may see an older snapshot (REPEATABLE READ is the default of both dialects). Decisions
 * therefore read under a lock, which waits for other writers and sees their commits.
 *
 * A lock on a missing row would lock the gap between its neighbours, and block sign-ins until the caller commits.
 * Therefore only visible sessions are locked. If one is not visible, its user's record tells whether it may be newer
 * than the snapshot; then the method fails with `SESSION_STORE_UNSAFE`. Records and policies that are not visible are
 * inserted, which detects existing ones.
 */
function storeWithin(
  connection: MysqlConnection,
  sql: Statements,
  records: RecordCache,
  requireReady: () => Promise<void>,
): SessionStore {
  const locked: LockedEpochs = new Map();

  async function ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      // Checks before each statement, because the transaction may have ended since the last one.
      await requireTransaction(connection);
      await requireReady();
      return await question();
    } catch (error) {
      throw explained(error);
    }
  }

  const audit: AuditPower = {
    append: (entries) => ask(() => writeAudit(connection, sql, entries)),
    read: (page) => ask(() => readAudit(connection, sql, page)),
    forget: (user, limit) => ask(() => forgetUser(connection, sql, user, limit)),
    prune: () => absent('audit.prune'),
  };
  const policies: PolicyPower = {
    get: (account) => ask(() => lockPolicy(connection, sql, account)),
    set: (write) => ask(() => setPolicy(connection, sql, write)),
  };

  return {
    powers: { audit, policies },
    readEpochs: (tags) => ask(() => readSeenEpochs(connection, sql, records, tags)),
    ensureEpochs: (requests) => ask(() => lockEpochs(connection, sql, records, requests, locked)),
    find: (realm, refs) => ask(() => lockSessions(connection, sql, records, realm, refs, locked)),
    // For display only, so it reads the caller's snapshot without a lock.
    list: (realm, user, page) => ask(() => list(connection, sql, records, realm, user, page)),
    end: (ref, ended, entries) => ask(() => endSeen(connection, sql, records, ref, ended, entries, locked)),
    advance: (tag, advance) => ask(() => advanceSeen(connection, sql, records, tag, advance, locked)),
    add: () => absent('add'),
    touch: () => absent('touch'),
    renew: () => absent('renew'),
    listUsers: () => absent('listUsers'),
    memberships: () => absent('memberships'),
    deleteSessions: () => absent('deleteSessions'),
    prune: () => absent('prune'),
    setup: () => absent('setup'),
    close: () => {},
  };
}

const absent = (verb: string): Promise<never> =>
  Promise.reject(new SessionError('SESSION_STORE_LACKS_POWER', `${verb} cannot be done within a transaction`));

/** Outside of a transaction, each write would be committed by itself, and no lock would last. */
async function requireTransaction(connection: MysqlConnection): Promise<void> {
  try {
    await connection.command(REFUSED_IN_TRANSACTION);
  } catch (error) {
    if (isInTransaction(error)) return;
    throw error;
  }
  // With autocommit off, a transaction begins by itself.
  const [row] = await connection.rows('SELECT @@autocommit', []);
  if (numberOf(row?.[0]) === 0) return;
  throw new SessionError(
    'SESSION_STORE_UNSAFE',
    'the connection given to within() is in no transaction, or no longer: begin one on it and await that, and await what ' +
      'within does before the transaction ends',
  );
}

/** Takes no lock. */
async function isSeen(
  connection: MysqlConnection,
  sql: Statements,
  records: RecordCache,
  ref: SessionRef,
): Promise<boolean> {
  const [found] = await find(connection, sql, records, NO_REALM, [ref]);
  return found !== null && found !== undefined;
}

const NO_REALM = '' as Tag;

/** Throws if the session is not visible but may be newer than the snapshot. */
async function endSeen(
  connection: MysqlConnection,
  sql: Statements,
  records: RecordCache,
  ref: SessionRef,
  ended: Ended,
  audit: readonly AuditRecord[],
  locked: LockedEpochs,
): Promise<boolean> {
  // Ignores the account: the session may have moved to another account since the snapshot.
  if (!(await isSeen(connection, sql, records, { id: ref.id, user: ref.user }))) {
    requireSeen(locked, ref.user);
    return false;
  }
  return end(connection, sql, ref, ended, audit);
}

async function advanceSeen(
  connection: MysqlConnection,
  sql: Statements,
  records: RecordCache,
  tag: Tag,
  change: Advance,
  locked: LockedEpochs,
): Promise<'advanced' | 'not-live' | 'conflict'> {
  // A locked record exists, even if it was created after the snapshot and is not visible.
  const { initiator, ifVersion, member } = change;
  for (const one of member === undefined ? [tag] : [tag, memberTag(tag, member)]) {
    if (locked.has(one)) continue;
    const [record] = await connection.rows(sql.epochs(1), [key(one)]);
    if (record === undefined) return 'conflict';
  }
  if (initiator === undefined || (await isSeen(connection, sql, records, { id: initiator.id, user: tag }))) {
    return advance(connection, sql, tag, change);
  }
  requireSeen(locked, tag);
  const [current] = await connection.rows(sql.lockUser, [key(tag)]);
  return current !== undefined && numberOf(current[0]) === ifVersion ? 'not-live' : 'conflict';
}

/** The records of the realm and the accounts are only protected from changes, because many sessions share them. */
async function lockSessions(
  connection: MysqlConnection,
  sql: Statements,
  records: RecordCache,
  realm: Tag,
  refs: readonly SessionRef[],
  locked: LockedEpochs,
): Promise<readonly (FoundSession | null)[]> {
  const found: (FoundSession | null)[] = [];
  for (const ref of refs) {
    if (!(await isSeen(connection, sql, records, { id: ref.id, user: ref.user }))) {
      requireSeen(locked, ref.user);
      found.push(null);
      continue;
    }
    await connection.rows(sql.lockUser, [key(ref.user)]);
    const [row] = await connection.rows(sql.findLocked, [key(ref.id), key(ref.user)]);
    found.push(
      row === undefined
        ? null
        : matching(foundWithId(records, [...row.slice(0, -2), null, null, ...row.slice(-2)]), ref),
    );
  }

  if (found.every((one) => one === null)) return found;
  const accounts = found.map((one) => one?.session.accountTag ?? null).filter((tag) => tag !== null);
  const tags = filledUp([...new Set([realm, ...accounts])].map((tag) => key(tag)));
  const rows = await connection.rows(sql.sharedRecords(tags.length), tags);
  const shared = new Map(rows.map(([tag, record]) => [textOf(tag), recordOf(records, record)]));
  return found.map((one) => {
    if (one === null) return null;
    const { session, epochs } = one;
    const account = session.accountTag === null ? null : (shared.get(session.accountTag) ?? null);
    return { session, epochs: { ...epochs, realm: shared.get(realm) ?? null, account } };
  });
}
