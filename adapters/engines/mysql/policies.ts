import type { PolicyPower, PolicyWrite, Tag } from '../../../src/adapter.ts';
import { writeAudit } from './audit.ts';
import type { MysqlConnection, MysqlRow } from './clients/client.ts';
import type { Context } from './context.ts';
import { isDuplicate } from './errors.ts';
import type { Statements } from './statements/index.ts';
import { blob, key, textOf } from './values.ts';

export const policyPower = ({ ready, ask, transact, statements }: Context): PolicyPower => ({
  get: (account) => ready(async () => policyOf(await ask(statements.policy, [key(account)]))),
  set: (write) => ready(() => transact((connection) => writePolicy(connection, statements, write))),
});

/**
 * Policies in a transaction of the caller. Once read, a policy cannot change, or be set, until the transaction ends.
 */
export const policyPowerWithin = ({ ready, transact, statements }: Context): PolicyPower => ({
  get: (account) => ready(() => transact((connection) => lockPolicy(connection, statements, account))),
  set: (write) => ready(() => transact((connection) => setPolicy(connection, statements, write))),
});

async function writePolicy(
  connection: MysqlConnection,
  statements: Statements,
  { account, value, ifValue, audit }: PolicyWrite,
): Promise<'set' | 'conflict'> {
  if (ifValue === null) {
    // Inserts without a lookup: a lock on a missing row would block inserts of neighbouring rows, too.
    try {
      await connection.write(statements.insertPolicy, [key(account), blob(value)]);
    } catch (error) {
      if (isDuplicate(error)) return 'conflict';
      throw error;
    }
  } else {
    if (policyOf(await connection.rows(statements.lockPolicy, [key(account)])) !== ifValue) return 'conflict';
    await connection.write(statements.replacePolicy, [blob(value), key(account)]);
  }
  await writeAudit(connection, statements, audit);
  return 'set';
}

async function lockPolicy(connection: MysqlConnection, statements: Statements, account: Tag): Promise<string | null> {
  const seen = await connection.rows(statements.policy, [key(account)]);
  if (seen.length === 0 && (await claimPolicy(connection, statements, account))) return null;
  return policyOf(await connection.rows(statements.sharedPolicy, [key(account)]));
}

async function setPolicy(
  connection: MysqlConnection,
  statements: Statements,
  write: PolicyWrite,
): Promise<'set' | 'conflict'> {
  // Also finds a policy that is not visible in the snapshot.
  const isThere = (await lockPolicy(connection, statements, write.account)) !== null;
  return isThere === (write.ifValue !== null) ? writePolicy(connection, statements, write) : 'conflict';
}

/**
 * Returns true if an account has no policy, and keeps other transactions from setting one. Also detects a policy that
 * was set since the snapshot. A locking read would block inserts of neighbouring rows. Inserting and removing a row
 * locks only that row.
 */
async function claimPolicy(connection: MysqlConnection, statements: Statements, account: Tag): Promise<boolean> {
  try {
    await connection.write(statements.insertPolicy, [key(account), blob('')]);
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
  await connection.write(statements.removePolicy, [key(account)]);
  return true;
}

const policyOf = ([row]: readonly MysqlRow[]): string | null => (row === undefined ? null : textOf(row[0]));
