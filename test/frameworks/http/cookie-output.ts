import { describe, expect, test } from 'vitest';
import { type Answer, NAVIGATION, ORIGIN } from './browser.ts';
import { expectProblem } from './expectations.ts';
import type { Framework } from './framework.ts';
import { postPage } from './pages.ts';
import { COOKIE, DAY, HOUR, open } from './site.ts';

const MAX_AGE = 400 * 86400;
const DELETION = `${COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT`;

/** RFC 6265bis 4.1.1: the grammar for servers, which is narrower than what browsers accept. */
function expectConforming(line: string): void {
  const [pair = '', ...attributes] = line.split('; ');
  expect(pair).toMatch(/^[\w!#$%&'*+.^`|~-]+=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/);
  const names = attributes.map((attribute) => attribute.split('=', 1)[0]!.toLowerCase());
  expect(new Set(names).size, line).toBe(names.length);
  expect(names).toContain('httponly');
  expect(names).toContain('samesite');
  expect(pair.length).toBeLessThanOrEqual(4096);
}

const maxAgeOf = ({ setCookies: [line = ''] }: Answer): number | null => {
  const age = /; Max-Age=(\d+)/.exec(line)?.[1];
  return age === undefined ? null : Number(age);
};

export function cookieOutput(framework: Framework): void {
  describe('how long the browser keeps it', () => {
    test('a browser session has no Max-Age and no Expires', async () => {
      const answer = await (await open(framework)).browser().post('/sign-in');
      expect(answer.setCookies[0]).not.toMatch(/Max-Age|Expires/i);
      expect(answer.headers['cache-control']).toBe('no-store');
    });

    test('a remembered one has the Max-Age of the session, also when it is renewed', async () => {
      const { clock, browser: open_ } = await open(framework);
      const browser = open_();
      expect(maxAgeOf(await browser.post('/sign-in?kind=remembered'))).toBe(30 * 86400);
      clock.advance(DAY);
      expect(maxAgeOf(await browser.post('/renew'))).toBe(29 * 86400);
      expect(maxAgeOf(await browser.post('/sessions/sign-out-others'))).toBe(29 * 86400);
    });

    test.each(['api', 'mcp'])('so has any other kind: %s', async (kind) => {
      const { browser } = await open(framework);
      expect(maxAgeOf(await browser().post(`/sign-in?kind=${kind}`))).toBe(30 * 86400);
    });

    test.each(['500d', null] as const)('CKE-7: at most 400 days where the session may live %s', async (absolute) => {
      const { browser } = await open(framework, { sessions: { lifetime: { absolute, idle: null } } });
      expect(maxAgeOf(await browser().post('/sign-in?kind=remembered'))).toBe(MAX_AGE);
    });
  });

  test('CKE-3: the secret is in Set-Cookie and nowhere else of any answer', async () => {
    const { browser: open_, sessions } = await open(framework, { authentication: { loginUrl: '/login' } });
    const browser = open_();
    const answers: Answer[] = [];
    const secrets = new Set<string>();
    const run = async (method: string, path: string, headers = {}): Promise<void> => {
      answers.push(await browser.request(method, path, headers));
      secrets.add(browser.session.split('.').at(-1)!);
    };
    await run('POST', '/sign-in');
    for (const path of ['/private', '/public', '/sessions', '/sessions?ended=true']) await run('GET', path);
    for (const path of ['/renew', '/reauthenticate', '/sessions/sign-out-others']) await run('POST', path);
    await sessions.revoke({ user: 'alice' });
    await run('GET', '/private', NAVIGATION);

    // The sign-in and the three renewals give one secret each. The refusal deletes no cookie.
    expect(secrets.size).toBe(4);
    expect(secrets).not.toContain('');
    for (const {
      headers: { 'set-cookie': _, ...headers },
      text,
    } of answers) {
      for (const secret of secrets) expect(JSON.stringify(headers) + text).not.toContain(secret);
    }
  });

  describe('CKE-5: at most one Set-Cookie per name', () => {
    const page = postPage('/all-at-once', async ({ auth, addHeader }) => {
      addHeader('set-cookie', 'theme=dark; Path=/');
      addHeader('set-cookie', `${COOKIE}-hint=1; Path=/; Secure`);
      await auth().renew();
      await auth().signOutOthers();
      await auth().reauthenticate({ verify: () => true });
      await auth().signOutEverywhere();
    });

    test('also when a renewal and a revocation run in one response: the last word counts', async () => {
      const { browser: open_ } = await open(framework, { pages: [page] });
      const browser = open_();
      await browser.signIn('alice');
      const answer = await browser.post('/all-at-once');
      expect(answer.setCookies).toEqual(['theme=dark; Path=/', `${COOKIE}-hint=1; Path=/; Secure`, DELETION]);
      expect(browser.cookie(COOKIE)).toBeNull();
    });

    test('a sign-in after a sign-out in one response sets it', async () => {
      const again = postPage('/again', async ({ auth, addHeader }) => {
        addHeader('set-cookie', 'theme=dark; Path=/');
        await auth().signOut();
        await auth().signIn({ user: 'bob', verify: () => true });
      });
      const { browser: open_ } = await open(framework, { pages: [again] });
      const browser = open_();
      await browser.signIn('alice');
      const { setCookies } = await browser.post('/again');
      expect(setCookies).toEqual(['theme=dark; Path=/', expect.stringMatching(/^__Host-[^=]+=sr1\./)]);
      expect((await browser.get('/private')).json).toMatchObject({ user: 'bob' });
    });

    test('CKE-5, CKE-6: every line keeps the grammar and the size of RFC 6265bis', async () => {
      const { browser: open_ } = await open(framework, { sessions: { replace: 'same-device' } });
      const browser = open_();
      const account = 'a'.repeat(256);
      const lines = [
        await browser.post(`/sign-in?kind=remembered&account=${account}`),
        await browser.post('/sign-out'),
      ];
      for (const line of lines.flatMap(({ setCookies }) => setCookies)) expectConforming(line);
      expect(lines.flatMap(({ setCookies }) => setCookies)).toHaveLength(3);
    });
  });

  describe('deletion', () => {
    test('CKE-8, CKE-9: same name and attributes, no value, Max-Age=0 and an Expires in the past', async () => {
      const browser = (await open(framework)).browser();
      await browser.signIn('alice');
      const answer = await browser.post('/sessions/sign-out');
      expect(answer.setCookies).toEqual([DELETION]);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(new Date('Thu, 01 Jan 1970 00:00:00 GMT').toUTCString()).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
    });

    test.each([
      ['__Host-', {}],
      ['__Secure- with a domain', { domain: 'example.org' }],
      ['__Secure- with a path', { path: '/sessions' }],
    ])('CKE-8: a browser that keeps RFC 6265bis obeys it: %s', async (_, cookie) => {
      const browser = (await open(framework, { authentication: { cookie } })).browser();
      await browser.signIn('alice');
      const held = (): number => browser.jar.getCookiesSync(`${ORIGIN}/sessions/x`).length;
      expect(held()).toBe(1);
      expect((await browser.post('/sessions/sign-out')).status).toBe(204);
      expect(held()).toBe(0);
    });

    test('CKE-8: the jar of these tests would refuse one that does not', async () => {
      const { jar } = (await open(framework)).browser();
      expect(() => jar.setCookieSync(`${COOKIE}=; Path=/; Max-Age=0`, ORIGIN)).toThrow(/__Host/);
    });

    test('CKE-10: nothing depends on it', async () => {
      const { browser: open_ } = await open(framework);
      const [browser, deaf] = [open_(), open_()];
      await browser.signIn('alice');
      const kept = browser.session;
      await browser.post('/sessions/sign-out');
      expectProblem(await deaf.get('/private', { cookie: kept }), 401, 'session-required');
    });
  });

  test('CKE-11: a replayed cookie is refused past its limits on the server', async () => {
    const site = await open(framework, { sessions: { lifetime: { absolute: '2h', idle: '1h' } } });
    const [idle, busy, other] = [site.browser(), site.browser(), site.browser()];
    await idle.signIn('alice');
    await busy.signIn('alice', '&kind=remembered');
    const kept = [idle.session, busy.session];
    for (let passed = 0; passed < 2 * HOUR; passed += HOUR / 2) {
      expect((await busy.get('/private')).status).toBe(200);
      site.clock.advance(HOUR / 2);
    }
    for (const cookie of kept) expectProblem(await other.get('/private', { cookie }), 401, 'session-required');
  });
}
