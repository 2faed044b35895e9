/**
 * How long it takes to revoke a user with 100,000 sessions, against one with a single session. The goal is at most 1.5
 * times as long. Both wait for the disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessions } from 'session-revocation';
import { sqliteStore } from 'session-revocation/sqlite';
import { COLUMNS, rowOf } from '../adapters/engines/sql/session-rows.ts';
import { Session } from '../src/model/session.ts';
import { newId } from '../src/model/token.ts';
import { drivers } from '../test/engines/support/sqlite-drivers.ts';

const SESSIONS = 100_000;
const ROUNDS = 200;

for (const { name, open } of drivers) {
  const directory = mkdtempSync(join(tmpdir(), 'sqlite-revoke-'));
  const connection = open(join(directory, 'sessions.db'));
  const sessions = createSessions({ store: sqliteStore(connection) });
  const signIn = async (user: string): Promise<Session> => {
    const started = await sessions.start({ user, fence: await sessions.fence({ user }) });
    if (!started.ok) throw new Error(started.reason);
    return started.session;
  };
  await signIn('one');
  const template = Session.recordOf('session', await signIn('many'));
  const insert = connection.prepare(
    `INSERT INTO sessions (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
  );
  connection.exec('BEGIN');
  for (let at = 1; at < SESSIONS; at++) insert.run(...rowOf({ ...template, id: newId() }));
  connection.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');

  const took: Record<'one' | 'many', number[]> = { one: [], many: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const user of ['one', 'many'] as const) {
      const began = performance.now();
      const { revoked } = await sessions.revoke({ user });
      if (!revoked) throw new Error('nothing was revoked');
      took[user].push(performance.now() - began);
    }
  }
  const median = (times: number[]): number => times.sort((a, b) => a - b)[ROUNDS >> 1]!;
  const [one, many] = [median(took.one), median(took.many)];
  console.log(
    `${name}: 1 session ${one.toFixed(2)} ms, ${SESSIONS} sessions ${many.toFixed(2)} ms, ratio ${(many / one).toFixed(2)}`,
  );
  await sessions.close();
  rmSync(directory, { recursive: true });
}
