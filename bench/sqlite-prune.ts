/**
 * How long a check waits, at the longest, while the same process prunes 500,000 expired sessions of 1,000,000. The goal
 * is 20 ms at most. SQLite answers synchronously, so that a check waits for a whole batch, and for the checkpoint that
 * a commit may bring with it.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessions } from 'session-revocation';
import { sqliteStore } from 'session-revocation/sqlite';
import { COLUMNS, rowOf } from '../adapters/engines/sql/session-rows.ts';
import { Session } from '../src/model/session.ts';
import { newId, userTag } from '../src/model/token.ts';
import { drivers } from '../test/engines/support/sqlite-drivers.ts';

const SESSIONS = Number(process.env.SESSIONS ?? 1_000_000);
const DAY = 86400e3;

for (const { name, open } of drivers) {
  const directory = mkdtempSync(join(tmpdir(), 'sqlite-prune-'));
  const file = join(directory, 'sessions.db');
  const sessions = createSessions({ store: sqliteStore(open(file)) });
  const fence = await sessions.fence({ user: 'u' });
  const started = await sessions.start({ user: 'u', fence, userAgent: 'Firefox', amr: ['pwd', 'otp'] });
  if (!started.ok) throw new Error(started.reason);
  const template = Session.recordOf('the first session', started.session);

  // Every other one has expired long ago; ids and users are random, as in life.
  const filler = open(file);
  const insert = filler.prepare(
    `INSERT INTO sessions (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
  );
  filler.exec('BEGIN');
  for (let at = 1; at < SESSIONS; at++) {
    const user = `user-${Math.floor(Math.random() * (SESSIONS / 10))}`;
    const age = at % 2 === 0 ? 60 * DAY : 0;
    const createdAt = template.createdAt - age + at;
    const times = { createdAt, authenticatedAt: createdAt, lastUsedAt: createdAt, expiresAt: createdAt + 30 * DAY };
    insert.run(...rowOf({ ...template, id: newId(), user, userTag: userTag('default', user), ...times }));
  }
  filler.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  filler.close();
  // The disk must not be at work on that still.
  const descriptor = openSync(file, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
  const megabytes = Math.round(statSync(file).size / 1e6);

  /** How long checks wait, one by one, until something is done. */
  const waitsUntil = async (done: Promise<unknown>): Promise<string> => {
    const waits: number[] = [];
    let waiting = true;
    const stop = (): void => {
      waiting = false;
    };
    done.then(stop, stop);
    while (waiting) {
      const due = performance.now();
      await new Promise((resolve) => setImmediate(resolve));
      const verdict = await sessions.check(started.token);
      if (!verdict.ok) throw new Error(verdict.reason);
      waits.push(performance.now() - due);
    }
    waits.sort((a, b) => a - b);
    const quantile = (part: number): string => waits[Math.ceil(waits.length * part) - 1]!.toFixed(1);
    return `median ${quantile(0.5)}, p99 ${quantile(0.99)}, p99.9 ${quantile(0.999)}, longest ${quantile(1)} ms`;
  };

  const alone = await waitsUntil(new Promise((resolve) => setTimeout(resolve, 5_000)));
  const began = performance.now();
  const pruning = sessions.prune();
  const beside = await waitsUntil(pruning);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${name}: ${(await pruning).sessions} of ${SESSIONS} (${megabytes} MB) in ${seconds} s`);
  console.log(`  a check beside it: ${beside}`);
  console.log(`  a check alone:     ${alone}`);
  await sessions.close();
  rmSync(directory, { recursive: true });
}
