import { type Names, namesOf } from './names.ts';

/** Says of each table that it is ours. */
export const MARK = 'session-revocation';

/** One thing that a step adds. Looked for first: the server commits each by itself, so that a crash may leave some done. */
export interface Addition {
  readonly table: 'sessions' | 'epochs' | 'audit' | 'policies' | 'schema';
  /** The column that it adds to the table; left out where it adds the table itself. */
  readonly column?: string | undefined;
  readonly sql: string;
}

/** What leads from one version of the schema to the next. */
export interface Step {
  readonly additions: (names: Names) => readonly Addition[];
  /** The oldest version whose code still works on the tables afterwards: a step that only adds leaves it as it was. */
  readonly oldest: number;
}

// Bytes throughout: no collation takes one id for another, and no charset of a connection changes a text.
const OPTIONS = `ENGINE = InnoDB, ROW_FORMAT = DYNAMIC, DEFAULT CHARACTER SET = utf8mb4, COLLATE = utf8mb4_bin, COMMENT = '${MARK}'`;

const first: Step['additions'] = (names) => [
  {
    table: 'schema',
    sql: `CREATE TABLE ${names.schema} (
  id TINYINT NOT NULL PRIMARY KEY,
  session_revocation INT NOT NULL COMMENT 'the version of these tables'
) ${OPTIONS}`,
  },
  {
    table: 'epochs',
    sql: `CREATE TABLE ${names.epochs} (
  tag VARBINARY(255) NOT NULL PRIMARY KEY,
  record MEDIUMBLOB NOT NULL COMMENT 'JSON',
  version BIGINT NOT NULL,
  keep_until BIGINT COMMENT 'Unix ms, NULL is for ever',
  KEY due (keep_until)
) ${OPTIONS}`,
  },
  {
    // What a statement compares with or orders by is a column. The rest is read as a whole: a driver pays for each column.
    table: 'sessions',
    sql: `CREATE TABLE ${names.sessions} (
  id VARBINARY(255) NOT NULL PRIMARY KEY,
  user_tag VARBINARY(255) NOT NULL,
  account_tag VARBINARY(255),
  hash VARBINARY(255) NOT NULL,
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
  born MEDIUMBLOB NOT NULL COMMENT 'JSON: what never changes',
  renewed MEDIUMBLOB NOT NULL COMMENT 'JSON: what renewals change',
  ended BLOB COMMENT 'JSON: the tombstone',
  KEY of_user (user_tag, created_at, id),
  KEY of_account (account_tag, user_tag),
  KEY due (over_at, id)
) ${OPTIONS}`,
  },
  {
    table: 'audit',
    sql: `CREATE TABLE ${names.audit} (
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
    table: 'policies',
    sql: `CREATE TABLE ${names.policies} (
  account_tag VARBINARY(255) NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) ${OPTIONS}`,
  },
];

/**
 * From each version to the next. A step that was released is never changed. It should only add, with defaults, since
 * processes of the version before go on.
 */
export const STEPS: readonly Step[] = [{ additions: first, oldest: 1 }];

/**
 * What is recorded when the tables have a version: that, and the oldest one whose code works on them. The first releases know
 * of the one row only.
 */
export const recordVersion = ({ schema }: Names, steps: readonly Step[]): string =>
  `INSERT INTO ${schema} (id, session_revocation) VALUES (1, ${steps.length}), (2, ${steps.at(-1)?.oldest ?? 0}) ` +
  'ON DUPLICATE KEY UPDATE session_revocation = VALUES(session_revocation)';

/** Reads both. */
export const readVersions = ({ schema }: Names): string =>
  `SELECT id, session_revocation FROM ${schema} WHERE id IN (1, 2) ORDER BY id`;

/** Options of {@link mysqlSchema}. */
export interface MysqlSchemaOptions {
  /** What the names of the tables begin with, as for `mysqlStore`. */
  readonly prefix?: string | undefined;
  /** The version that the tables have already; default 0, for none. */
  readonly from?: number | undefined;
}

/**
 * The schema as SQL, for a migration tool: statements with a semicolon behind each, none of which has one inside. Applied
 * once; a second time they fail, and change nothing.
 * @throws `TypeError` for a prefix that no name may have, and for a version that there is not.
 */
export function mysqlSchema({ prefix, from = 0 }: MysqlSchemaOptions = {}): string {
  if (!Number.isInteger(from) || from < 0 || from > STEPS.length) {
    throw new TypeError(`from is a version of the schema, from 0 to ${STEPS.length}`);
  }
  const names = namesOf(prefix);
  const additions = STEPS.slice(from).flatMap((step) => step.additions(names).map(({ sql }) => sql));
  if (additions.length === 0) return '';
  return [...additions, recordVersion(names, STEPS)].map((sql) => `${sql};\n`).join('\n');
}
