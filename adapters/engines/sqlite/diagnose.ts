import type { DiagnosisPower, Finding } from '../../../src/adapter.ts';
import { ok, problem, warning } from '../shared/finding.ts';
import type { Database } from './connection.ts';
import type { Context } from './context.ts';
import { listRealms } from './verbs/users.ts';

const SYNCHRONOUS = ['OFF', 'NORMAL', 'FULL', 'EXTRA'];
const FULL = 2;

export const diagnosisPower = (open: () => Context): DiagnosisPower => ({
  diagnose: () => diagnose(open().database),
  realms: (limit) => listRealms(open(), limit),
});

function diagnose(database: Database): readonly Finding[] {
  const ask = (sql: string) => database.row(sql)()?.[0] ?? null;
  const journal = String(ask('PRAGMA journal_mode'));
  const bytes = Number(ask('PRAGMA page_count')) * Number(ask('PRAGMA page_size'));
  return [
    ok('version', `SQLite ${ask('SELECT sqlite_version()')}`),
    ok('schema', `version ${ask('PRAGMA user_version')}, up to date`),
    journalFinding(journal),
    durabilityFinding(Number(ask('PRAGMA synchronous'))),
    storageFinding(journal, bytes),
  ];
}

function journalFinding(journal: string): Finding {
  const found = `journal_mode is ${journal}`;
  if (journal === 'wal' || journal === 'memory') return ok('journal', found);
  return problem('journal', found, 'put the file on a local disk: without a write-ahead log, checks wait for writes');
}

function durabilityFinding(synchronous: number): Finding {
  const found = `synchronous is ${SYNCHRONOUS[synchronous] ?? synchronous}`;
  if (synchronous >= FULL) return ok('durability', found);
  const advice = 'leave the connection to the store alone: a crash of the machine could undo a revocation';
  return problem('durability', found, advice);
}

function storageFinding(journal: string, bytes: number): Finding {
  if (journal !== 'memory') return ok('storage', `in a file of ${Math.ceil(bytes / 2 ** 20)} MB`);
  return warning('storage', 'in memory', 'name a file: every user is signed out when the process ends');
}
