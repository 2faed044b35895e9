import { SessionError, type SessionErrorCode } from '../../../src/index.ts';
import { DROPPED, dropped, tooNew } from '../sql/schema-problems.ts';
import type { MysqlClient, MysqlConnection } from './clients/client.ts';
import { warnOfRisks } from './durability.ts';
import { errnoOf, isUnknownColumn, meaningOf } from './errors.ts';
import { TABLES, type Tables } from './names.ts';
import { requirePrimary } from './replication.ts';
import { type Addition, MARK, readVersions, recordVersion, STEPS, type Step } from './schema.ts';
import { readSettings, requireMode, requireServer, requireState, STATE } from './server.ts';
import { numberOf, textOf } from './values.ts';

/** How long to wait for the setup of another process, in seconds. Adding to a large table may take long. */
const MAX_WAIT = 600;

/** Name of the lock that only one setup holds. Named locks are server-wide, and names have at most 64 characters. */
const LOCK = "CONCAT('session-revocation ', MD5(CONCAT(DATABASE(), '.', ?)))";

const NO_TABLE = 1146;

interface SetUpOptions {
  readonly steps?: readonly Step[];
  readonly allowReplicating?: boolean;
}

/**
 * Creates or upgrades the tables. If several processes call it, one does the work and the others wait. If that process
 * stops halfway, the next call continues.
 */
export async function setUp(
  client: MysqlClient<never>,
  tables: Tables,
  { steps = STEPS, allowReplicating = false }: SetUpOptions = {},
): Promise<void> {
  const connection = await client.lend(null);
  try {
    await requireServer(connection);
    const [row] = await connection.rows(`SELECT ${STATE}`, []);
    requireState(row?.[0]);
    await requireMode(connection);
    if (!allowReplicating) await requirePrimary(connection);
    warnOfRisks(await readSettings(connection));
    await locked(connection, tables, () => upgrade(connection, tables, steps));
  } finally {
    connection.release();
  }
}

/**
 * Checks that the tables are there, in a version on which this code works.
 * @throws `SESSION_STORE_NOT_SET_UP` if the tables are missing or older; otherwise as {@link setUp}.
 */
export async function requireTables(
  reader: Pick<MysqlConnection, 'rows'>,
  tables: Tables,
  steps: readonly Step[] = STEPS,
): Promise<void> {
  const problem = await problemOf(reader, tables, steps);
  if (problem !== null) throw errorOf(problem);
}

async function locked(connection: MysqlConnection, { prefix }: Tables, step: () => Promise<void>): Promise<void> {
  const name = Buffer.from(prefix);
  const [row] = await connection.rows(`SELECT GET_LOCK(${LOCK}, ${MAX_WAIT})`, [name]);
  if (numberOf(row?.[0]) !== 1) throw new Error(`another process has been setting up for ${MAX_WAIT} s`);
  try {
    await step();
  } finally {
    await connection.rows(`SELECT RELEASE_LOCK(${LOCK})`, [name]);
  }
}

async function upgrade(connection: MysqlConnection, tables: Tables, steps: readonly Step[]): Promise<void> {
  const there = await foundTables(connection, tables);
  const { version, oldest } = (there.has('meta') ? await readVersion(connection, tables) : null) ?? NONE;
  if (oldest > steps.length) throw errorOf(laterVersion(version, steps.length));
  const missing = missingOf(there, tables, steps.slice(0, version));
  if (missing !== null) throw errorOf(missing);
  for (const step of steps.slice(version)) {
    for (const addition of step.additions(tables)) {
      if (!(await isThere(connection, tables, addition))) await connection.command(addition.sql);
    }
  }
  if (version < steps.length) await connection.command(recordVersion(tables, steps));
}

function missingOf(there: ReadonlySet<string>, tables: Tables, made: readonly Step[]): TableProblem | null {
  const additions = made.flatMap((step) => step.additions(tables)).filter(({ column }) => column === undefined);
  const missing = additions.filter(({ table }) => !there.has(table)).map(({ table }) => `${tables.prefix}${table}`);
  if (missing.length === 0) return null;
  return { code: 'SESSION_STORE_NOT_SET_UP', found: dropped(missing), advice: DROPPED };
}

export async function findDropped(connection: MysqlConnection, tables: Tables): Promise<TableProblem | null> {
  return missingOf(await foundTables(connection, tables), tables, STEPS);
}

async function foundTables(connection: MysqlConnection, { prefix }: Tables): Promise<ReadonlySet<string>> {
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

async function isThere(connection: MysqlConnection, { prefix }: Tables, { table, column }: Addition): Promise<boolean> {
  const [row] = await connection.rows(
    `SELECT COUNT(*) FROM information_schema.${column === undefined ? 'TABLES' : 'COLUMNS'}
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?${column === undefined ? '' : ' AND COLUMN_NAME = ?'}`,
    [`${prefix}${table}`, ...(column === undefined ? [] : [column])],
  );
  return numberOf(row?.[0]) > 0;
}

interface Versions {
  readonly version: number;
  readonly oldest: number;
}

const NONE: Versions = { version: 0, oldest: 0 };

export async function readVersion(reader: Pick<MysqlConnection, 'rows'>, tables: Tables): Promise<Versions | null> {
  const [row] = await reader.rows(readVersions(tables), []);
  return row === undefined ? null : { version: numberOf(row[0]), oldest: numberOf(row[1]) };
}

export interface TableProblem {
  readonly code: SessionErrorCode;
  readonly found: string;
  readonly advice: string;
  readonly cause?: unknown;
}

/**
 * Returns why this code does not work on the tables, or `null`. Rejects if the state of the tables cannot be
 * determined.
 */
export async function problemOf(
  reader: Pick<MysqlConnection, 'rows'>,
  tables: Tables,
  steps: readonly Step[] = STEPS,
): Promise<TableProblem | null> {
  let recorded: Versions | null;
  try {
    recorded = await readVersion(reader, tables);
  } catch (error) {
    if (isUnknownColumn(error)) return foreign(`${tables.prefix}meta`, error);
    if (errnoOf(error) !== NO_TABLE) throw meaningOf(error);
    return notSetUp(`there are no tables whose names begin with ${JSON.stringify(tables.prefix)}`, error);
  }
  if (recorded === null) return notSetUp('the tables were not made to the end');
  const { version, oldest } = recorded;
  if (oldest > steps.length) return laterVersion(version, steps.length);
  return version >= steps.length
    ? null
    : notSetUp(`the tables are of version ${version}, and ${steps.length} is needed`);
}

const errorOf = ({ code, found, advice, cause }: TableProblem): SessionError =>
  new SessionError(code, `${found}: ${advice}`, { cause });

const laterVersion = (version: number, known: number): TableProblem => ({
  code: 'SESSION_STORE_TOO_NEW',
  found: tooNew(version, known),
  advice: 'upgrade the library; nothing was touched',
});

const notSetUp = (found: string, cause?: unknown): TableProblem => ({
  code: 'SESSION_STORE_NOT_SET_UP',
  found,
  advice: 'call setup() with rights to create tables, or apply mysqlSchema() with your migration tool',
  cause,
});

const foreign = (table: string, cause?: unknown): TableProblem => ({
  code: 'SESSION_STORE_NAME_CONFLICT',
  found: `the table ${JSON.stringify(table)} belongs to another application`,
  advice: 'choose another prefix or database; nothing was touched',
  cause,
});
