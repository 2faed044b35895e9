import { SessionError, type SessionErrorCode } from '../../../src/index.ts';
import type { MysqlClient, MysqlConnection } from './client.ts';
import { errnoOf, explained, isUnknownColumn } from './failure.ts';
import { type Names, TABLES } from './names.ts';
import { type Addition, MARK, readVersions, recordVersion, STEPS, type Step } from './schema.ts';
import { requireServer, requireState, STATE } from './server.ts';
import { numberOf, textOf } from './values.ts';

/** How long one process waits for another that sets up, in seconds. Adding to a large table may take its time. */
const LONGEST_WAIT = 600;

/** One for each set of tables on the server: locks by name know of no database, and names are at most 64 characters. */
const LOCK = "CONCAT('session-revocation ', MD5(CONCAT(DATABASE(), '.', ?)))";

const NO_TABLE = 1146;

/**
 * Creates or upgrades the tables. Many processes may do so at once: one does it, the others wait and find it done. Where it
 * stops halfway, the next one goes on.
 * @throws `SessionError` `SESSION_STORE_FOREIGN` for tables that are not ours, `SESSION_STORE_TOO_NEW` for those of a later
 *   version: nothing is touched. `SESSION_STORE_UNSUPPORTED`, `SESSION_STORE_UNSAFE` and `SESSION_STORE_DENIED` for a server
 *   that is too old, only reads, or refuses.
 */
export async function setUp(client: MysqlClient<never>, names: Names, steps: readonly Step[] = STEPS): Promise<void> {
  const connection = await client.lend(null);
  try {
    await requireServer(connection);
    const [row] = await connection.rows(`SELECT ${STATE}`, []);
    requireState(row?.[0]);
    await locked(connection, names, () => upgrade(connection, names, steps));
  } finally {
    connection.release();
  }
}

async function locked(connection: MysqlConnection, { prefix }: Names, step: () => Promise<void>): Promise<void> {
  const name = Buffer.from(prefix);
  const [row] = await connection.rows(`SELECT GET_LOCK(${LOCK}, ${LONGEST_WAIT})`, [name]);
  if (numberOf(row?.[0]) !== 1) throw new Error(`another process has been setting up for ${LONGEST_WAIT} s`);
  try {
    await step();
  } finally {
    await connection.rows(`SELECT RELEASE_LOCK(${LOCK})`, [name]);
  }
}

async function upgrade(connection: MysqlConnection, names: Names, steps: readonly Step[]): Promise<void> {
  const there = await tablesOf(connection, names);
  const { version, oldest } = (there.has('schema') ? await readVersion(connection, names) : null) ?? NONE;
  if (oldest > steps.length) throw errorOf(tooNew(version, steps.length));
  for (const step of steps.slice(version)) {
    for (const addition of step.additions(names)) {
      if (!(await isThere(connection, names, addition))) await connection.command(addition.sql);
    }
  }
  if (version < steps.length) await connection.command(recordVersion(names, steps));
}

/** Our tables that are there. */
async function tablesOf(connection: MysqlConnection, { prefix }: Names): Promise<ReadonlySet<string>> {
  const rows = await connection.rows(
    `SELECT TABLE_NAME, TABLE_COMMENT FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${TABLES.map(() => '?').join(', ')})`,
    TABLES.map((table) => `${prefix}${table}`),
  );
  for (const [name, comment] of rows) {
    if (textOf(comment) !== MARK) throw errorOf(foreign(textOf(name)));
  }
  return new Set(rows.map(([name]) => textOf(name).slice(prefix.length)));
}

async function isThere(connection: MysqlConnection, { prefix }: Names, { table, column }: Addition): Promise<boolean> {
  const [row] = await connection.rows(
    `SELECT COUNT(*) FROM information_schema.${column === undefined ? 'TABLES' : 'COLUMNS'}
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?${column === undefined ? '' : ' AND COLUMN_NAME = ?'}`,
    [`${prefix}${table}`, ...(column === undefined ? [] : [column])],
  );
  return numberOf(row?.[0]) > 0;
}

/** A version of the tables, and the oldest one whose code works on them. */
interface Versions {
  readonly version: number;
  readonly oldest: number;
}

const NONE: Versions = { version: 0, oldest: 0 };

/** The version that is recorded; `null` where there is none yet. */
export async function readVersion(reader: Pick<MysqlConnection, 'rows'>, names: Names): Promise<Versions | null> {
  const [version, oldest] = await reader.rows(readVersions(names), []);
  if (version === undefined) return null;
  // Where only the version was recorded, it is the only one whose code is sure to work.
  return { version: numberOf(version[1]), oldest: numberOf((oldest ?? version)[1]) };
}

/** What is wrong with the tables. */
export interface TableProblem {
  readonly code: SessionErrorCode;
  readonly found: string;
  readonly advice: string;
  readonly cause?: unknown;
}

/**
 * Whether the tables are of this version.
 * @throws `SessionError` `SESSION_STORE_NOT_SET_UP` where they are missing or earlier, and else as {@link setUp}.
 */
export async function requireTables(
  reader: Pick<MysqlConnection, 'rows'>,
  names: Names,
  steps: readonly Step[] = STEPS,
): Promise<void> {
  const problem = await problemOf(reader, names, steps);
  if (problem !== null) throw errorOf(problem);
}

/** What is wrong with the tables, or `null`. Rejects where that cannot be found out. */
export async function problemOf(
  reader: Pick<MysqlConnection, 'rows'>,
  names: Names,
  steps: readonly Step[] = STEPS,
): Promise<TableProblem | null> {
  let recorded: Versions | null;
  try {
    recorded = await readVersion(reader, names);
  } catch (error) {
    if (isUnknownColumn(error)) return foreign(`${names.prefix}schema`, error);
    if (errnoOf(error) !== NO_TABLE) throw explained(error);
    return notSetUp(`there are no tables whose names begin with ${JSON.stringify(names.prefix)}`, error);
  }
  if (recorded === null) return notSetUp('the tables were not made to the end');
  const { version, oldest } = recorded;
  if (oldest > steps.length) return tooNew(version, steps.length);
  return version >= steps.length
    ? null
    : notSetUp(`the tables are of version ${version}, and ${steps.length} is needed`);
}

const errorOf = ({ code, found, advice, cause }: TableProblem): SessionError =>
  new SessionError(code, `${found}: ${advice}`, { cause });

const tooNew = (version: number, known: number): TableProblem => ({
  code: 'SESSION_STORE_TOO_NEW',
  found: `the tables are of version ${version}, and this version of the library knows up to ${known}`,
  advice: 'upgrade the library; nothing was touched',
});

const notSetUp = (found: string, cause?: unknown): TableProblem => ({
  code: 'SESSION_STORE_NOT_SET_UP',
  found,
  advice: 'call setup() with rights to create tables, or apply mysqlSchema() with your migration tool',
  cause,
});

const foreign = (table: string, cause?: unknown): TableProblem => ({
  code: 'SESSION_STORE_FOREIGN',
  found: `the table ${JSON.stringify(table)} is somebody else's`,
  advice: 'choose another prefix or database; nothing was touched',
  cause,
});
