import { SessionError } from '../../../src/index.ts';
import { tooNew } from '../sql/schema-problems.ts';
import type { Connection } from './connection.ts';
import { RAISED, sqlStateOf } from './errors.ts';
import { APPLICATION, DATA_TABLES, literal, type Tables } from './names.ts';
import { type Ask, type Prepared, prepared } from './prepared.ts';
import { OLDEST_SERVER, recordVersion, STEPS, type Step } from './schema.ts';

/** Errors of a transaction that began before another process committed its setup: the objects exist now. */
const MADE_MEANWHILE = ['42P06', '42P07', '23505', '40001', '40P01', RAISED.UNSEEN];
const MAX_TRIES = 5;
/** Time limit for the setup, in ms. Upgrading a large table may take long. */
const MAX_SETUP = 600_000;

export async function setUp(connection: Connection, tables: Tables, steps: readonly Step[]): Promise<void> {
  const statement = prepared('setup', setUpStatement(tables, steps), MAX_SETUP);
  for (let tries = 1; ; tries++) {
    try {
      await connection.ask(statement);
      return;
    } catch (error) {
      if (tries === MAX_TRIES || !MADE_MEANWHILE.includes(sqlStateOf(error) ?? '')) throw error;
    }
  }
}

/**
 * Returns the schema version of the tables.
 * @throws `SessionError` if this code does not work on the tables.
 */
export async function requireTables(ask: Ask, tables: Tables): Promise<number> {
  const [row] = await ask(versionStatement(tables));
  const [application, version, oldest, server] = row ?? [];
  if (application !== APPLICATION) {
    throw new SessionError(
      'SESSION_STORE_NAME_CONFLICT',
      'the table meta belongs to something else; give the store a schema or a prefix of its own',
    );
  }
  if (Number(oldest) > STEPS.length) {
    throw new SessionError('SESSION_STORE_TOO_NEW', tooNew(Number(version), STEPS.length));
  }
  if (Number(version) < STEPS.length) {
    throw new SessionError(
      'SESSION_STORE_NOT_SET_UP',
      `the tables are of version ${version} and this library needs ${STEPS.length}: call await sessions.setup(), or apply ` +
        `postgresSchema({ from: ${version} }) with your migration tool`,
    );
  }
  if (Number(server) < OLDEST_SERVER) {
    throw new SessionError('SESSION_STORE_UNSUPPORTED', 'sessions need Postgres 13 or later');
  }
  return Number(version);
}

/**
 * Returns the statement of `setup()`. It must be one statement, because a client may send every statement to another
 * connection. A DO block is one transaction with any client. It holds the lock for which other processes wait.
 */
function setUpStatement(tables: Tables, steps: readonly Step[]): string {
  const { schema, meta } = tables;
  const ours = dataTables(tables).map((table) => `to_regclass(${literal(table)}) IS NOT NULL`);
  const upgrade = steps.map(({ sql }, at) => `  IF present < ${at + 1} THEN\n${sql(tables)}\n  END IF;`);
  return `DO ${dollarQuoted(`
DECLARE
  present integer := 0;
  works_from integer := 0;
  owner text;
  missing text;
BEGIN
  IF current_setting('server_version_num')::integer < ${OLDEST_SERVER} THEN
    RAISE EXCEPTION 'sessions need Postgres 13 or later' USING ERRCODE = '${RAISED.UNSUPPORTED}';
  END IF;
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'sessions need a database in UTF8' USING ERRCODE = '${RAISED.UNSUPPORTED}';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(${literal(`${APPLICATION} ${meta}`)}, 0));
  IF to_regclass(${literal(meta)}) IS NOT NULL THEN
    SELECT application, version, oldest INTO owner, present, works_from FROM ${meta};
    IF owner IS NULL THEN
      RAISE EXCEPTION 'the table meta has no row that this transaction sees' USING ERRCODE = '${RAISED.UNSEEN}';
    ELSIF owner <> ${literal(APPLICATION)} THEN
      RAISE EXCEPTION 'the table meta is of something else' USING ERRCODE = '${RAISED.FOREIGN}';
    END IF;
  ELSIF ${ours.join(' OR ')} THEN
    RAISE EXCEPTION 'there is a table without the table meta' USING ERRCODE = '${RAISED.FOREIGN}';
  END IF;
  IF works_from > ${steps.length} THEN
    RAISE EXCEPTION 'the tables are of version %, and this library knows up to ${steps.length}', present
      USING ERRCODE = '${RAISED.TOO_NEW}';
  END IF;
  IF present > 0 THEN
    SELECT string_agg(name, ', ') INTO missing FROM (${listOf(tables)}) AS t(name) WHERE to_regclass(name) IS NULL;
    IF missing IS NOT NULL THEN
      RAISE EXCEPTION 'dropped: %', missing USING ERRCODE = '${RAISED.DROPPED}';
    END IF;
  END IF;
  IF present >= ${steps.length} THEN
    RETURN;
  END IF;
  IF to_regnamespace(${literal(schema)}) IS NULL THEN
    CREATE SCHEMA ${schema};
  END IF;
${upgrade.join('\n')}
${recordVersion(tables, steps)}
END
`)}`;
}

const dataTables = (tables: Tables): readonly string[] => DATA_TABLES.map((name) => tables[name]);

export const listOf = (tables: Tables): string =>
  `VALUES ${dataTables(tables)
    .map((table) => `(${literal(table)})`)
    .join(', ')}`;

function dollarQuoted(text: string): string {
  let mark = '$setup$';
  for (let more = 1; text.includes(mark); more++) mark = `$setup${more}$`;
  return `${mark}${text}${mark}`;
}

const versionStatement = ({ meta }: Tables): Prepared =>
  prepared(
    'version',
    `SELECT m.application, m.version, m.oldest, current_setting('server_version_num') AS server FROM ${meta} m`,
  );
