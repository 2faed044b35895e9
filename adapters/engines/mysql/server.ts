import { SessionError } from '../../../src/index.ts';
import type { MysqlConnection } from './clients/client.ts';
import { textOf } from './values.ts';

/** The earliest versions with `SKIP LOCKED` and recursive queries. */
const EARLIEST = { MariaDB: [10, 6, 0], MySQL: [8, 0, 11] } as const;

export interface Server {
  readonly dialect: 'MariaDB' | 'MySQL';
  readonly version: string;
  readonly isSupported: boolean;
}

export function serverOf(version: string): Server {
  const dialect = /mariadb/i.test(version) ? 'MariaDB' : 'MySQL';
  const [, ...found] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  const earliest = EARLIEST[dialect];
  const differing = earliest.findIndex((part, at) => part !== Number(found[at]));
  const isSupported = differing === -1 || Number(found[differing]) > Number(earliest[differing]);
  return { dialect, version, isSupported };
}

export const needed: string = `MariaDB ${EARLIEST.MariaDB.join('.')} or MySQL ${EARLIEST.MySQL.join('.')}`;

export async function requireServer(connection: Pick<MysqlConnection, 'rows'>): Promise<void> {
  const [row] = await connection.rows('SELECT VERSION()', []);
  const { dialect, version, isSupported } = serverOf(textOf(row?.[0]));
  if (isSupported) return;
  const message = `the server is ${dialect} ${version}; sessions need at least ${needed}`;
  throw new SessionError('SESSION_STORE_UNSUPPORTED', message);
}

/**
 * SQL for the state of a connection: autocommit, read-only, and in MariaDB whether it is in a transaction. For MySQL,
 * the last part is a comment.
 */
export const STATE: string =
  "CONCAT_WS(' ', @@autocommit, @@global.read_only, @@global.innodb_read_only /*M!100600 , @@in_transaction */)";

/** The reliable states of MySQL, of MariaDB 10 and 11, and of MariaDB with other drivers or versions. */
const SOUND: ReadonlySet<string> = new Set(['1 0 0', 'ON OFF OFF 0', '1 0 0 0', '1 OFF 0 0', '1 OFF OFF 0']);

/**
 * Checks the state of a connection, as {@link STATE} selects it.
 * @throws `SESSION_STORE_UNSAFE` if a look-up may come from a replica or an older snapshot.
 */
export function requireState(state: unknown): void {
  const told = textOf(state);
  if (SOUND.has(told)) return;
  const [autocommit, readOnly, innodbReadOnly, inTransaction] = told
    .split(' ')
    .map((part) => part === '1' || part === 'ON');
  // MariaDB 12 has more than two read-only states.
  if (readOnly || innodbReadOnly || !/^\S+ (0|OFF) /.test(told)) {
    throw unsafe(
      'the server only reads: it may be a replica, where what was revoked is still accepted; ask the primary',
    );
  }
  if (!autocommit) {
    throw unsafe('autocommit is off: a look-up would see an older snapshot; leave autocommit on for this client');
  }
  if (inTransaction) {
    throw unsafe(
      'a connection came from the pool within a transaction, so a look-up would see an older snapshot: end each transaction ' +
        'before you release its connection',
    );
  }
}

const unsafe = (message: string): SessionError => new SessionError('SESSION_STORE_UNSAFE', message);

/** Variables of the server. Those that a server does not have are missing. */
export type Settings = ReadonlyMap<string, string>;

const NAMES = [
  ...['transaction_isolation', 'tx_isolation'],
  ...['autocommit', 'sql_mode', 'read_only', 'innodb_read_only'],
  ...[
    'innodb_flush_log_at_trx_commit',
    'innodb_flush_method',
    'innodb_doublewrite',
    'log_bin',
    'sync_binlog',
    'binlog_format',
  ],
  // Clusters with several primaries: Galera, and MySQL's Group Replication.
  ...['wsrep_on', 'wsrep_sync_wait', 'group_replication_single_primary_mode', 'group_replication_consistency'],
];

export async function readSettings(connection: Pick<MysqlConnection, 'rows'>): Promise<Settings> {
  const names = NAMES.map((name) => `'${name}'`).join(', ');
  const rows = await connection.rows(`SHOW VARIABLES WHERE Variable_name IN (${names})`, []);
  return new Map(rows.map(([name, value]) => [textOf(name).toLowerCase(), textOf(value).toUpperCase()]));
}

export const isolationOf = (settings: Settings): string =>
  settings.get('transaction_isolation') ?? settings.get('tx_isolation') ?? 'unknown';

export const isOn = (settings: Settings, name: string): boolean => ['ON', '1'].includes(settings.get(name) ?? '');

/**
 * Checks the isolation level of a connection.
 * @throws `SESSION_STORE_UNSAFE` if a look-up may see uncommitted data, or several snapshots.
 */
export async function requireIsolation(connection: Pick<MysqlConnection, 'rows'>): Promise<void> {
  if (isolationOf(await readSettings(connection)) !== 'READ-UNCOMMITTED') return;
  throw new SessionError(
    'SESSION_STORE_UNSAFE',
    'connections read what is not committed: leave transaction_isolation at REPEATABLE-READ or READ-COMMITTED',
  );
}

/** Modes of MariaDB in which an empty string is NULL, and strings and dates are other types. */
const REFUSED_MODES = ['ORACLE', 'EMPTY_STRING_IS_NULL'];

export const refusedModes = (sqlMode: string): readonly string[] =>
  sqlMode.split(',').filter((mode) => REFUSED_MODES.includes(mode));

export async function requireMode(connection: Pick<MysqlConnection, 'rows'>): Promise<void> {
  const [row] = await connection.rows('SELECT @@sql_mode', []);
  const modes = refusedModes(textOf(row?.[0] ?? ''));
  if (modes.length === 0) return;
  throw new SessionError(
    'SESSION_STORE_UNSUPPORTED',
    `sql_mode has ${modes.join(' and ')}, in which an empty text is NULL: leave it out of sql_mode for this client`,
  );
}
