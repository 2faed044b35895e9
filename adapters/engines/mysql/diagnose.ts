import type { DiagnosisPower, Finding } from '../../../src/adapter.ts';
import { isSessionError } from '../../../src/index.ts';
import { clockFinding, ok, problem, warning } from '../shared/finding.ts';
import type { Readiness } from '../sql/readiness.ts';
import type { MysqlClient, MysqlConnection } from './clients/client.ts';
import type { Context } from './context.ts';
import { risksOf } from './durability.ts';
import { meaningOf } from './errors.ts';
import type { Tables } from './names.ts';
import { isReplicating, replicasOf } from './replication.ts';
import { isOn, isolationOf, needed, readSettings, refusedModes, type Settings, serverOf } from './server.ts';
import { findDropped, problemOf, readVersion } from './setup.ts';
import { numberOf, textOf } from './values.ts';
import { listRealms } from './verbs/users.ts';

const CLOCK = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";

export const diagnosisPower = (
  client: MysqlClient<never>,
  tables: Tables,
  readiness: Readiness,
  context: Context,
  allowReplicating: boolean,
): DiagnosisPower => ({
  async diagnose(now) {
    readiness.requireOpen();
    try {
      return await diagnose(client, tables, { now, allowReplicating });
    } catch (error) {
      throw meaningOf(error);
    }
  },
  clock: () => context.ready(() => readClock(context)),
  realms: (limit) => context.ready(() => listRealms(context, limit)),
});

async function readClock({ ask }: Context): Promise<number> {
  const [row] = await ask(`SELECT ${CLOCK}`, []);
  return numberOf(row?.[0]) / 1000;
}

async function diagnose(
  client: MysqlClient<never>,
  tables: Tables,
  { now, allowReplicating }: { readonly now: number; readonly allowReplicating: boolean },
): Promise<readonly Finding[]> {
  const began = performance.now();
  const connection = await client.lend(null);
  try {
    const [row] = await connection.rows(`SELECT VERSION(), ${CLOCK}`, []);
    const lasted = performance.now() - began;
    const settings = await readSettings(connection);
    return [
      versionFinding(textOf(row?.[0])),
      ...(await schemaFindings(connection, tables)),
      await roleFinding(connection, settings, allowReplicating),
      ...durabilityFindings(settings),
      await replicasFinding(connection),
      ...clusterFindings(settings),
      isolationFinding(settings),
      ...modeFindings(settings),
      clockFinding(numberOf(row?.[1]) / 1000 - now - lasted / 2),
    ];
  } finally {
    connection.release();
  }
}

function versionFinding(told: string): Finding {
  const { dialect, version, isSupported } = serverOf(told);
  if (isSupported) return ok('version', `${dialect} ${version}`);
  return problem('version', `${dialect} ${version} is too old`, `use at least ${needed}`);
}

async function schemaFindings(connection: MysqlConnection, tables: Tables): Promise<readonly Finding[]> {
  const wrong = (await problemOf(connection, tables)) ?? (await findDropped(connection, tables));
  if (wrong !== null) return [problem('schema', wrong.found, wrong.advice)];
  const recorded = await readVersion(connection, tables);
  const schema = ok('schema', `the tables ${tables.prefix}… are of version ${recorded?.version}`);
  return [schema, await rightsFinding(connection, tables)];
}

/**
 * Reports whether the user has the rights that the store needs. Uses EXPLAIN: it needs the same rights as the statement
 * and changes nothing.
 */
async function rightsFinding(
  connection: MysqlConnection,
  { sessions, epochs, audit, policies, changes, meta }: Tables,
): Promise<Finding> {
  const statements = [
    ...[sessions, epochs, audit, policies, changes].map((table) => `DELETE FROM ${table} WHERE 1 = 0`),
    `UPDATE ${sessions} SET serial = serial WHERE id = ''`,
    `UPDATE ${epochs} SET version = version WHERE tag = ''`,
    `UPDATE ${audit} SET at = at WHERE seq = 0`,
    `UPDATE ${policies} SET value = value WHERE account_tag = ''`,
    `UPDATE ${changes} SET number = number WHERE id = ''`,
    `UPDATE ${meta} SET oldest = oldest WHERE id = 0`,
    `INSERT INTO ${sessions} (id) VALUES ('')`,
    `INSERT INTO ${epochs} (tag) VALUES ('')`,
    `INSERT INTO ${audit} (id) VALUES ('')`,
    `INSERT INTO ${policies} (account_tag) VALUES ('')`,
    `INSERT INTO ${changes} (id) VALUES ('')`,
  ];
  for (const statement of statements) {
    try {
      await connection.command(`EXPLAIN ${statement}`);
    } catch (error) {
      const failure = meaningOf(error);
      if (!isSessionError(failure, 'SESSION_STORE_DENIED')) continue;
      return problem(
        'rights',
        String((error as Error).message),
        'grant SELECT, INSERT, UPDATE and DELETE on the tables',
      );
    }
  }
  return ok('rights', 'the user may read and write the tables');
}

async function roleFinding(
  connection: MysqlConnection,
  settings: Settings,
  allowReplicating: boolean,
): Promise<Finding> {
  const isReadOnly = (name: string): boolean => !['OFF', '0', undefined].includes(settings.get(name));
  if (isReadOnly('read_only') || isReadOnly('innodb_read_only')) {
    return problem('role', 'the server only reads: it may be a replica', 'connect to the primary');
  }
  const replicates = await isReplicating(connection);
  if (replicates === null) {
    const found = 'the server takes writes; this user may not know whether it is a replica';
    return warning(
      'role',
      found,
      'connect to the primary; to have this looked at, grant SELECT on performance_schema.*',
    );
  }
  if (!replicates) return ok('role', 'the server takes writes, and replicates from no other');
  const found =
    'the server is a replica (it replicates from another server), where what was revoked may still be accepted';
  if (allowReplicating) return warning('role', found, 'let all processes use this server alone');
  return problem('role', found, 'connect to the primary');
}

function durabilityFindings(settings: Settings): readonly Finding[] {
  const findings = risksOf(settings).map(({ found, advice }) => problem('durability', found, advice));
  if (isOn(settings, 'log_bin') && settings.get('binlog_format') === 'STATEMENT') {
    const found = 'binlog_format is STATEMENT: noting uses and pruning are refused by the server';
    findings.push(problem('durability', found, 'set binlog_format to ROW or MIXED'));
  }
  if (['OFF', '0'].includes(settings.get('innodb_doublewrite') ?? '')) {
    const found = 'innodb_doublewrite is off: a power cut may tear a page';
    findings.push(warning('durability', found, 'turn it on, unless the file system writes whole pages'));
  }
  return findings.length > 0 ? findings : [ok('durability', 'what is acknowledged is on the disk')];
}

async function replicasFinding(connection: MysqlConnection): Promise<Finding> {
  const replicas = await replicasOf(connection);
  if (replicas === null) {
    return warning(
      'replicas',
      'this user may not know how many replicas are connected',
      'to have this looked at, grant PROCESS; a failover to an asynchronous replica may undo the last revocations',
    );
  }
  const { connected, awaited } = replicas;
  if (awaited > 0) return ok('replicas', `commits wait for one of ${awaited} semi-synchronous replicas`);
  if (connected === 0) return ok('replicas', 'no replica is connected');
  return warning(
    'replicas',
    `${connected} connected, and commits wait for none of them`,
    'a failover may undo the last revocations: use semi-synchronous replication, or revoke the realm after a failover',
  );
}

/**
 * Reports settings of a cluster with several primaries. One of them may not know yet what another one has acknowledged.
 */
function clusterFindings(settings: Settings): readonly Finding[] {
  if (isOn(settings, 'wsrep_on') && (Number(settings.get('wsrep_sync_wait')) & 1) === 0) {
    const found = 'a Galera cluster whose nodes answer before they know what others committed';
    return [problem('replicas', found, 'set wsrep_sync_wait to 1, or let all processes use one node')];
  }
  if (settings.get('group_replication_single_primary_mode') === 'OFF') {
    const consistency = settings.get('group_replication_consistency');
    if (consistency?.startsWith('BEFORE') || consistency === 'AFTER') return [];
    const found = `a group of several primaries whose group_replication_consistency is ${consistency}`;
    return [problem('replicas', found, 'set it to BEFORE or AFTER, or let all processes use one member')];
  }
  return [];
}

function isolationFinding(settings: Settings): Finding {
  const isolation = isolationOf(settings);
  if (isolation === 'READ-UNCOMMITTED') {
    return problem(
      'isolation',
      'connections read what is not committed',
      'set transaction_isolation to REPEATABLE-READ',
    );
  }
  if (!isOn(settings, 'autocommit')) {
    return problem('isolation', 'autocommit is off: checks would see an older snapshot', 'leave it on for this client');
  }
  return ok('isolation', isolation);
}

function modeFindings(settings: Settings): readonly Finding[] {
  const modes = refusedModes(settings.get('sql_mode') ?? '');
  if (modes.length === 0) return [];
  return [problem('sql_mode', `sql_mode has ${modes.join(' and ')}`, 'leave it out of sql_mode for this client')];
}
