import type { PolicyWrite, Tag } from '../../../src/adapter.ts';
import { writeAudit } from './audit.ts';
import type { AuditStatements } from './audit-statements.ts';
import type { MysqlConnection } from './clients/client.ts';
import { isDuplicate } from './errors.ts';
import { blob, key, textOf } from './values.ts';

export async function readPolicy(
  reader: Pick<MysqlConnection, 'rows'>,
  sql: string,
  account: Tag,
): Promise<string | null> {
  const [row] = await reader.rows(sql, [key(account)]);
  return row === undefined ? null : textOf(row[0]);
}

/** Writes a policy, within a transaction, unless it has changed since it was read. */
export async function writePolicy(
  connection: MysqlConnection,
  sql: AuditStatements,
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
