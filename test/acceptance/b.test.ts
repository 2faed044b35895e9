// Table B: remote log-out.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../ui/support/eventually.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { personOf } from './support/people.ts';
import { newProgram } from './support/program.ts';
import { entriesOf, rowsOf, toldTo } from './support/reading.ts';
import { DAY, open } from './support/site.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, SAFARI_ON_IOS } from './support/user-agents.ts';

const REVOKED = { status: 401, reason: 'revoked', reasonCode: 'signed-out-everywhere' };

describe('B: remote log-out', { timeout: TEST_TIMEOUT }, () => {
  test('B1 Ends all browser sessions and remember-me cookies', async () => {
    const site = await open('b');
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    const firefox = await site.signedIn('owner', FIREFOX_ON_WINDOWS);
    const phone = await site.signedIn('owner', SAFARI_ON_IOS, { remember: true });
    const other = await site.signedIn('member', SAFARI_ON_IOS, { remember: true });
    // The remembered session survives a restart of the browser. The other one does not.
    const closed = firefox.stolen();
    for (const device of [closed, phone]) device.restart();
    expect([await closed.isSignedIn(), await phone.isSignedIn()]).toEqual([false, true]);

    expect((await chrome.post('/sessions/sign-out-everywhere')).status).toBe(204);
    phone.restart();
    for (const device of [firefox, phone]) expect(await toldTo(device)).toEqual(REVOKED);
    expect(await chrome.isSignedIn()).toBe(false);
    expect(await other.isSignedIn()).toBe(true);
  });

  test('B2 API and MCP tokens stay; they are revoked by their own kind', async () => {
    const site = await open('b');
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    const [api, mcp] = [await newProgram(chrome, 'api'), await newProgram(chrome, 'mcp')];
    const others = await newProgram(await site.signedIn('member'), 'api');

    await chrome.post('/sessions/sign-out-everywhere');
    site.clock.advance(100 * DAY);
    expect((await api.me()).json).toEqual({ user: 'user-1', kind: 'api' });
    expect((await mcp.me()).json).toEqual({ user: 'user-1', kind: 'mcp' });

    const firefox = await site.signedIn('owner', FIREFOX_ON_WINDOWS);
    expect((await firefox.post('/tokens/revoke', { kind: 'api' })).status).toBe(200);
    const refused = await api.me();
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      401,
      expect.stringMatching(/^Bearer .*error="invalid_token"/),
    ]);
    expect((await mcp.me()).status).toBe(200);
    expect((await others.me()).status).toBe(200);
    expect(await firefox.isSignedIn()).toBe(true);

    await firefox.post('/tokens/revoke', { kind: 'mcp' });
    expect((await mcp.me()).status).toBe(401);
  });

  test('B3 The asking device is out at once, others on their next request', async () => {
    const site = await open('b');
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    const firefox = await site.signedIn('owner', FIREFOX_ON_WINDOWS, { remember: true });
    const stolen = chrome.stolen();

    const asked = await chrome.submit('/sessions/sign-out-everywhere');
    // The answer deletes the cookie, and a copy of the cookie is refused.
    expect([asked.status, chrome.cookies]).toEqual([303, []]);
    expect(await toldTo(stolen)).toEqual(REVOKED);
    expect((await chrome.open('/profile')).location).toBe('/?returnTo=%2Fprofile');

    expect(firefox.cookies).toEqual(['demo-session']);
    const next = await firefox.open('/profile');
    expect([next.status, next.location]).toEqual([303, '/?returnTo=%2Fprofile&reason=signed-out-everywhere']);
    // A refusal does not delete the cookie. It stays until the next sign-in, and remains refused.
    expect(firefox.cookies).toEqual(['demo-session']);
    expect(await toldTo(firefox)).toEqual(REVOKED);
    await site.signIn(firefox, 'owner');
    expect([await firefox.isSignedIn(), firefox.cookies]).toEqual([true, ['demo-session']]);
  });

  test('B4 Second-factor settings are not the library’s to touch', async () => {
    const site = await open('b');
    const { id, password } = personOf('owner');
    await site.users.setSecondFactor(id, password, true);
    const table = () => readFile(join(site.folder, 'users.json'), 'utf8');
    const before = await table();

    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    await chrome.post('/sessions/sign-out-everywhere');
    await site.sessions.revoke({ account: 'acme' }, { reason: 'signed-out-everywhere' });
    expect(await chrome.isSignedIn()).toBe(false);
    expect(await table()).toBe(before);
    expect(await site.users.get(id)).toMatchObject({ secondFactor: true, totpSecret: personOf('owner').totpSecret });
  });

  test('B5 The audit log gets user.session_invalidated', async () => {
    const site = await open('b');
    const admin = await site.signedIn('owner', CHROME_ON_MAC);
    const member = await site.signedIn('member', FIREFOX_ON_WINDOWS);
    const note = 'laptop left on a train, ticket 4711';

    const asked = await admin.post('/review/revoke', { user: 'user-2', reason: 'lost-laptop', note });
    expect(asked.json).toMatchObject({ revoked: true });
    expect(await member.isSignedIn()).toBe(false);
    const phone = await site.signedIn('member', SAFARI_ON_IOS);
    site.clock.advance(DAY);
    await phone.post('/sessions/sign-out-everywhere');

    const entries = await entriesOf(admin, '?type=user.session_invalidated');
    expect(entries).toEqual([
      expect.objectContaining({
        user: 'user-2',
        by: 'user-2',
        reason: 'signed-out-everywhere',
        fromDevice: 'Safari on iOS',
      }),
      expect.objectContaining({
        user: 'user-2',
        by: 'user-1',
        reason: 'lost-laptop',
        note,
        fromDevice: 'Chrome on Mac OS',
      }),
    ]);
    expect(entries.map(({ at }) => site.clock.now() - at)).toEqual([0, DAY]);
    expect(new Set(entries.map(({ type }) => type))).toEqual(new Set(['user.session_invalidated']));
    // The log uses only this name.
    expect(await entriesOf(admin, '?type=sessions.revoked')).toEqual([]);
    // The affected user does not see the administrator's reason and note.
    const { json } = await member.get('/me');
    expect(JSON.stringify(json)).not.toMatch(/lost-laptop|4711/);
  });

  test('B6 May depend on the customer’s plan', async () => {
    const site = await open('b');
    const chrome = await site.signedIn('solo', CHROME_ON_MAC);
    const firefox = await site.signedIn('solo', FIREFOX_ON_WINDOWS);
    expect((await chrome.get('/me')).json).toMatchObject({ plan: 'free', account: 'beta' });

    for (const route of ['sign-out-everywhere', 'sign-out-others']) {
      const { status, json, headers } = await chrome.post(`/sessions/${route}`);
      expect([status, json?.type]).toEqual([403, 'urn:problem-type:session-revocation:forbidden']);
      expect(headers).not.toHaveProperty('set-cookie');
      site.clock.advance(1);
    }
    expect(await rowsOf(chrome)).toHaveLength(2);
    expect(await firefox.isSignedIn()).toBe(true);
    expect(await site.audit({ types: ['user.session_invalidated'] })).toEqual([]);
    const refused = { by: 'user-4', account: 'beta', reason: 'forbidden' };
    await eventually(() => site.audit({ types: ['request.refused'] })).toEqual([
      expect.objectContaining({ ...refused, details: { action: 'sign-out-others' } }),
      expect.objectContaining({ ...refused, details: { action: 'sign-out-everywhere' } }),
    ]);

    // With this plan, the user can still sign out each device on its own.
    await chrome.post('/sessions/sign-out');
    expect([await chrome.isSignedIn(), await firefox.isSignedIn()]).toEqual([false, true]);
  });
});
