import { createSessions } from 'session-revocation';
import { sqliteStore } from 'session-revocation/sqlite';
import { expect, test } from 'vitest';
import { withStaleness } from '../../src/model/epoch-notes.ts';
import { realmTag } from '../../src/model/token.ts';
import { temporaryFile } from '../engines/support/sqlite-files.ts';
import { cliOf } from './support/cli.ts';

/**
 * Creates a realm whose record states a bound. Processes over SQLite state none, so the test writes the bound as a
 * process over a server does.
 */
async function statedFile(maxStaleness: number) {
  const file = temporaryFile();
  const store = sqliteStore(file);
  const sessions = createSessions({ store });
  await sessions.setup();
  await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
  const [found] = await store.readEpochs([realmTag('default')]);
  if (!found) throw new Error('there is no record of the realm');
  const record = withStaleness(found.record, maxStaleness);
  await store.advance(realmTag('default'), {
    record,
    ifVersion: found.version,
    now: Date.now(),
    keepUntil: null,
    audit: [],
  });
  await sessions.close();
  return cliOf(`sqlite:${file}`);
}

test('shows the bound, lowers it, and does nothing the second time', async () => {
  const cli = await statedFile(500);
  expect((await cli('freshness show')).out).toBe(
    'In the realm default, a revocation is in force in every process after 500 ms at the latest.\n',
  );
  const begun = performance.now();
  expect((await cli('freshness lower --to 100ms')).out).toBe(
    'Lowered from 500 ms to 100 ms: in the realm default, a revocation is in force in every process after 100 ms at the latest.\n',
  );
  expect(performance.now() - begun).toBeGreaterThanOrEqual(500);
  expect((await cli('freshness lower --to 1s')).out).toMatch(/^No change: .* after 100 ms at the latest\.\n$/);
  expect(JSON.parse((await cli('freshness show --json')).out)).toEqual({
    realm: 'default',
    maxStaleness: 100,
    lowering: null,
  });
  expect((await cli('freshness lower --to 0')).out).toMatch(/is in force at once, in every process\.\n$/);
});

test('refuses a time that is too long or malformed', async () => {
  const cli = await statedFile(500);
  for (const to of ['6m', 'soon', '-1s']) {
    const { code, err } = await cli(`freshness lower --to ${to}`);
    expect(code).toBe(2);
    expect(err).toContain('--to');
  }
  expect((await cli('freshness lower')).code).toBe(2);
});
