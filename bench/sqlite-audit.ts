/**
 * What the audit log costs: a revocation with it, against one without, both waiting for the disk; and a page of a user's
 * 1,000 sessions, against the bare SELECT of their rows. The log adds rows to a transaction that is there anyway.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessions, type Sessions } from 'session-revocation';
import { sqliteStore } from 'session-revocation/sqlite';
import { drivers } from '../test/engines/support/sqlite-drivers.ts';

const ROUNDS = 300;
const SESSIONS = 1_000;

const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1]!;

for (const { name, open } of drivers) {
  const directory = mkdtempSync(join(tmpdir(), 'sqlite-audit-'));
  const file = (which: string): string => join(directory, `${which}.db`);
  const [without, withLog] = [false, true].map((audit) =>
    createSessions({ store: sqliteStore(open(file(String(audit)))), audit }),
  ) as [Sessions, Sessions];

  const took = { without: [] as number[], withLog: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [which, sessions] of Object.entries({ without, withLog })) {
      const began = performance.now();
      await sessions.revoke({ user: `user-${round}` }, { by: 'admin-7', reason: 'password-changed', note: 'a ticket' });
      took[which as keyof typeof took].push(performance.now() - began);
    }
  }
  const [plain, logged] = [median(took.without), median(took.withLog)];
  console.log(
    `${name}: revoke ${plain.toFixed(2)} ms, with the log ${logged.toFixed(2)} ms, ratio ${(logged / plain).toFixed(2)}`,
  );

  for (let at = 0; at < SESSIONS; at++) {
    await without.start({ user: 'many', fence: await without.fence({ user: 'many' }), ip: '203.0.113.7' });
  }
  const bare = open(file('false')).prepare('SELECT * FROM sessions WHERE user = ? ORDER BY created_at DESC, id DESC');
  const times = { bare: [] as number[], list: [] as number[] };
  for (let round = 0; round < 50; round++) {
    const began = performance.now();
    bare.all('many');
    const between = performance.now();
    const { sessions } = await without.list({ user: 'many' }, { limit: SESSIONS });
    if (sessions.length !== SESSIONS) throw new Error(`${sessions.length} are listed`);
    times.bare.push(between - began);
    times.list.push(performance.now() - between);
  }
  const [selected, listed] = [median(times.bare), median(times.list)];
  console.log(
    `${name}: ${SESSIONS} rows ${selected.toFixed(1)} ms, listed ${listed.toFixed(1)} ms, ratio ${(listed / selected).toFixed(2)}`,
  );
  await without.close();
  await withLog.close();
  rmSync(directory, { recursive: true });
}
