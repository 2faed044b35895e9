import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessions } from 'session-revocation';
import { sqliteStore } from 'session-revocation/sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { drivers } from './support/sqlite-drivers.ts';

test.each(drivers)('$name: whoever is forgotten is nowhere in the files any more', async ({ open }) => {
  const folder = mkdtempSync(join(tmpdir(), 'sessions-'));
  const sessions = createSessions({ store: sqliteStore(open(join(folder, 'sessions.db'))), audit: true });
  onTestFinished(async () => {
    await sessions.close();
    rmSync(folder, { recursive: true });
  });
  const traces = ['forgotten-user', '203.0.113.77', 'a note of theirs'];
  const found = (): string[] => {
    const bytes = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'));
    return traces.filter((trace) => bytes.some((text) => text.includes(trace)));
  };
  // Enough sessions to split pages. A split leaves copies of the data behind.
  for (const user of ['forgotten-user', 'somebody-else']) {
    const ip = user === 'forgotten-user' ? '203.0.113.77' : '203.0.113.1';
    for (let at = 0; at < 40; at++) {
      await sessions.start({ user, fence: await sessions.fence({ user }), ip, attributes: { at } });
    }
  }
  await sessions.revoke({ user: 'forgotten-user' }, { by: 'forgotten-user', note: 'a note of theirs' });
  expect(found()).toEqual(traces);
  expect(await sessions.forgetUser('forgotten-user', { by: 'admin-7' })).toEqual({
    sessions: 40,
    entries: 42,
    effectiveWithin: 0,
  });
  expect(found()).toEqual([]);
  expect((await sessions.list({ user: 'somebody-else' })).sessions).toHaveLength(40);
});

test.each(drivers)(
  '$name: text that a reader held in the log is gone after the next write without readers',
  async ({ open }) => {
    const folder = mkdtempSync(join(tmpdir(), 'sessions-'));
    const file = join(folder, 'sessions.db');
    const sessions = createSessions({ store: sqliteStore(open(file)) });
    onTestFinished(async () => {
      await sessions.close();
      rmSync(folder, { recursive: true });
    });
    const start = async (user: string) => sessions.start({ user, fence: await sessions.fence({ user }) });
    const isFound = (): boolean =>
      readdirSync(folder).some((each) => readFileSync(join(folder, each), 'latin1').includes('forgotten-user'));
    await start('forgotten-user');
    const reader = open(file);
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM sessions').all();
    await sessions.forgetUser('forgotten-user');
    expect(isFound()).toBe(true);
    await start('another');
    expect(isFound()).toBe(true);
    reader.exec('COMMIT');
    await start('another');
    expect(isFound()).toBe(false);
    reader.close();
  },
);
