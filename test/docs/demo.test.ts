import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REASON_CODES, type SessionStore } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createDemo } from '../../examples/demo/app.js';
import { PRODUCTS, productOf } from '../../examples/demo/products.js';
import { ROWS } from '../../examples/demo/rows.js';
import { REASONS, reasonText } from '../../examples/demo/texts.js';
import { codeOf, isCodeOf } from '../../examples/demo/totp.js';
import { DEMO_USERS, Users } from '../../examples/demo/users.js';
import { writeFirstUsers } from '../acceptance/support/site.ts';
import { includes } from '../ci-only.ts';
import { newPrefix, removeKeys } from '../engines/support/redis-clients.ts';
import { compiledPackage } from '../services/compiled.ts';
import { findService } from '../services/index.ts';
import { eventually } from '../ui/support/eventually.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { runToEnd, type Server, startServer } from './server.ts';

const compiled = await compiledPackage();
const redisUrl = await findService('redis');
const isWhole = includes('demo: its program');

const [owner, member] = DEMO_USERS.map(({ email, password }) => ({ email, password }));
const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0';

let seeds: string;
let folder: string;
let stop: () => Promise<unknown>;

beforeAll(async () => {
  seeds = mkdtempSync(join(tmpdir(), 'session-revocation-demo-users-'));
  await writeFirstUsers(join(seeds, 'users.json'));
});

afterAll(() => rmSync(seeds, { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'session-revocation-demo-'));
  stop = async () => {};
});

afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
}, TEST_TIMEOUT);

/** A browser without JavaScript, which asks for pages. With another `accept`, it stands for a program. */
class Browser {
  readonly cookies = new Map<string, string>();
  readonly #origin: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(origin: string, userAgent: string, accept = 'text/html') {
    this.#origin = origin;
    this.#headers = { 'user-agent': userAgent, accept };
  }

  /** Returns a copy of the browser for the same app on another port. Cookies ignore the port, so it keeps them. */
  at(origin: string): Browser {
    const there = new Browser(origin, this.#headers['user-agent'] ?? '', this.#headers.accept);
    for (const [name, value] of this.cookies) there.cookies.set(name, value);
    return there;
  }

  get = (path: string): Promise<Answer> => this.#ask('GET', path);
  post = (path: string, fields: Record<string, string> = {}, origin = this.#origin): Promise<Answer> =>
    this.#ask('POST', path, new URLSearchParams(fields), { origin });
  delete = (path: string): Promise<Answer> => this.#ask('DELETE', path, undefined, { origin: this.#origin });
  signIn = (who: Record<string, string> | undefined): Promise<Answer> => this.post('/sign-in', who);

  async #ask(method: string, path: string, body?: URLSearchParams, headers?: Record<string, string>): Promise<Answer> {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(this.#origin + path, {
      method,
      redirect: 'manual',
      headers: { ...this.#headers, ...headers, ...(cookie === '' ? {} : { cookie }) },
      ...(body === undefined ? {} : { body }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    return { status: answer.status, location, headers: answer.headers, text: await answer.text() };
  }
}

interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly headers: Headers;
  readonly text: string;
}

interface Started {
  readonly origin: string;
  readonly sessions: ReturnType<typeof createDemo>['sessions'];
}

async function start(store: SessionStore, product = 'e', card?: string): Promise<Started> {
  copyFileSync(join(seeds, 'users.json'), join(folder, 'users.json'));
  const users = await Users.open(join(folder, 'users.json'));
  // The server never closes an idle connection. Otherwise a client could use a connection at the moment it closes.
  const server = createServer({ keepAliveTimeout: 0 }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const demo = createDemo({ product, store, users, origins: [origin], ...(card === undefined ? {} : { card }) });
  server.on('request', demo.handler);
  stop = async () => {
    server.closeAllConnections();
    server.close();
    await demo.close();
  };
  return { origin, sessions: demo.sessions };
}

const serve = async (store = memoryStore(), product?: string, card?: string): Promise<string> =>
  (await start(store, product, card)).origin;

/** Returns the store with some of its methods replaced. */
const patched = (store: SessionStore, verbs: Partial<SessionStore>): SessionStore =>
  new Proxy(store, {
    get: (target, name) => {
      const value = Reflect.get(verbs, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

/** Returns a store whose methods of these names fail while `state.down` is true. */
function failing(...verbs: readonly ('find' | 'advance')[]) {
  const store = memoryStore();
  const state = { down: false };
  const fail = (verb: 'find' | 'advance') => [
    verb,
    (...args: never[]) => {
      if (state.down) throw new Error('the disk is gone');
      return (store[verb] as (...args: never[]) => unknown)(...args);
    },
  ];
  return { state, store: patched(store, Object.fromEntries(verbs.map(fail))) };
}

const rowsOf = (page: string): string[] =>
  [...page.matchAll(/<li>\s*<div>\s*<strong>([^<]*)<\/strong>/g)].map(([, label = '']) => label);
const firstDevice = (page: string): string => /\/sessions\/([\w-]+)\/sign-out"/.exec(page)?.[1] ?? 'none';
const messageOf = (page: string): string | undefined => /<p class="\w+" role="\w+">([^<]*)</.exec(page)?.[1];

describe('the demo', { timeout: TEST_TIMEOUT }, () => {
  test('answers a stranger with the form, and a user with the devices', async () => {
    const origin = await serve();
    const chrome = new Browser(origin, CHROME);
    const stranger = await chrome.get('/');
    expect(stranger.status).toBe(200);
    expect(stranger.text).toContain('action="/sign-in"');
    expect(stranger.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );

    const signedIn = await chrome.signIn({ ...owner, returnTo: '//evil.example' });
    expect([signedIn.status, signedIn.location]).toEqual([303, '/profile']);
    expect((await chrome.get('/')).location).toBe('/profile');
    const firefox = new Browser(origin, FIREFOX);
    await firefox.signIn(owner);
    const page = (await chrome.get('/profile')).text;
    expect(page).toContain('<login-management src="/sessions" login-url="/"');
    // The page lists the devices without JavaScript too.
    expect(rowsOf(page)).toEqual(['Firefox on Windows', 'Chrome on Mac OS']);
    expect(page.match(/Current session/g)).toHaveLength(1);
    expect(page.match(/aria-label="Log out [^"]*">Log out<\/button>/g)).toHaveLength(1);
  });

  test('brings a page back to where it wanted to go', async () => {
    const chrome = new Browser(await serve(), CHROME);
    const asked = await chrome.get('/tokens');
    expect([asked.status, asked.location]).toEqual([303, '/?returnTo=%2Ftokens']);
    expect((await chrome.get('/?returnTo=%2Ftokens')).text).toContain('name="returnTo" value="/tokens"');
    expect((await chrome.signIn({ ...owner, returnTo: '/tokens' })).location).toBe('/tokens');
  });

  test('logs out one device, all others, and all, by forms', async () => {
    const origin = await serve();
    const [chrome, firefox, other] = [CHROME, FIREFOX, CHROME].map((agent) => new Browser(origin, agent)) as [
      Browser,
      Browser,
      Browser,
    ];
    await other.signIn(member);
    await chrome.signIn(owner);
    await firefox.signIn(owner);

    const id = firstDevice((await chrome.get('/profile')).text);
    const one = await chrome.post(`/sessions/${id}/sign-out`, { returnTo: '/profile?done=device' });
    expect([one.status, one.location]).toEqual([303, '/profile?done=device']);
    expect(messageOf((await chrome.get('/profile?done=device')).text)).toBe(
      'That device is logged out: it notices at its next request.',
    );
    expect((await firefox.get('/profile')).location).toBe('/?returnTo=%2Fprofile&reason=signed-out');

    await firefox.signIn(owner);
    await chrome.post('/sessions/sign-out-others', { returnTo: '/profile?done=others' });
    expect((await firefox.get('/profile')).location).toBe('/?returnTo=%2Fprofile&reason=signed-out-others');
    expect(rowsOf((await chrome.get('/profile')).text)).toEqual(['Chrome on Mac OS']);

    await firefox.signIn(owner);
    expect((await chrome.get('/account/sign-out-everywhere')).text).toContain('Log out everywhere?');
    expect((await firefox.get('/profile')).status).toBe(200);
    const everywhere = await chrome.post('/sessions/sign-out-everywhere', {
      returnTo: '/?reason=signed-out-everywhere',
    });
    expect(everywhere.location).toBe('/?reason=signed-out-everywhere');
    expect(messageOf((await chrome.get('/?reason=signed-out-everywhere')).text)).toBe(
      'You are logged out on every device: each notices at its next request.',
    );
    for (const browser of [chrome, firefox]) expect((await browser.get('/profile')).status).toBe(303);
    expect(rowsOf((await other.get('/profile')).text)).toEqual(['Chrome on Mac OS']);
  });

  test('does not let one user end another’s session', async () => {
    const origin = await serve();
    const [chrome, other] = [new Browser(origin, CHROME), new Browser(origin, FIREFOX)];
    await chrome.signIn(owner);
    const { id } = JSON.parse((await new Browser(origin, FIREFOX, '*/*').signIn(owner)).text);
    await other.signIn(member);
    expect((await other.post(`/sessions/${id}/sign-out`)).status).toBe(404);
    expect((await other.delete(`/sessions/${id}`)).status).toBe(404);
    expect(rowsOf((await chrome.get('/profile')).text)).toHaveLength(2);
  });

  test('changes a password: the others go, this one stays under a new secret', async () => {
    const origin = await serve();
    const [chrome, firefox] = [new Browser(origin, CHROME), new Browser(origin, FIREFOX)];
    await chrome.signIn(owner);
    await firefox.signIn(owner);

    const wrong = await chrome.post('/password', { current: 'wrong', next: 'a new password' });
    expect([wrong.status, messageOf(wrong.text)]).toEqual([400, 'The current password is wrong.']);
    const short = await chrome.post('/password', { current: owner?.password ?? '', next: 'short' });
    expect([short.status, messageOf(short.text)]).toEqual([400, 'The new password needs at least 8 characters.']);
    expect(rowsOf((await firefox.get('/profile')).text)).toHaveLength(2);

    const before = new Map(chrome.cookies);
    const changed = await chrome.post('/password', { current: owner?.password ?? '', next: 'a new password' });
    expect([changed.status, changed.location]).toEqual([303, '/account?done=password']);
    expect(chrome.cookies).not.toEqual(before);
    expect(rowsOf((await chrome.get('/profile')).text)).toEqual(['Chrome on Mac OS']);
    expect((await firefox.get('/profile')).location).toBe('/?returnTo=%2Fprofile&reason=password-changed');
    const thief = new Browser(origin, CHROME);
    for (const [name, value] of before) thief.cookies.set(name, value);
    expect((await thief.get('/profile')).status).toBe(303);
    expect((await firefox.signIn(owner)).status).toBe(401);
    expect((await firefox.signIn({ email: owner?.email ?? '', password: 'a new password' })).status).toBe(303);
    expect(readFileSync(join(folder, 'users.json'), 'utf8')).not.toContain('a new password');
  });

  test('tells a page that is signed out why, and a form to sign in again', async () => {
    const origin = await serve();
    const [chrome, firefox] = [new Browser(origin, CHROME), new Browser(origin, FIREFOX)];
    await chrome.signIn(owner);
    await firefox.signIn(owner);
    await chrome.post('/sessions/sign-out-everywhere');
    const late = await firefox.post('/password', { current: owner?.password ?? '', next: 'a new password' });
    expect([late.status, late.location]).toEqual([303, '/?reason=signed-out-everywhere']);
    const page = await firefox.get(late.location ?? '');
    expect(messageOf(page.text)).toBe('You are logged out on every device: each notices at its next request.');
    // The refused form changed nothing, so the old password still works.
    expect((await firefox.signIn(owner)).status).toBe(303);
  });

  test('has a text for every reason, and shows no other', async () => {
    const chrome = new Browser(await serve(), CHROME);
    expect(Object.keys(REASONS)).toEqual(expect.arrayContaining([...REASON_CODES, 'ended', 'expired', 'revoked']));
    const texts = new Set<string | undefined>();
    for (const code of Object.keys(REASONS)) texts.add(messageOf((await chrome.get(`/?reason=${code}`)).text));
    expect(texts).toEqual(new Set(Object.keys(REASONS).map((code) => reasonText(code, productOf('e')))));
    expect(texts.size).toBe(Object.keys(REASONS).length);
    for (const code of ['constructor', '__proto__', '<b>x</b>', '']) {
      const page = await chrome.get(`/?reason=${encodeURIComponent(code)}&done=${encodeURIComponent(code)}`);
      expect([code, page.status, messageOf(page.text)]).toEqual([code, 200, undefined]);
      expect(page.text).not.toContain('<b>');
    }
  });

  test('refuses a wrong password, a stranger, and nonsense alike', async () => {
    const origin = await serve();
    const program = new Browser(origin, 'curl/8.0', '*/*');
    for (const who of [{ ...owner, password: 'x' }, { email: 'nobody@acme.example', password: 'x' }, {}]) {
      const refused = await program.signIn(who as Record<string, string>);
      expect(refused.status).toBe(401);
      expect(refused.headers.get('content-type')).toContain('application/problem+json');
      expect(refused.headers.get('www-authenticate')).toBe('Session realm="demo"');
      expect(JSON.parse(refused.text)).toEqual({ title: 'E-mail or password is wrong', status: 401 });
    }
    const malformed = await fetch(`${origin}/sign-in`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: '{',
    });
    expect(malformed.status).toBe(400);
  });

  test('refuses what comes from another site', async () => {
    const origin = await serve(memoryStore(), 'c');
    const chrome = new Browser(origin, CHROME);
    expect((await chrome.post('/sign-in', owner, 'https://evil.example')).status).toBe(403);
    await chrome.signIn(owner);
    const before = readFileSync(join(folder, 'users.json'), 'utf8');
    const password = owner?.password ?? '';
    const forms: readonly (readonly [string, Record<string, string>])[] = [
      ['/sign-out', {}],
      ['/sessions/sign-out', {}],
      ['/sessions/sign-out-others', {}],
      ['/sessions/sign-out-everywhere', {}],
      ['/password', { current: password, next: 'a new password' }],
      ['/email', { password, email: 'thief@evil.example' }],
      ['/login-methods/remove', { method: 'passkey' }],
      ['/password-reset/request', { email: owner?.email ?? '' }],
      ['/password-reset', { token: 'x', next: 'a new password' }],
      ['/tokens', { kind: 'api', name: 'stolen' }],
      ['/tokens/revoke', { kind: 'api' }],
      ['/review/revoke', { all: 'yes' }],
      ['/review/end', { user: 'user-2', session: 'x' }],
      ['/review/end-idle', { unusedFor: '1m' }],
      ['/review/remove-member', { user: 'user-2' }],
      ['/review/role', { user: 'user-2', role: 'admin' }],
      ['/review/suspend', { user: 'user-2' }],
      ['/review/forget', { user: 'user-2' }],
    ];
    for (const [path, fields] of forms) {
      const refused = await chrome.post(path, fields, 'https://evil.example');
      expect([path, refused.status]).toEqual([path, 403]);
      // The page explains the refusal in words.
      expect(refused.text).toContain('The request did not come from a page of this site.');
    }
    expect(rowsOf((await chrome.get('/profile')).text)).toEqual(['Chrome on Mac OS']);
    expect(readFileSync(join(folder, 'users.json'), 'utf8')).toBe(before);
  });

  test('shows markup of a client as text, on every page', async () => {
    const origin = await serve();
    const chrome = new Browser(origin, '<img src=x onerror=alert(1)>/1.0 (<b>Mac</b>)');
    await chrome.signIn(owner);
    const note = '<b>note</b>';
    await new Browser(origin, FIREFOX).signIn(member);
    const act = { user: 'user-2', reason: '<img src=y>', note };
    expect((await chrome.post('/review/revoke', act)).text).not.toMatch(/<img|<b>/);
    await chrome.post('/review/revoke', { ...act, confirmed: 'yes' });
    expect(rowsOf((await chrome.get('/profile')).text)).toHaveLength(1);
    for (const path of ['/profile', '/review', '/audit', `/audit?type=${note}`, `/audit?user=${note}`]) {
      const { status, text } = await chrome.get(path);
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toMatch(/<img|<b>/);
    }
    expect((await chrome.get('/audit')).text).toContain('&lt;b&gt;note&lt;/b&gt;');
    const refused = await chrome.signIn({ email: '"><b>', password: 'x' });
    expect(refused.text).toContain('value="&quot;&gt;&lt;b&gt;"');
  });

  test('signs nobody out in an outage, and recovers', async () => {
    const { state, store } = failing('find');
    const origin = await serve(store);
    const chrome = new Browser(origin, CHROME);
    await chrome.signIn(owner);
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    state.down = true;
    for (const path of ['/', '/profile', '/sessions']) {
      const page = await chrome.get(path);
      expect([path, page.status]).toEqual([path, 503]);
      expect([page.headers.get('retry-after'), page.headers.getSetCookie()]).toEqual(['5', []]);
      expect(page.text).toContain('No session was ended by this');
      expect(page.text).not.toContain('disk');
    }
    expect(log).toHaveBeenCalledTimes(3);
    log.mockRestore();
    expect((await new Browser(origin, FIREFOX).get('/')).status).toBe(200);
    expect((await chrome.get('/about')).status).toBe(200);
    state.down = false;
    expect(rowsOf((await chrome.get('/profile')).text)).toHaveLength(1);
  });

  test('says so where a password is changed and nobody can be signed out', async () => {
    const { state, store } = failing('advance');
    const origin = await serve(store);
    const [chrome, firefox] = [new Browser(origin, CHROME), new Browser(origin, FIREFOX)];
    await chrome.signIn(owner);
    await firefox.signIn(owner);
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    state.down = true;
    const changed = await chrome.post('/password', { current: owner?.password ?? '', next: 'a new password' });
    expect([changed.status, changed.headers.getSetCookie()]).toEqual([503, []]);
    expect(changed.text).toContain('Your password is changed, but sessions are not ended');
    log.mockRestore();
    state.down = false;
    expect((await firefox.get('/profile')).status).toBe(200);
    expect((await chrome.signIn({ email: owner?.email ?? '', password: 'a new password' })).status).toBe(303);
  });

  test('makes no token for a session that is revoked while it asks', async () => {
    const store = memoryStore();
    const untouched = (): Promise<unknown> => Promise.resolve();
    let before = untouched;
    const slow = patched(store, {
      ensureEpochs(requests, now) {
        const act = before;
        before = untouched;
        return act().then(() => store.ensureEpochs(requests, now));
      },
    });
    const { origin, sessions } = await start(slow);
    const program = new Browser(origin, CHROME, 'application/json');
    await program.signIn(owner);
    before = () => sessions.revoke({ user: 'user-1' });
    expect((await program.post('/tokens', { kind: 'api', name: 'late' })).status).toBe(401);
    expect((await sessions.list({ user: 'user-1' })).sessions).toEqual([]);
  });

  test('knows the codes of an authenticator app', () => {
    // Test values of RFC 6238, appendix B. The demo uses the last six of the eight digits.
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    const times = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000];
    expect(times.map((time) => codeOf(secret, time * 1000))).toEqual([
      '287082',
      '081804',
      '050471',
      '005924',
      '279037',
      '353130',
    ]);
    const now = 1111111109e3;
    expect([-30e3, 0, 30e3].map((late) => isCodeOf(secret, '081804', now + late))).toEqual([true, true, true]);
    expect([-60e3, 60e3].map((late) => isCodeOf(secret, '081804', now + late))).toEqual([false, false]);
    for (const code of ['', '81804', '0818040', 'x81804']) expect(isCodeOf(secret, code, now)).toBe(false);
  });
});

describe('its products', { timeout: TEST_TIMEOUT }, () => {
  test('have the card, in one file', async () => {
    const file = join(folder, 'card.js');
    writeFileSync(file, 'export {};');
    const chrome = new Browser(await serve(memoryStore(), 'e', file), CHROME);
    await chrome.signIn(member);
    const page = (await chrome.get('/profile')).text;
    const [, src = ''] = /<script type="module" src="([^"]+)"/.exec(page) ?? [];
    const card = await chrome.get(src);
    expect([card.status, card.text]).toEqual([200, 'export {};']);
    expect(card.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(page.match(/<script/g)).toHaveLength(1);
  });

  test('a says "Sign out", and its card too, by texts that are there before its script', async () => {
    const chrome = new Browser(await serve(memoryStore(), 'a'), CHROME);
    await chrome.signIn(member);
    const page = (await chrome.get('/profile')).text;
    const scripts = [...page.matchAll(/<script type="module" src="([^"]+)"/g)].map(([, src]) => src);
    expect(scripts).toEqual(['/card-texts.js', '/session-revocation-ui.js']);
    const { status, text } = await chrome.get('/card-texts.js');
    expect([status, text.includes("signOut: 'Sign out'")]).toEqual([200, true]);
    expect(page).toContain('<button>Sign out</button>');
    expect((await chrome.get('/?reason=signed-out-everywhere')).status).toBe(303);
    await chrome.post('/sessions/sign-out-everywhere');
    const left = await chrome.get('/?reason=signed-out-everywhere');
    expect(messageOf(left.text)).toBe('You are signed out on every device: each notices at its next request.');
  });

  test.each(Object.keys(PRODUCTS))('%s starts, and tells what it does', async (product) => {
    const program = new Browser(await serve(memoryStore(), product), CHROME, 'application/json');
    const about = await program.get('/about');
    expect(JSON.parse(about.text)).toEqual({
      product,
      name: productOf(product).name,
      text: productOf(product).text,
      rows: ROWS[product],
    });
  });

  test('an unknown one is refused, with those that there are', async () => {
    const allowed = /There is no product "x"; allowed are a, b, c, d, e$/;
    expect(() => createDemo({ product: 'x' } as never)).toThrow(allowed);
    for (const letter of [undefined, 'constructor', '', 'A']) expect(() => productOf(letter)).toThrow(RangeError);
    const program = new Browser(await serve(), CHROME, 'application/json');
    const about = await program.get('/about?product=x');
    expect([about.status, JSON.parse(about.text).detail]).toEqual([400, expect.stringMatching(allowed)]);
  });
});

describe('its users', { timeout: TEST_TIMEOUT }, () => {
  test('are read from a file of an earlier demo', async () => {
    const file = join(folder, 'users.json');
    const now = JSON.parse(readFileSync(join(seeds, 'users.json'), 'utf8'));
    const [{ id, email, password }] = now;
    writeFileSync(file, JSON.stringify([{ id, email, password, changed: false }]));
    const users = await Users.open(file);
    expect(await users.all()).toEqual([now[0]]);
    expect(await users.verify('user-1', owner?.password ?? '')).toBe(true);
  });

  test.each(['', '{', '{}', 'null', '[null]', '[{"id":"user-9"}]'])('are not made up from %s', async (text) => {
    const file = join(folder, 'users.json');
    writeFileSync(file, text);
    await expect(Users.open(file)).rejects.toThrow(/JSON|no list|incomplete/);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('change one after the other', async () => {
    copyFileSync(join(seeds, 'users.json'), join(folder, 'users.json'));
    const users = await Users.open(join(folder, 'users.json'));
    await Promise.all(DEMO_USERS.map(({ id }) => users.change(id, { suspended: true })));
    const suspended = (await users.members('acme')).map((user) => user.suspended);
    expect(suspended).toEqual([true, true, true]);
  });
});

describe('npm start', { timeout: TEST_TIMEOUT }, () => {
  const start = (env: Readonly<Record<string, string>> = {}, ...args: readonly string[]): Promise<Server> =>
    startServer('examples/demo/server.js', {
      cwd: compiled,
      env: { PORT: '0', DATABASE: join(folder, 'demo.db'), ...env },
      args,
      isCompiled: true,
    });

  test.runIf(isWhole)('keeps sessions and changed passwords over a restart, and says so', async () => {
    let server = await start();
    stop = () => server.stop();
    expect(server.output()).toContain(owner?.password);
    expect(server.output()).toContain('Product e: Login management.');
    const chrome = new Browser(`http://localhost:${server.port}`, CHROME);
    await chrome.signIn(owner);
    await chrome.post('/password', { current: owner?.password ?? '', next: 'a new password' });
    expect(await server.stop()).toBe(0);

    // The program starts on a new free port. Another process may use the previous one by now.
    server = await start();
    const origin = `http://localhost:${server.port}`;
    expect(rowsOf((await chrome.at(origin).get('/profile')).text)).toHaveLength(1);
    expect((await new Browser(origin, CHROME).signIn(owner)).status).toBe(401);
    expect(server.output()).not.toContain(owner?.password);
    expect(server.output()).toContain(member?.password);
  });

  test.runIf(isWhole)('starts the product that is named, and prints the mails', async () => {
    const server = await start({}, '--product', 'a');
    stop = () => server.stop();
    expect(server.output()).toContain('Product a: Sign out everywhere.');
    // The printed example signs in a user who needs no code.
    expect(server.output()).toContain("-d 'email=member@acme.example'");
    const chrome = new Browser(`http://localhost:${server.port}`, CHROME);
    expect((await chrome.signIn(owner)).status).toBe(401);
    expect((await chrome.post('/password-reset/request', { email: owner?.email ?? '' })).status).toBe(202);
    const link = /http:\/\/localhost:\d+(\/password-reset\?token=[\w-]+)/;
    await eventually(() => server.output()).toMatch(link);
    const path = link.exec(server.output())?.[1] ?? '';
    expect((await chrome.get(path)).text).toContain('Choose a new password');
  });

  test.skipIf(redisUrl === null || !isWhole)('keeps sessions in Redis, with a bound that its pages tell', async () => {
    const prefix = newPrefix();
    onTestFinished(() => removeKeys(`${redisUrl}`, prefix));
    const server = await start({ REDIS_URL: `${redisUrl}`, REDIS_PREFIX: prefix, MAX_STALENESS: '1500' });
    stop = () => server.stop();
    expect(server.output()).toContain('Sessions are kept in Redis.');
    const origin = `http://localhost:${server.port}`;
    const [chrome, firefox] = [new Browser(origin, CHROME), new Browser(origin, FIREFOX)];
    await chrome.signIn(owner);
    await firefox.signIn(owner);
    expect((await firefox.get('/profile')).status).toBe(200);
    const { location } = await chrome.post('/sessions/sign-out-others', { returnTo: '/profile?done=others' });
    expect(messageOf((await chrome.get(location ?? '')).text)).toBe(
      'All other devices are logged out: each notices within 2 seconds.',
    );
    // The process that ended the session does not wait for the bound.
    expect((await firefox.get('/profile')).status).toBe(303);
    const program = new Browser(origin, 'curl/8.0', '*/*');
    await program.signIn(owner);
    const answer = await program.post('/sessions/sign-out-everywhere');
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { effectiveWithin: 1_500 }]);
    expect(await server.stop()).toBe(0);
  });

  test.runIf(isWhole)('says what is wrong with a port, a product or a file', async () => {
    const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
      runToEnd('examples/demo/server.js', {
        cwd: compiled,
        env: { DATABASE: join(folder, 'demo.db'), ...env },
        args,
        isCompiled: true,
      });
    const ports = ['http', '65536', ''].map(async (port) => {
      const { status, stderr } = await run({ PORT: port });
      expect([port, status]).toEqual([port, 1]);
      expect(stderr).toBe(`PORT is "${port}"; it must be a number from 0 (any free one) to 65535.\n`);
    });
    const products = (
      [
        [['--product', 'x'], /^There is no product "x"; allowed are a, b, c, d, e\. .* npm start -- --product a\n$/],
        [['--product'], /--product.* npm start -- --product a\n$/s],
        [['--produkt', 'a'], /'--produkt'.* npm start -- --product a\n$/s],
        [['a'], /'a'.* npm start -- --product a\n$/s],
      ] as const
    ).map(async ([args, message]) => {
      const { status, stderr } = await run({ PORT: '0' }, ...args);
      expect([args, status, stderr]).toEqual([args, 1, expect.stringMatching(message)]);
    });
    await Promise.all([...ports, ...products]);
    writeFileSync(join(folder, 'demo.db.users.json'), '{}');
    const { status, stderr } = await run({ PORT: '0' });
    const message = /^DATABASE is ".*demo\.db", and that cannot be used: the file of users is no list of them\n$/;
    expect([status, stderr]).toEqual([1, expect.stringMatching(message)]);
    rmSync(join(folder, 'demo.db.users.json'));

    const server = await start();
    stop = () => server.stop();
    await expect(start({ PORT: String(server.port) })).rejects.toThrow(
      /^Port \d+ is in use\. Choose another one: PORT=3001 npm start\n$/,
    );
    await expect(start({ DATABASE: join(folder, 'none/demo.db') })).rejects.toThrow(
      /^DATABASE is ".*demo\.db", and that cannot be used: .*\n$/,
    );
  });
});
