// Table E: login management.
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { TEST_TIMEOUT, WAIT_TIMEOUT } from '../ui/support/timeouts.ts';
import { personOf } from './support/people.ts';
import { newProgram } from './support/program.ts';
import { labelsOf, rowsOf, toldTo } from './support/reading.ts';
import { DAY, HOUR, MINUTE, open } from './support/site.ts';
import { CHROME_ON_MAC, EDGE_ON_WINDOWS, FIREFOX_ON_WINDOWS, SAFARI_ON_IOS } from './support/user-agents.ts';

const { password } = personOf('owner');

describe('E: login management', { timeout: TEST_TIMEOUT }, () => {
  test('E1 A row per session: "Chrome on Mac OS", "Safari on iOS", "Firefox on Windows"', async () => {
    const site = await open('e');
    const expected = [];
    for (const [userAgent, label] of [
      [FIREFOX_ON_WINDOWS, 'Firefox on Windows'],
      [SAFARI_ON_IOS, 'Safari on iOS'],
      [EDGE_ON_WINDOWS, 'Edge on Windows'],
      [CHROME_ON_MAC, 'Chrome on Mac OS'],
    ] as const) {
      await site.signedIn('owner', userAgent);
      expected.unshift(label);
      site.clock.advance(1);
    }
    await site.signedIn('member', SAFARI_ON_IOS);
    const device = await site.signedIn('owner', CHROME_ON_MAC);
    expect(await labelsOf(device)).toEqual(expected);
    const page = await device.open('/profile');
    for (const label of expected) expect(page.text).toContain(label);
  });

  test('E2 "Just now", "3 hours ago", "5 days ago": worded by the card, not the core', async () => {
    const site = await open('e');
    const start = site.clock.now();
    await site.signedIn('owner', FIREFOX_ON_WINDOWS);
    site.clock.advance(5 * DAY - 3 * HOUR);
    await site.signedIn('owner', SAFARI_ON_IOS);
    site.clock.advance(3 * HOUR);
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);

    const rows = await rowsOf(chrome);
    const now = site.clock.now();
    expect(rows.map(({ lastUsedAt }) => lastUsedAt)).toEqual([now, now - 3 * HOUR, start]);
    const words = await wordsOfTheCard();
    expect(rows.map(({ lastUsedAt }) => words.ago(lastUsedAt, now))).toEqual(['just now', '3 hours ago', '5 days ago']);
    expect(words.ago(now - 59_999, now)).toBe('just now');
    expect(words.ago(now - MINUTE, now)).toBe('1 minute ago');
    // Without JavaScript, the page shows the same texts.
    const page = await chrome.open('/profile');
    for (const time of [/just now/i, '3 hours ago', '5 days ago']) expect(page.text).toMatch(time);
  });

  test('E3 "Current session" on this device; Log out on the others', async () => {
    const site = await open('e');
    const firefox = await site.signedIn('owner', FIREFOX_ON_WINDOWS);
    site.clock.advance(1);
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    for (const [device, mine] of [
      [chrome, 'Chrome on Mac OS'],
      [firefox, 'Firefox on Windows'],
    ] as const) {
      const rows = await rowsOf(device);
      expect(rows.filter(({ current }) => current).map((row) => row.device.label)).toEqual([mine]);
      const { text } = await device.open('/profile');
      expect(text.match(/Current session/g)).toHaveLength(1);
      const [other] = rows.filter(({ current }) => !current);
      expect([...text.matchAll(/action="\/sessions\/([\w-]{22})\/sign-out"/g)].map(([, id]) => id)).toEqual([
        other?.id,
      ]);
      expect(text).toContain(`aria-label="Log out ${other?.device.label}"`);
    }
  });

  test('E4 Log out ends that one; its next request gets 401, a page goes to the login page', async () => {
    const site = await open('e');
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    const [firefox, phone, edge] = [
      await site.signedIn('owner', FIREFOX_ON_WINDOWS),
      await site.signedIn('owner', SAFARI_ON_IOS),
      await site.signedIn('owner', EDGE_ON_WINDOWS),
    ];
    const idOf = async (label: string): Promise<string> => {
      return (await rowsOf(chrome)).find(({ device }) => device.label === label)?.id ?? '';
    };
    const id = await idOf('Firefox on Windows');
    expect((await chrome.delete(`/sessions/${id}`)).status).toBe(204);
    const refused = await firefox.get('/me');
    expect([refused.status, refused.headers['content-type'], refused.json]).toEqual([
      401,
      expect.stringMatching(/^application\/problem\+json/),
      expect.objectContaining({ reason: 'ended', reasonCode: 'signed-out' }),
    ]);
    // Signs out by a form. The next page of that device redirects to the login page, which tells the reason.
    const form = await chrome.submit(`/sessions/${await idOf('Safari on iOS')}/sign-out`, {
      returnTo: '/profile?done=device',
    });
    expect([form.status, form.location]).toEqual([303, '/profile?done=device']);
    const page = await phone.open('/account');
    expect([page.status, page.location]).toEqual([303, '/?returnTo=%2Faccount&reason=signed-out']);
    const login = await phone.open(page.location ?? '');
    expect([login.status, login.text]).toEqual([200, expect.stringContaining('name="returnTo" value="/account"')]);

    expect((await chrome.delete(`/sessions/${id}`)).status).toBe(404);
    for (const device of [chrome, edge]) expect(await device.isSignedIn()).toBe(true);
    // The session of another user is answered like an unknown session.
    const member = await site.signedIn('member');
    expect((await member.delete(`/sessions/${await idOf('Edge on Windows')}`)).status).toBe(404);
    expect(await edge.isSignedIn()).toBe(true);
  });

  test('E5 Log out other devices keeps only this one', async () => {
    const site = await open('e');
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    const firefox = await site.signedIn('owner', FIREFOX_ON_WINDOWS);
    const phone = await site.signedIn('owner', SAFARI_ON_IOS, { remember: true });
    const member = await site.signedIn('member');
    const [before] = (await rowsOf(chrome)).filter(({ current }) => current);
    const stolen = chrome.stolen();

    expect((await chrome.post('/sessions/sign-out-others')).status).toBe(204);
    const others = { status: 401, reason: 'revoked', reasonCode: 'signed-out-others' };
    for (const device of [firefox, phone]) expect(await toldTo(device)).toEqual(others);
    expect(await rowsOf(chrome)).toEqual([expect.objectContaining({ id: before?.id, current: true })]);
    // This session goes on under a new secret. A copy of its old cookie is refused.
    expect(await stolen.isSignedIn()).toBe(false);
    expect(await chrome.isSignedIn()).toBe(true);
    expect(await member.isSignedIn()).toBe(true);
    // Without JavaScript, the page asks before it sends the form.
    await site.signIn(firefox, 'owner');
    const { text } = await chrome.open('/profile');
    expect(text).toMatch(
      /<details>\s*<summary>Log out other devices<\/summary>\s*<form [^>]*\/sessions\/sign-out-others"/,
    );
  });

  test('E6 Password and e-mail changes do E5 by themselves', async () => {
    const site = await open('e');
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    const email = 'renamed@acme.example';
    for (const [path, body, reasonCode] of [
      ['/password', { current: password, next: 'another-demo-password' }, 'password-changed'],
      ['/email', { password: 'another-demo-password', email }, 'email-changed'],
    ] as const) {
      const firefox = site.newDevice(FIREFOX_ON_WINDOWS);
      const now = reasonCode === 'password-changed' ? password : 'another-demo-password';
      expect((await firefox.post('/sign-in', { email: personOf('owner').email, password: now })).status).toBe(200);
      const stolen = chrome.stolen();

      expect((await chrome.post(path, body)).json).toMatchObject({ revoked: true, kept: true, found: true });
      expect(await toldTo(firefox)).toEqual({ status: 401, reason: 'revoked', reasonCode });
      expect([await chrome.isSignedIn(), await stolen.isSignedIn()]).toEqual([true, false]);
      expect(await labelsOf(chrome)).toEqual(['Chrome on Mac OS']);
    }
    // A failed change ends no session.
    const phone = site.newDevice(SAFARI_ON_IOS);
    expect((await phone.post('/sign-in', { email, password: 'another-demo-password' })).status).toBe(200);
    expect((await chrome.post('/password', { current: 'wrong', next: 'yet-another-password' })).status).toBe(400);
    expect((await chrome.post('/email', { password: 'wrong', email: 'x@acme.example' })).status).toBe(400);
    expect(await phone.isSignedIn()).toBe(true);
  });

  test('E7 A password reset ends every session', async () => {
    const site = await open('e');
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    const phone = await site.signedIn('owner', SAFARI_ON_IOS, { remember: true });
    const program = await newProgram(chrome, 'api');
    const member = await site.signedIn('member');
    const stranger = site.newDevice(FIREFOX_ON_WINDOWS);

    const asked = await stranger.post('/password-reset/request', { email: 'owner@acme.example' });
    const unknown = await stranger.post('/password-reset/request', { email: 'nobody@acme.example' });
    expect([asked.status, asked.text]).toEqual([202, unknown.text]);
    expect(unknown.status).toBe(202);
    expect(site.mails).toEqual([expect.objectContaining({ to: 'owner@acme.example' })]);
    const token = site.mails[0]?.token ?? '';
    // Neither the request nor opening the link ends a session.
    expect((await stranger.open(`/password-reset?token=${token}`)).status).toBe(200);
    expect(await chrome.isSignedIn()).toBe(true);

    const reset = await stranger.submit('/password-reset', { token, next: 'another-demo-password' });
    expect([reset.status, reset.location]).toEqual([303, '/?reason=password-reset']);
    for (const device of [chrome, phone]) {
      expect(await toldTo(device)).toEqual({ status: 401, reason: 'revoked', reasonCode: 'password-reset' });
    }
    expect((await program.me()).status).toBe(401);
    expect(await member.isSignedIn()).toBe(true);
    // The link works once.
    expect((await stranger.post('/password-reset', { token, next: 'yet-another-password' })).status).toBe(400);
    const next = { email: 'owner@acme.example', password: 'another-demo-password' };
    expect((await stranger.post('/sign-in', next)).status).toBe(200);
  });

  test('E8 30 days from creation, never more; pruned hourly; an expired session’s next request gets 401', async () => {
    // Moves only the demo's timers. The timers of HTTP are internal to Node and keep running.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const site = await open('e');
    const prunings: number[] = [];
    site.sessions.on('sessions.pruned', ({ sessions }) => prunings.push(sessions));

    const created = site.clock.now();
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    const phone = await site.signedIn('owner', SAFARI_ON_IOS, { remember: true });
    for (let day = 1; day < 30; day++) {
      site.clock.advance(DAY);
      expect(await chrome.isSignedIn()).toBe(true);
    }
    expect((await rowsOf(chrome)).map(({ expiresAt }) => expiresAt)).toEqual(Array(2).fill(created + 30 * DAY));
    site.clock.advance(DAY - 1);
    expect([await chrome.isSignedIn(), await phone.isSignedIn()]).toEqual([true, true]);
    site.clock.advance(1);
    for (const device of [chrome, phone]) {
      expect(await toldTo(device)).toEqual({ status: 401, reason: 'expired', reasonCode: undefined });
      expect((await device.open('/account')).location).toBe('/?returnTo=%2Faccount&reason=expired');
    }

    // The sessions stay in the history for a week. Then an hourly pruning removes them.
    const listed = async (): Promise<number> =>
      (await site.sessions.list({ user: 'user-1' }, { ended: true })).sessions.length;
    expect(await listed()).toBe(2);
    site.clock.advance(7 * DAY + HOUR);
    expect(prunings).toEqual([]);
    await vi.advanceTimersByTimeAsync(29 * MINUTE);
    expect(prunings).toEqual([]);
    await vi.advanceTimersByTimeAsync(62 * MINUTE);
    await vi.waitUntil(() => prunings.length > 0, { timeout: WAIT_TIMEOUT });
    expect(prunings[0]).toBe(2);
    expect(await listed()).toBe(0);
    // Pruning repeats every 30 to 90 minutes.
    for (let minute = 0; minute < 24 * 60; minute += 15) {
      await vi.advanceTimersByTimeAsync(15 * MINUTE);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(prunings.length).toBeGreaterThan(12);
    expect(prunings.length).toBeLessThan(50);
  });

  test('E9 One session per browser and OS: signing in again replaces; another browser is another row', async () => {
    const site = await open('e');
    const first = await site.signedIn('owner', CHROME_ON_MAC);
    const firefox = await site.signedIn('owner', FIREFOX_ON_WINDOWS);
    const member = await site.signedIn('member', CHROME_ON_MAC);
    site.clock.advance(HOUR);
    // The same browser and system, without its cookie: a private window, or after the cookies were cleared.
    const again = await site.signedIn('owner', CHROME_ON_MAC);

    expect(await labelsOf(again)).toEqual(['Chrome on Mac OS', 'Firefox on Windows']);
    expect(await toldTo(first)).toEqual({ status: 401, reason: 'ended', reasonCode: 'replaced' });
    for (const device of [again, firefox, member]) expect(await device.isSignedIn()).toBe(true);
    // A newer version counts as the same browser.
    const newer = await site.signedIn('owner', CHROME_ON_MAC.replace('Chrome/138', 'Chrome/139'));
    expect([await again.isSignedIn(), (await labelsOf(newer)).length]).toEqual([false, 2]);
    // Ten simultaneous sign-ins leave one session.
    const crowd = Array.from({ length: 10 }, () => site.newDevice(CHROME_ON_MAC));
    await Promise.all(crowd.map((device) => site.signIn(device, 'owner')));
    expect((await labelsOf(firefox)).filter((label) => label === 'Chrome on Mac OS')).toHaveLength(1);
  });

  test('E10 Removing the last login method ends every session', async () => {
    const site = await open('e');
    const chrome = await site.signedIn('owner', CHROME_ON_MAC);
    const firefox = await site.signedIn('owner', FIREFOX_ON_WINDOWS);
    const program = await newProgram(chrome, 'mcp');
    const member = await site.signedIn('member');
    expect((await chrome.get('/login-methods')).json).toEqual({ methods: ['password', 'passkey'] });

    const first = await chrome.post('/login-methods/remove', { method: 'password' });
    expect(first.json).toMatchObject({ methods: ['passkey'], revoked: false });
    for (const device of [chrome, firefox]) expect(await device.isSignedIn()).toBe(true);

    const stolen = chrome.stolen();
    const last = await chrome.post('/login-methods/remove', { method: 'passkey' });
    expect(last.json).toMatchObject({ methods: [], revoked: true, kept: false });
    expect(chrome.cookies).toEqual([]);
    for (const device of [stolen, firefox]) {
      expect(await toldTo(device)).toEqual({ status: 401, reason: 'revoked', reasonCode: 'last-login-method-removed' });
    }
    expect((await program.me()).status).toBe(401);
    expect((await chrome.post('/sign-in', site.credentialsOf('owner'))).status).toBe(401);
    expect(await member.isSignedIn()).toBe(true);
  });
});

/** Loads the card's English texts. The path is computed, because this program lacks the DOM types of the card. */
async function wordsOfTheCard(): Promise<{ ago(at: number, now: number): string }> {
  const part = (name: string): Promise<Record<string, unknown>> =>
    import(new URL(`../../adapters/ui/login-management/${name}.ts`, import.meta.url).href);
  const { Words } = (await part('words')) as {
    Words: new (texts: unknown, locale: string) => { ago(at: number, now: number): string };
  };
  const { english } = await part('texts/en');
  return new Words(english, 'en');
}
