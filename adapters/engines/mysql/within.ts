import { type AuditPower, type PolicyPower, SessionError, type SessionStore } from '../../../src/index.ts';
import { forgetUser, readAudit, writeAudit } from './audit.ts';
import type { MysqlConnection } from './client.ts';
import { type LockedEpochs, lockEpochs } from './epochs.ts';
import { explained, isInTransaction } from './failure.ts';
import { REFUSED_IN_TRANSACTION } from './lone-connection.ts';
import { listSessions } from './reads.ts';
import { advanceSeen, endSeen, lockPolicy, lockSessions, setPolicy } from './seen.ts';
import { numberOf } from './values.ts';
import type { AllStatements } from './writes.ts';

/**
 * The verbs within a transaction of the caller's. It may see an older snapshot (REPEATABLE READ is the default of both
 * dialects), so that what is decided by is read under a lock: that waits for whoever is writing, and sees what they
 * committed. To lock what is not there, though, would lock the gap between its neighbours, and nobody could sign in whose
 * session or record belongs in there, until the caller commits. So sessions are looked for without a lock first, and locked
 * only where they are seen. Of one that is not, its user's record tells whether it may be younger than the snapshot: then
 * it is `SESSION_STORE_UNSAFE`. Records and policies that are not seen are made, which comes upon those that are there.
 */
export function storeWithin(connection: MysqlConnection, sql: AllStatements): SessionStore {
  const locked: LockedEpochs = new Map();

  // Whether the store is ready is not looked at: where the pool has one connection, the caller holds it.
  async function ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      // Each time: it may be over since the last one.
      await requireTransaction(connection);
      return await question();
    } catch (error) {
      throw explained(error);
    }
  }

  const audit: AuditPower = {
    append: (records) => ask(() => writeAudit(connection, sql, records)),
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
    epochs: (requests) => ask(() => lockEpochs(connection, sql, requests, locked)),
    find: (realm, refs) => ask(() => lockSessions(connection, sql, realm, refs, locked)),
    // For display: as of the caller's snapshot, and without a lock.
    list: (realm, user, page) => ask(() => listSessions(connection, sql, realm, user, page)),
    end: (ref, ended, records) => ask(() => endSeen(connection, sql, ref, ended, records, locked)),
    advance: (tag, advance) => ask(() => advanceSeen(connection, sql, tag, advance, locked)),
    add: () => absent('add'),
    touch: () => absent('touch'),
    renew: () => absent('renew'),
    users: () => absent('users'),
    remove: () => absent('remove'),
    prune: () => absent('prune'),
    setup: () => absent('setup'),
    close: () => {},
  };
}

const absent = (verb: string): Promise<never> =>
  Promise.reject(new SessionError('SESSION_STORE_LACKS_POWER', `${verb} cannot be done within a transaction`));

/** Without one, each write would be committed by itself, and no lock would last. */
async function requireTransaction(connection: MysqlConnection): Promise<void> {
  try {
    await connection.command(REFUSED_IN_TRANSACTION);
  } catch (error) {
    if (isInTransaction(error)) return;
    throw error;
  }
  // One begins by itself where autocommit is off.
  const [row] = await connection.rows('SELECT @@autocommit', []);
  if (numberOf(row?.[0]) === 0) return;
  throw new SessionError(
    'SESSION_STORE_UNSAFE',
    'the connection given to within() is in no transaction, or no longer: begin one on it and await that, and await what ' +
      'within does before the transaction ends',
  );
}
