import { type Tables, tablesOf } from './names.ts';

/** The comment of every table of this library. */
export const MARK = 'session-revocation';

/**
 * A table or column that a step adds. The server commits each addition by itself, so a crash may leave a step half
 * done. Check first whether the addition exists.
 */
export interface Addition {
  readonly table: 'sessions' | 'epochs' | 'audit' | 'outbox' | 'policies' | 'changes' | 'meta';
  /** Left out if the addition is the table itself. */
  readonly column?: string | undefined;
  readonly sql: string;
}

export interface Step {
  readonly additions: (tables: Tables) => readonly Addition[];
  /** The oldest schema version whose code still works after this step. A step that only adds does not change it. */
  readonly oldest: number;
}

/**
 * The steps that create and upgrade the tables. Never change a released step. A step should only add, with defaults:
 * processes of the previous version keep running.
 */
export const STEPS: readonly Step[] = [{ additions: firstVersion, oldest: 1 }];

/** Options of {@link mysqlSchema}. */
export interface MysqlSchemaOptions {
  /** Prefix of the table names, as for `mysqlStore`. Default `'session_revocation_'`. */
  readonly prefix?: string | undefined;
  /** The existing version of the tables. Default 0, for none. */
  readonly from?: number | undefined;
}

/**
 * Returns the schema as SQL, for a migration tool. Each statement ends in a semicolon and contains no other. Apply it
 * once; a second run fails and changes nothing.
 * @param options the prefix of the table names, and the existing version. Default: all tables.
 * @returns SQL without parameters; empty if `from` is the latest version.
 * @throws `TypeError` for an invalid prefix, and for a version that does not exist.
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { mysqlSchema } from 'session-revocation/mysql';
 *
 * writeFileSync('migrations/001_sessions.sql', mysqlSchema());
 * ```
 */
export function mysqlSchema({ prefix, from = 0 }: MysqlSchemaOptions = {}): string {
  if (!Number.isInteger(from) || from < 0 || from > STEPS.length) {
    throw new TypeError(`from is a version of the schema, from 0 to ${STEPS.length}`);
  }
  const tables = tablesOf(prefix);
  const additions = STEPS.slice(from).flatMap((step) => step.additions(tables).map(({ sql }) => sql));
  if (additions.length === 0) return '';
  return [...additions, recordVersion(tables, STEPS)].map((sql) => `${sql};\n`).join('\n');
}

export const recordVersion = ({ meta }: Tables, steps: readonly Step[]): string =>
  `INSERT INTO ${meta} (id, session_revocation, oldest) VALUES (1, ${steps.length}, ${steps.at(-1)?.oldest ?? 0}), (2, 0, 0) ` +
  'ON DUPLICATE KEY UPDATE session_revocation = VALUES(session_revocation), oldest = VALUES(oldest)';

export const readVersions = ({ meta }: Tables): string => `SELECT session_revocation, oldest FROM ${meta} WHERE id = 1`;

// Columns hold bytes: no collation treats two ids as equal, and no character set of a connection changes a text.
const OPTIONS = `ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, DEFAULT CHARACTER SET = utf8mb4, COLLATE = utf8mb4_bin, COMMENT = '${MARK}'`;

function firstVersion(tables: Tables): readonly Addition[] {
  return [
    {
      table: 'meta',
      sql: `CREATE TABLE ${tables.meta} (
  id TINYINT NOT NULL PRIMARY KEY COMMENT '1 is the version, 2 is locked to number the changes',
  session_revocation INT NOT NULL COMMENT 'the version of these tables',
  oldest INT NOT NULL COMMENT 'the oldest version whose code works on these tables'
) ${OPTIONS}`,
    },
    {
      table: 'epochs',
      sql: `CREATE TABLE ${tables.epochs} (
  tag VARBINARY(255) NOT NULL PRIMARY KEY,
  record MEDIUMBLOB NOT NULL COMMENT 'JSON',
  version BIGINT NOT NULL,
  keep_until BIGINT COMMENT 'Unix ms, NULL is for ever',
  KEY due (keep_until)
) ${OPTIONS}`,
    },
    {
      // Values that statements compare or sort by have a column of their own. The others share one column, because each
      // column costs time.
      table: 'sessions',
      sql: `CREATE TABLE ${tables.sessions} (
  id VARBINARY(255) NOT NULL PRIMARY KEY,
  user_tag VARBINARY(255) NOT NULL,
  account_tag VARBINARY(255),
  credential VARBINARY(255) NOT NULL,
  serial BIGINT NOT NULL,
  created_at BIGINT NOT NULL COMMENT 'Unix ms, as all times',
  last_used_at BIGINT NOT NULL,
  expires_at BIGINT,
  idle BIGINT COMMENT 'ms',
  ended_at BIGINT,
  over_at BIGINT GENERATED ALWAYS AS (
    COALESCE(ended_at, LEAST(expires_at, last_used_at + idle), expires_at, last_used_at + idle)
  ) STORED COMMENT 'when it is over by itself, NULL is never',
  revision BIGINT NOT NULL DEFAULT 0 COMMENT 'so that a renewal is never told as a change of nothing',
  user_born BINARY(8) NOT NULL COMMENT 'a hash of the stamp of the user',
  member_born BINARY(8) NOT NULL COMMENT 'the same of the member',
  born MEDIUMBLOB NOT NULL COMMENT 'JSON: what never changes',
  renewed MEDIUMBLOB NOT NULL COMMENT 'JSON: what renewals change',
  client BLOB COMMENT 'JSON: the OAuth client and its grant, which renewals change too',
  ended BLOB COMMENT 'JSON: the tombstone',
  KEY of_user (user_tag, created_at, id),
  KEY of_generation (user_tag, user_born, member_born, ended_at, created_at),
  KEY of_account (account_tag, user_tag),
  KEY due (over_at, id)
) ${OPTIONS}`,
    },
    {
      table: 'audit',
      sql: `CREATE TABLE ${tables.audit} (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  realm_tag VARBINARY(255) NOT NULL,
  user_tag VARBINARY(255),
  account_tag VARBINARY(255),
  actor_tag VARBINARY(255),
  keep_until BIGINT NOT NULL,
  id VARBINARY(255) NOT NULL,
  at BIGINT NOT NULL,
  type VARBINARY(1024) NOT NULL,
  realm BLOB NOT NULL,
  user BLOB,
  account BLOB,
  scope BLOB,
  session BLOB,
  device BLOB,
  ip BLOB,
  actor BLOB COMMENT 'by',
  reason BLOB,
  note BLOB,
  actor_device BLOB COMMENT 'from',
  details BLOB NOT NULL COMMENT 'JSON',
  UNIQUE KEY of_realm (realm_tag, at, id),
  KEY of_type (realm_tag, type, at, id),
  KEY of_user (user_tag, at, id),
  KEY of_account (account_tag, at, id),
  KEY of_type_in_account (account_tag, type, at, id),
  KEY of_actor (actor_tag, at, id),
  KEY due (keep_until)
) ${OPTIONS}`,
    },
    {
      table: 'outbox',
      sql: `CREATE TABLE ${tables.outbox} (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'the place in the queue',
  realm_tag VARBINARY(255) NOT NULL,
  queue VARBINARY(255) NOT NULL,
  id VARBINARY(255) NOT NULL,
  at BIGINT NOT NULL,
  keep_until BIGINT NOT NULL,
  revision BIGINT NOT NULL DEFAULT 0 COMMENT 'so that a change is never told as a change of nothing',
  body BLOB NOT NULL,
  state BLOB NOT NULL,
  UNIQUE KEY message (realm_tag, queue, id),
  KEY of_queue (realm_tag, queue, seq),
  KEY due (keep_until)
) ${OPTIONS}`,
    },
    {
      table: 'policies',
      sql: `CREATE TABLE ${tables.policies} (
  account_tag VARBINARY(255) NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) ${OPTIONS}`,
    },
    {
      // The key is random: the order of an AUTO_INCREMENT is not the order of commits.
      table: 'changes',
      sql: `CREATE TABLE ${tables.changes} (
  id VARBINARY(255) NOT NULL PRIMARY KEY COMMENT 'random',
  tag VARBINARY(255) COMMENT 'NULL is any tag',
  number BIGINT COMMENT 'given after the commit, NULL until then',
  numbering VARBINARY(255) COMMENT 'random, of the transaction that gave the number',
  numbered_at BIGINT COMMENT 'Unix ms',
  UNIQUE KEY numbered (number)
) ${OPTIONS}`,
    },
  ];
}
