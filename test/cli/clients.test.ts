import { createSessions } from 'session-revocation';
import { accessTokens, generateKey } from 'session-revocation/jwt';
import { sqliteStore } from 'session-revocation/sqlite';
import { expect, test } from 'vitest';
import { temporaryFile } from '../engines/support/sqlite-files.ts';
import { cliOf } from './support/cli.ts';
import { CHROME } from './support/people.ts';

test('a session that was handed to an app is listed under its name, and the others as ever', async () => {
  const file = temporaryFile();
  const sessions = createSessions({ store: sqliteStore(file) });
  const keys = [generateKey('EdDSA')];
  const tokens = accessTokens(sessions, { issuer: 'https://id.example', audience: 'api', keys });
  const signIn = async () => {
    const fence = await sessions.fence({ user: 'ann' });
    const started = await sessions.start({ user: 'ann', fence, userAgent: CHROME });
    if (!started.ok) throw new Error(started.reason);
    return started.session;
  };
  const [browser, app] = [await signIn(), await signIn()];
  await tokens.mint(app, { client: { id: 'shop-ios', name: 'Shop for iOS' }, refresh: true });
  await sessions.close();

  const cli = cliOf(`sqlite:${file}`);
  const { out } = await cli('list --user ann');
  const lineOf = (id: string): string | undefined => out.split('\n').find((line) => line.includes(id));
  expect(lineOf(app.id)).toContain('Shop for iOS, Chrome on Mac OS');
  expect(lineOf(browser.id)).toMatch(/browser +Chrome on Mac OS/);
  const page = JSON.parse((await cli('list --user ann --json')).out);
  const rows = new Map(page.sessions.map((row: { id: string }) => [row.id, row]));
  expect(rows.get(app.id)).toMatchObject({ client: { id: 'shop-ios', name: 'Shop for iOS' }, attributes: {} });
  expect(rows.get(app.id)).not.toHaveProperty('attributes.$client');
  expect(rows.get(browser.id)).toMatchObject({ client: null });
});
