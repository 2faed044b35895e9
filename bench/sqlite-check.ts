/**
 * What a strict check costs, against a bare prepared `SELECT *` of the same row and one hash of the secret. The goal is
 * at most 1.6.
 */
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessions } from 'session-revocation';
import { sqliteStore } from 'session-revocation/sqlite';
import { drivers } from '../test/engines/support/sqlite-drivers.ts';

const USERS = Number(process.env.USERS ?? 1_000);
const BLOCK = 1_000;
const ROUNDS = 60;

for (const { name, open } of drivers) {
  const directory = mkdtempSync(join(tmpdir(), 'sqlite-check-'));
  const file = join(directory, 'sessions.db');
  const sessions = createSessions({ store: sqliteStore(open(file)), lifetime: { absolute: '30d', idle: '14d' } });
  const tokens: string[] = [];
  for (let at = 0; at < USERS; at++) {
    const who = { user: `user-${at}`, account: `account-${at % 50}` };
    const started = await sessions.start({
      ...who,
      fence: await sessions.fence(who),
      userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36',
      ip: '203.0.113.7',
      amr: ['pwd', 'otp'],
    });
    if (!started.ok) throw new Error(started.reason);
    tokens.push(started.token);
  }

  const connection = open(file);
  const bare = connection.prepare('SELECT * FROM sessions WHERE id = ?');
  const ids = tokens.map((token) => token.split('.')[3]!);
  const secrets = tokens.map((token) => token.split('.')[4]!);
  const bareBlock = (first: number): void => {
    for (let at = first; at < first + BLOCK; at++) {
      const row = bare.get(ids[at % USERS]!) as { readonly credential: string };
      if (row.credential !== hash('sha256', secrets[at % USERS]!, 'base64url')) throw new Error('another row');
    }
  };
  const checkBlock = async (first: number): Promise<void> => {
    for (let at = first; at < first + BLOCK; at++) {
      const verdict = await sessions.check(tokens[at % USERS]);
      if (!verdict.ok) throw new Error(verdict.reason);
    }
  };

  // Turn by turn, and the best of each: whatever else the machine does falls on both.
  const best = { bare: Infinity, check: Infinity };
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    bareBlock(round * BLOCK);
    const between = performance.now();
    await checkBlock(round * BLOCK);
    best.bare = Math.min(best.bare, between - began);
    best.check = Math.min(best.check, performance.now() - between);
  }
  const us = (ms: number): string => `${((ms / BLOCK) * 1000).toFixed(1)} µs`;
  console.log(`${name}: bare ${us(best.bare)}, check ${us(best.check)}, ratio ${(best.check / best.bare).toFixed(2)}`);
  await sessions.close();
  rmSync(directory, { recursive: true });
}
