import type { Finding } from '../../../src/adapter.ts';
import type { Database } from './connection.ts';

const SYNCHRONOUS = ['OFF', 'NORMAL', 'FULL', 'EXTRA'];
const FULL = 2;

/** Reports the state of the database. It was set up when it was opened. */
export function diagnose(database: Database): readonly Finding[] {
  const ask = (sql: string) => database.row(sql)()?.[0] ?? null;
  const journal = String(ask('PRAGMA journal_mode'));
  const synchronous = Number(ask('PRAGMA synchronous'));
  const bytes = Number(ask('PRAGMA page_count')) * Number(ask('PRAGMA page_size'));
  const megabytes = Math.ceil(bytes / 2 ** 20);
  const memory = journal === 'memory';
  return [
    { subject: 'version', level: 'ok', found: `SQLite ${ask('SELECT sqlite_version()')}`, advice: null },
    { subject: 'schema', level: 'ok', found: `version ${ask('PRAGMA user_version')}, up to date`, advice: null },
    finding('journal', journal === 'wal' || memory, `journal_mode is ${journal}`, {
      level: 'problem',
      advice: 'put the file on a local disk: without a write-ahead log, checks wait for writes',
    }),
    finding('durability', synchronous >= FULL, `synchronous is ${SYNCHRONOUS[synchronous] ?? synchronous}`, {
      level: 'problem',
      advice: 'leave the connection to the store alone: a crash of the machine could undo a revocation',
    }),
    finding('storage', !memory, memory ? 'in memory' : `in a file of ${megabytes} MB`, {
      level: 'warning',
      advice: 'name a file: everybody is signed out when the process ends',
    }),
  ];
}

function finding(
  subject: string,
  isWell: boolean,
  found: string,
  { level, advice }: Pick<Finding, 'level' | 'advice'>,
): Finding {
  return isWell ? { subject, level: 'ok', found, advice: null } : { subject, level, found, advice };
}
