import {
  type Advance,
  type AuditRecord,
  type Ended,
  type FoundSession,
  memberTag,
  type SessionRef,
  type Tag,
  type TransactionPower,
} from '../../../src/adapter.ts';
import { SessionError, type SessionStore } from '../../../src/index.ts';
import { matching } from '../sql/found.ts';
import type { Readiness } from '../sql/readiness.ts';
import { refuseWithin } from '../sql/refuse-within.ts';
import { recordOf } from '../sql/session-rows.ts';
import { auditPower } from './audit.ts';
import type { MysqlClient, MysqlConnection } from './clients/client.ts';
import { REFUSED_IN_TRANSACTION } from './clients/lone-connection.ts';
import type { Ask } from './connection.ts';
import type { Context } from './context.ts';
import { isInTransaction, meaningOf } from './errors.ts';
import type { Tables } from './names.ts';
import { policyPowerWithin } from './policies.ts';
import { foundIn } from './rows.ts';
import { requireTables } from './setup.ts';
import { filledUp, key, numberOf, textOf } from './values.ts';
import { type LockedEpochs, lockEpochs, readSeenEpochs, requireSeen } from './verbs/epochs.ts';
import { find, list } from './verbs/reads.ts';
import { advance, end } from './verbs/writes.ts';

export const transactionPower = <Transaction>(
  client: MysqlClient<Transaction>,
  tables: Tables,
  readiness: Readiness,
  context: Context,
): TransactionPower<Transaction> => ({
  within(transaction) {
    const connection = client.within(transaction);
    const ask: Ask = (sql, parameters) => connection.rows(sql, parameters);
    const ready: Context['ready'] = async (method) => {
      try {
        readiness.requireOpen();
        // Checks before each method, because the transaction may have ended since the last one.
        await requireTransaction(connection);
        if (!readiness.isFresh) await requireTables(connection, tables);
        return await method();
      } catch (error) {
        throw meaningOf(error);
      }
    };
    return storeWithin({ ...context, ready, ask, askReliable: ask, transact: (step) => step(connection) });
  },
});

/**
 * A store in a transaction of the caller. The transaction may see an older snapshot (REPEATABLE READ is the default of
 * both dialects). So each decision reads under a lock, which waits for other writers and sees their commits.
 *
 * A lock on a missing row would lock the gap between its neighbours, and block sign-ins until the caller commits. So
 * only visible sessions are locked. If a session is not visible, its user's record tells whether it may be newer than
 * the snapshot. If it may be, the method fails with `SESSION_STORE_UNSAFE`. Records and policies that are not visible
 * are inserted, which detects existing ones.
 */
function storeWithin(context: Context): SessionStore {
  const { ready } = context;
  const locked: LockedEpochs = new Map();
  return {
    powers: {
      audit: { ...auditPower(context), prune: refuseWithin('audit.prune') },
      policies: policyPowerWithin(context),
    },
    readEpochs: (tags) => ready(() => readSeenEpochs(context, tags)),
    ensureEpochs: (requests) => ready(() => lockEpochs(context, requests, locked)),
    find: (realm, refs) => ready(() => lockSessions(context, realm, refs, locked)),
    // For display only, so it reads the caller's snapshot without a lock.
    list: (realm, user, page) => ready(() => list(context, realm, user, page)),
    end: (ref, ended, entries) => ready(() => endSeen(context, ref, ended, entries, locked)),
    advance: (tag, change) => ready(() => advanceSeen(context, tag, change, locked)),
    add: refuseWithin('add'),
    touch: refuseWithin('touch'),
    renew: refuseWithin('renew'),
    listUsers: refuseWithin('listUsers'),
    memberships: refuseWithin('memberships'),
    deleteSessions: refuseWithin('deleteSessions'),
    prune: refuseWithin('prune'),
    setup: refuseWithin('setup'),
    close: () => {},
  };
}

/**
 * Throws unless the connection is in a transaction. Outside of one, each write would be committed by itself, and no
 * lock would last.
 */
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

/** Tells whether the snapshot shows a session. Takes no lock. */
async function isSeen(context: Context, ref: SessionRef): Promise<boolean> {
  const [found] = await find(context, NO_REALM, [ref]);
  return found !== null && found !== undefined;
}

const NO_REALM = '' as Tag;

/** Ends a session that the snapshot shows. Throws if the session is not visible but may be newer than the snapshot. */
async function endSeen(
  context: Context,
  ref: SessionRef,
  ended: Ended,
  audit: readonly AuditRecord[],
  locked: LockedEpochs,
): Promise<boolean> {
  // Ignores the account: the session may have moved to another account since the snapshot.
  if (!(await isSeen(context, { id: ref.id, user: ref.user }))) {
    requireSeen(locked, ref.user);
    return false;
  }
  return end(context, ref, ended, audit);
}

async function advanceSeen(
  context: Context,
  tag: Tag,
  change: Advance,
  locked: LockedEpochs,
): Promise<'advanced' | 'not-live' | 'conflict'> {
  const { ask, statements } = context;
  // A locked record exists, although the snapshot may not show it.
  const { initiator, ifVersion, member } = change;
  for (const one of member === undefined ? [tag] : [tag, memberTag(tag, member)]) {
    if (locked.has(one)) continue;
    const [record] = await ask(statements.epochs(1), [key(one)]);
    if (record === undefined) return 'conflict';
  }
  if (initiator === undefined || (await isSeen(context, { id: initiator.id, user: tag }))) {
    return advance(context, tag, change);
  }
  requireSeen(locked, tag);
  const [current] = await ask(statements.lockUser, [key(tag)]);
  return current !== undefined && numberOf(current[0]) === ifVersion ? 'not-live' : 'conflict';
}

/**
 * Looks up sessions, and locks them with the records of their users and memberships. The records of the realm and the
 * accounts are only protected from changes, because many sessions share them.
 */
async function lockSessions(
  context: Context,
  realm: Tag,
  refs: readonly SessionRef[],
  locked: LockedEpochs,
): Promise<readonly (FoundSession | null)[]> {
  const { ask, statements, epochs } = context;
  const found: (FoundSession | null)[] = [];
  for (const ref of refs) {
    if (!(await isSeen(context, { id: ref.id, user: ref.user }))) {
      requireSeen(locked, ref.user);
      found.push(null);
      continue;
    }
    await ask(statements.lockUser, [key(ref.user)]);
    const [row] = await ask(statements.findLocked, [key(ref.id), key(ref.user)]);
    found.push(
      row === undefined
        ? null
        : matching(foundIn(epochs, [...row.slice(0, -2), null, null, ...row.slice(-2)], null), ref),
    );
  }

  if (found.every((one) => one === null)) return found;
  const accounts = found.map((one) => one?.session.accountTag ?? null).filter((tag) => tag !== null);
  const tags = filledUp([...new Set([realm, ...accounts])].map((tag) => key(tag)));
  const rows = await ask(statements.sharedRecords(tags.length), tags);
  const shared = new Map(rows.map(([tag, record]) => [textOf(tag), recordOf(textOf(record))]));
  return found.map((one) => {
    if (one === null) return null;
    const { session, epochs } = one;
    const account = session.accountTag === null ? null : (shared.get(session.accountTag) ?? null);
    return { session, epochs: { ...epochs, realm: shared.get(realm) ?? null, account } };
  });
}
