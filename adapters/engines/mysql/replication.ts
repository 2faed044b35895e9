import { isSessionError, SessionError } from '../../../src/index.ts';
import type { MysqlConnection } from './clients/client.ts';
import { meaningOf } from './errors.ts';
import { numberOf, textOf } from './values.ts';

type Reader = Pick<MysqlConnection, 'rows'>;

export interface Replicas {
  readonly connected: number;
  readonly awaited: number;
}

/**
 * Tells whether the server replicates from another one. Returns `null` if this user may not know. MySQL tells users who
 * may read `performance_schema`; MariaDB tells all.
 */
export async function isReplicating(reader: Reader): Promise<boolean | null> {
  const told = await reader.rows("SHOW GLOBAL STATUS LIKE 'Slave%running'", []);
  if (told.length > 0) return told.some(([, value]) => !['OFF', '0'].includes(textOf(value).toUpperCase()));
  const channels = await count(
    reader,
    `SELECT COUNT(*) FROM performance_schema.replication_applier_status
     WHERE SERVICE_STATE = 'ON' AND CHANNEL_NAME NOT LIKE 'group_replication_%'`,
  );
  return channels === null ? null : channels > 0;
}

/**
 * Returns how many replicas are connected, and how many of them a commit waits for. Returns `null` if this user has no
 * right to know. MySQL requires the right `PROCESS`.
 */
export async function replicasOf(reader: Reader): Promise<Replicas | null> {
  const rows = await reader.rows(
    `SHOW GLOBAL STATUS WHERE Variable_name = 'Slaves_connected' OR Variable_name LIKE 'Rpl_semi_sync_%_clients'
     OR Variable_name LIKE 'Rpl_semi_sync_%_status'`,
    [],
  );
  const status = new Map(rows.map(([name, value]) => [textOf(name).toLowerCase(), textOf(value)]));
  const semiSync = (what: string): string | undefined =>
    status.get(`rpl_semi_sync_master_${what}`) ?? status.get(`rpl_semi_sync_source_${what}`);
  const awaited = semiSync('status') === 'ON' ? Number(semiSync('clients')) : 0;
  const connected = status.get('slaves_connected');
  if (connected !== undefined) return { connected: Number(connected), awaited };
  const grants = await reader.rows('SHOW GRANTS', []);
  if (!grants.some(([grant]) => /\bPROCESS\b|ALL PRIVILEGES ON \*\.\*/.test(textOf(grant)))) return null;
  const dumps = await count(
    reader,
    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'",
  );
  return dumps === null ? null : { connected: dumps, awaited };
}

export async function requirePrimary(reader: Reader): Promise<void> {
  if ((await isReplicating(reader)) !== true) return;
  throw new SessionError(
    'SESSION_STORE_UNSAFE',
    'the server is a replica (it replicates from another server), where what was revoked may still be accepted: connect to ' +
      'the primary. Where all processes use this server, set the option allowReplicating',
  );
}

async function count(reader: Reader, sql: string): Promise<number | null> {
  try {
    const [row] = await reader.rows(sql, []);
    return numberOf(row?.[0]);
  } catch (error) {
    if (isSessionError(meaningOf(error), 'SESSION_STORE_DENIED')) return null;
    throw error;
  }
}
