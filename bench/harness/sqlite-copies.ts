import type { SessionRecord } from 'session-revocation/adapter';
import { COLUMNS, rowOf } from '../../adapters/engines/sql/session-rows.ts';
import { newId } from '../../src/model/token.ts';
import { sqliteDrivers } from './sqlite.ts';

/** Adds copies of a session under new ids, in one transaction. `changed(nth)` overrides fields of the nth copy. */
export function copyInSqlite(
  file: string,
  template: SessionRecord,
  count: number,
  changed: (nth: number) => Partial<SessionRecord> = () => ({}),
): void {
  const [Driver] = Object.values(sqliteDrivers);
  if (Driver === undefined) throw new Error('There is no driver of SQLite.');
  const connection = new Driver(file);
  const insert = connection.prepare(
    `INSERT INTO sessions (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
  );
  connection.exec('BEGIN');
  for (let nth = 0; nth < count; nth++) insert.run(...rowOf({ ...template, ...changed(nth), id: newId() }));
  connection.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  connection.close();
}
