import type { DiagnosisPower, Finding } from '../../../src/adapter.ts';
import { isSessionError, type SessionErrorCode } from '../../../src/index.ts';
import { clockFinding, ok, problem, warning } from '../shared/finding.ts';
import type { Readiness } from '../sql/readiness.ts';
import { DROPPED, dropped } from '../sql/schema-problems.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { DATA_TABLES, literal, type Tables } from './names.ts';
import { type Ask, prepared } from './prepared.ts';
import { OLDEST_SERVER } from './schema.ts';
import { listOf, requireTables } from './setup.ts';
import { listRealms } from './verbs/users.ts';

const SETTINGS = [
  ...['server_version', 'server_version_num', 'server_encoding', 'fsync', 'full_page_writes', 'synchronous_commit'],
  ...['synchronous_standby_names', 'default_transaction_isolation', 'default_transaction_read_only'],
] as const;

type Facts = Readonly<Record<(typeof SETTINGS)[number], string>>;

const FACTS = prepared(
  'facts',
  `SELECT ${SETTINGS.map((name) => `current_setting('${name}') AS ${name}`).join(', ')},
    pg_is_in_recovery()::integer AS recovers, (SELECT count(*) FROM pg_stat_replication) AS replicas,
    floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock`,
);

const CLOCK = prepared('clock', 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock');

export const diagnosisPower = (
  connection: Connection,
  tables: Tables,
  readiness: Readiness,
  context: Context,
): DiagnosisPower => ({
  async diagnose(now) {
    readiness.requireOpen();
    return diagnose(connection, tables, now);
  },
  clock: () => readClock(context.ask),
  realms: (limit) => listRealms(context, limit),
});

async function readClock(ask: Ask): Promise<number> {
  const [row] = await ask(CLOCK);
  return Number(row?.[0]);
}

async function diagnose(connection: Connection, tables: Tables, now: number): Promise<readonly Finding[]> {
  const asked = performance.now();
  const [row] = await connection.ask(FACTS);
  const between = (performance.now() - asked) / 2;
  const values = row ?? [];
  const facts = Object.fromEntries(SETTINGS.map((name, at) => [name, String(values[at])])) as Facts;
  const [recovers, replicas, clock] = values.slice(SETTINGS.length).map(Number);
  const schema = await schemaFinding(connection, tables);
  return [
    versionFinding(facts),
    encodingFinding(facts),
    schema,
    ...(schema.level === 'ok' ? [await rightsFinding(connection, tables)] : []),
    roleFinding(facts, recovers === 1),
    durabilityFinding(facts),
    replicasFinding(facts, replicas ?? 0),
    isolationFinding(facts),
    clockFinding((clock ?? 0) - now - between),
    preparedFinding(connection),
  ];
}

function versionFinding({ server_version, server_version_num }: Facts): Finding {
  const found = `PostgreSQL ${server_version}`;
  if (Number(server_version_num) >= OLDEST_SERVER) return ok('version', found);
  return problem('version', found, 'sessions need PostgreSQL 13 or later');
}

function encodingFinding({ server_encoding }: Facts): Finding {
  const found = `the database is in ${server_encoding}`;
  if (server_encoding === 'UTF8') return ok('encoding', found);
  return problem('encoding', found, 'create the database with ENCODING UTF8: other encodings lose characters of names');
}

const SCHEMA: Readonly<Partial<Record<SessionErrorCode, string>>> = {
  SESSION_STORE_NOT_SET_UP: 'the tables are not there, or of an earlier version',
  SESSION_STORE_TOO_NEW: 'the tables are of a later version of this library',
  SESSION_STORE_NAME_CONFLICT: 'a table of that name belongs to something else',
  SESSION_STORE_DENIED: 'this role may not read the tables',
};

async function schemaFinding(connection: Connection, tables: Tables): Promise<Finding> {
  try {
    const version = await requireTables(connection.ask, tables);
    const [missing] = await connection.ask(
      prepared(
        'dropped',
        `SELECT string_agg(name, ', ') FROM (${listOf(tables)}) AS t(name) WHERE to_regclass(name) IS NULL`,
      ),
    );
    if (missing?.[0]) return problem('schema', dropped([String(missing[0])]), DROPPED);
    return ok('schema', `the tables are of version ${version}`);
  } catch (error) {
    if (isSessionError(error))
      return problem('schema', SCHEMA[error.code] ?? 'the tables cannot be read', error.message);
    throw error;
  }
}

const RIGHTS: readonly (readonly [(typeof DATA_TABLES)[number] | 'meta', string])[] = [
  ...DATA_TABLES.flatMap((table) => ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].map((right) => [table, right] as const)),
  ['meta', 'SELECT'],
];

async function rightsFinding(connection: Connection, tables: Tables): Promise<Finding> {
  const asked = RIGHTS.map(([table, right]) => `has_table_privilege(${literal(tables[table])}, '${right}')::integer`);
  const columns = asked.map((right, at) => `${right} AS right_${at}`);
  const [row] = await connection.ask(prepared('rights', `SELECT ${columns.join(', ')}`));
  const missing = RIGHTS.filter((_, at) => Number(row?.[at]) !== 1).map(([table, right]) => `${right} on ${table}`);
  if (missing.length === 0) return ok('rights', 'this role may read and write the tables');
  return problem('rights', `this role lacks ${missing.join(', ')}`, `GRANT them on the tables in ${tables.schema}`);
}

function roleFinding({ default_transaction_read_only }: Facts, recovers: boolean): Finding {
  if (recovers) {
    return problem(
      'role',
      'this server is a replica: it may not know yet what was revoked',
      'connect to the primary (target_session_attrs=read-write)',
    );
  }
  if (default_transaction_read_only === 'on') {
    return problem('role', 'transactions are read-only', 'set default_transaction_read_only to off for this role');
  }
  return ok('role', 'this server is the primary');
}

function durabilityFinding({ fsync, full_page_writes, synchronous_commit }: Facts): Finding {
  const found = `fsync ${fsync}, full_page_writes ${full_page_writes}, synchronous_commit ${synchronous_commit}`;
  if (fsync !== 'on' || full_page_writes !== 'on') {
    return problem('durability', found, 'set both to on: after a crash of the machine, the data may be damaged');
  }
  if (synchronous_commit === 'off') {
    return problem(
      'durability',
      found,
      'set synchronous_commit to on: a crash may undo revocations that were acknowledged (ALTER ROLE … SET will do)',
    );
  }
  return ok('durability', found);
}

function replicasFinding({ synchronous_standby_names, synchronous_commit }: Facts, replicas: number): Finding {
  if (synchronous_standby_names !== '' && !['local', 'off'].includes(synchronous_commit)) {
    return ok('replicas', `commits wait for ${synchronous_standby_names}`);
  }
  if (replicas === 0) return ok('replicas', 'no replica is connected');
  return warning(
    'replicas',
    `${replicas} connected, and commits wait for none of them`,
    'a failover may undo the last revocations: set synchronous_standby_names, or revoke the realm after a failover',
  );
}

function isolationFinding({ default_transaction_isolation: isolation }: Facts): Finding {
  if (isolation === 'read committed') return ok('isolation', isolation);
  return warning(
    'isolation',
    isolation,
    'transactions of the app that revoke will fail more often than under READ COMMITTED; be ready to repeat them',
  );
}

function preparedFinding({ prepares }: Connection): Finding {
  if (prepares) return ok('prepared statements', 'statements are kept prepared where the client can');
  return warning(
    'prepared statements',
    'statements are not kept prepared: by the option, or because a proxy does not know them',
    'connect to Postgres directly, or through a proxy that supports them (PgBouncer 1.21: max_prepared_statements)',
  );
}
