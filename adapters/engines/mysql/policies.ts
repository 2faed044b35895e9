import type { PolicyPower, PolicyWrite, Tag } from '../../../src/adapter.ts';
import { writeAudit } from './audit.ts';
import type { MysqlConnection } from './clients/client.ts';
import { transact } from './connection.ts';
import type { Context } from './context.ts';
import { isDuplicate } from './errors.ts';
import type { Statements } from './statements/index.ts';
import { blob, key, textOf } from './values.ts';

export const policyPower = ({ client, sql, readiness }: Context): PolicyPower => ({
  get: (account) => readiness.ask(() => readPolicy(client, sql.policy, account)),
  set: (write) => readiness.ask(() => transact(client, (connection) => writePolicy(connection, sql, write))),
});

async function readPolicy(reader: Pick<MysqlConnection, 'rows'>, sql: string, account: Tag): Promise<string | null> {
  const [row] = await reader.rows(sql, [key(account)]);
  return row === undefined ? null : textOf(row[0]);
}

async function writePolicy(
  connection: MysqlConnection,
  sql: Statements,
  { account, value, ifValue, audit }: PolicyWrite,
): Promise<'set' | 'conflict'> {
  if (ifValue === null) {
    // Inserts without a lookup: a lock on a missing row would block inserts of neighbouring rows, too.
    try {
      await connection.write(sql.insertPolicy, [key(account), blob(value)]);
    } catch (error) {
      if (isDuplicate(error)) return 'conflict';
      throw error;
    }
  } else {
    if ((await readPolicy(connection, sql.lockPolicy, account)) !== ifValue) return 'conflict';
    await connection.write(sql.replacePolicy, [blob(value), key(account)]);
  }
  await writeAudit(connection, sql, audit);
  return 'set';
}

/** The policy cannot change, or be set, until the transaction ends. */
export async function lockPolicy(connection: MysqlConnection, sql: Statements, account: Tag): Promise<string | null> {
  const seen = await readPolicy(connection, sql.policy, account);
  if (seen === null && (await claimPolicy(connection, sql, account))) return null;
  return readPolicy(connection, sql.sharedPolicy, account);
}

/**
 * Also knows a policy that was set since the snapshot. A locking read would block inserts of neighbouring rows.
 * Inserting and removing a row locks only that row.
 */
async function claimPolicy(connection: MysqlConnection, sql: Statements, account: Tag): Promise<boolean> {
  try {
    await connection.write(sql.insertPolicy, [key(account), blob('')]);
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
  await connection.write(sql.removePolicy, [key(account)]);
  return true;
}

export async function setPolicy(
  connection: MysqlConnection,
  sql: Statements,
  write: PolicyWrite,
): Promise<'set' | 'conflict'> {
  // Also finds a policy that is not visible in the snapshot.
  const isThere = (await lockPolicy(connection, sql, write.account)) !== null;
  return isThere === (write.ifValue !== null) ? writePolicy(connection, sql, write) : 'conflict';
}
