import type { PolicyWrite, Tag } from '../../../src/index.ts';
import { writeAudit } from './audit.ts';
import type { AuditStatements } from './audit-statements.ts';
import type { MysqlConnection } from './client.ts';
import { isDuplicate } from './failure.ts';
import { blob, key } from './parameters.ts';
import { textOf } from './values.ts';

/** The policy of an account, or `null`. */
export async function readPolicy(
  reader: Pick<MysqlConnection, 'rows'>,
  sql: string,
  account: Tag,
): Promise<string | null> {
  const [row] = await reader.rows(sql, [key(account)]);
  return row === undefined ? null : textOf(row[0]);
}

/** Writes a policy, within a transaction, if the one that was read is still there. */
export async function writePolicy(
  connection: MysqlConnection,
  sql: AuditStatements,
  { account, value, ifValue, audit }: PolicyWrite,
): Promise<'set' | 'conflict'> {
  if (ifValue === null) {
    // Not looked for before: a lock on what is not there would keep out the neighbours, too.
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
