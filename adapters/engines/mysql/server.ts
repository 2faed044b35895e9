import { SessionError } from '../../../src/index.ts';
import type { MysqlConnection } from './client.ts';
import { textOf } from './values.ts';

/** The earliest that know `SKIP LOCKED` and recursive queries. */
const EARLIEST = { MariaDB: [10, 6, 0], MySQL: [8, 0, 11] } as const;

/** Which server, and of which version. */
export interface Server {
  readonly dialect: 'MariaDB' | 'MySQL';
  /** As the server tells it. */
  readonly version: string;
  readonly isSupported: boolean;
}

/** Takes a version apart, such as `10.11.6-MariaDB-1` and `8.0.36`. */
export function serverOf(version: string): Server {
  const dialect = /mariadb/i.test(version) ? 'MariaDB' : 'MySQL';
  const [, ...found] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  const earliest = EARLIEST[dialect];
  const differing = earliest.findIndex((part, at) => part !== Number(found[at]));
  const isSupported = differing === -1 || Number(found[differing]) > Number(earliest[differing]);
  return { dialect, version, isSupported };
}

/** What the store asks of a server. */
export const needed: string = `MariaDB ${EARLIEST.MariaDB.join('.')} or MySQL ${EARLIEST.MySQL.join('.')}`;

/** @throws `SessionError` `SESSION_STORE_UNSUPPORTED` for a server that is too old. */
export async function requireServer(connection: Pick<MysqlConnection, 'rows'>): Promise<void> {
  const [row] = await connection.rows('SELECT VERSION()', []);
  const { dialect, version, isSupported } = serverOf(textOf(row?.[0]));
  if (isSupported) return;
  const message = `the server is ${dialect} ${version}; sessions need at least ${needed}`;
  throw new SessionError('SESSION_STORE_UNSUPPORTED', message);
}

/**
 * How the connection stands, as one text in every look-up: autocommit, and whether the server only reads. Whether it is in
 * a transaction, MariaDB alone can tell; to MySQL that part is a comment.
 */
export const STATE: string =
  "CONCAT_WS(' ', @@autocommit, @@global.read_only, @@global.innodb_read_only /*M!100600 , @@in_transaction */)";

/** As MySQL tells it, MariaDB 10 and 11, and MariaDB where a driver or a version writes it otherwise. */
const SOUND: ReadonlySet<string> = new Set(['1 0 0', 'ON OFF OFF 0', '1 0 0 0', '1 OFF 0 0', '1 OFF OFF 0']);

/**
 * Whether what a look-up told can be relied on: neither of a replica nor of an older snapshot.
 * @throws `SessionError` `SESSION_STORE_UNSAFE` where not.
 */
export function requireState(state: unknown): void {
  const told = textOf(state);
  if (SOUND.has(told)) return;
  const [autocommit, readOnly, innodbReadOnly, inTransaction] = told
    .split(' ')
    .map((part) => part === '1' || part === 'ON');
  // Of MariaDB 12 there are more ways to be read-only than two.
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
      'a connection came from the pool within a transaction: a look-up would see an older snapshot; somebody released it without a commit or rollback',
    );
  }
}

const unsafe = (message: string): SessionError => new SessionError('SESSION_STORE_UNSAFE', message);
