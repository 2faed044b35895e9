import { SessionError } from '../../../src/index.ts';
import type { MysqlConnection } from './client.ts';
import { textOf } from './values.ts';

/** What the server, or the connection, is set to, by the names of the variables; those that a server does not have are missing. */
export type Settings = ReadonlyMap<string, string>;

const NAMES = [
  // The isolation of transactions, as each dialect calls it.
  ...['transaction_isolation', 'tx_isolation'],
  ...['autocommit', 'read_only', 'innodb_read_only'],
  ...['innodb_flush_log_at_trx_commit', 'innodb_doublewrite', 'log_bin', 'sync_binlog', 'binlog_format'],
  // Clusters of several primaries: Galera, and MySQL's Group Replication.
  ...['wsrep_on', 'wsrep_sync_wait', 'group_replication_single_primary_mode', 'group_replication_consistency'],
];

export async function readSettings(connection: Pick<MysqlConnection, 'rows'>): Promise<Settings> {
  const names = NAMES.map((name) => `'${name}'`).join(', ');
  const rows = await connection.rows(`SHOW VARIABLES WHERE Variable_name IN (${names})`, []);
  return new Map(rows.map(([name, value]) => [textOf(name).toLowerCase(), textOf(value).toUpperCase()]));
}

/** How transactions are isolated, such as `'REPEATABLE-READ'`. */
export const isolationOf = (settings: Settings): string =>
  settings.get('transaction_isolation') ?? settings.get('tx_isolation') ?? 'unknown';

export const isOn = (settings: Settings, name: string): boolean => ['ON', '1'].includes(settings.get(name) ?? '');

/**
 * Whether a look-up sees only what was committed, all as of one moment.
 * @throws `SessionError` `SESSION_STORE_UNSAFE` where it may not.
 */
export async function requireIsolation(connection: Pick<MysqlConnection, 'rows'>): Promise<void> {
  if (isolationOf(await readSettings(connection)) !== 'READ-UNCOMMITTED') return;
  throw new SessionError(
    'SESSION_STORE_UNSAFE',
    'connections read what is not committed: leave transaction_isolation at REPEATABLE-READ or READ-COMMITTED',
  );
}
