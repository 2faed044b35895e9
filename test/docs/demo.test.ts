import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessions, type SessionStore } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createApp } from '../../examples/demo/app.js';
import { DEMO_USERS, Users } from '../../examples/demo/users.js';
import { root } from './markdown.ts';
import { type Server, startServer } from './server.ts';

const [owner, member] = DEMO_USERS.map(({ email, password }) => ({ email, password }));
const CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0';

let seeds: string;
let folder: string;
let stop: () => Promise<unknown>;

// Hashing the passwords is what takes time.
beforeAll(async () => {
  seeds = mkdtempSync(join(tmpdir(), 'session-revocation-demo-users-'));
  await Users.open(join(seeds, 'users.json'));
});

afterAll(() => rmSync(seeds, { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'session-revocation-demo-'));
  stop = async () => {};
});

afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A browser with one cookie jar, which asks for pages; or, with `accept`, a program. */
class Browser {
  cookie: string | null = null;
  readonly #origin: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(origin: string, userAgent: string, accept = 'text/html') {
    this.#origin = origin;
    this.#headers = { 'user-agent': userAgent, accept };
  }

  get = (path: string): Promise<Answer> => this.#ask('GET', path);
  post = (path: string, fields: Record<string, string> = {}, origin = this.#origin): Promise<Answer> =>
    this.#ask('POST', path, new URLSearchParams(fields), { origin });
  delete = (path: string): Promise<Answer> => this.#ask('DELETE', path, undefined, { origin: this.#origin });
  signIn = (who: Record<string, string> | undefined): Promise<Answer> => this.post('/sign-in', who);

  async #ask(method: string, path: string, body?: URLSearchParams, headers?: Record<string, string>): Promise<Answer> {
    const cookie: Record<string, string> = this.cookie === null ? {} : { cookie: this.cookie };
    const answer = await fetch(this.#origin + path, {
      method,
      redirect: 'manual',
      headers: { ...this.#headers, ...headers, ...cookie },
      ...(body === undefined ? {} : { body }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      this.cookie = pair.endsWith('=') ? null : pair;
    }
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function serve(store: SessionStore): Promise<string> {
  copyFileSync(join(seeds, 'users.json'), join(folder, 'users.json'));
  const users = await Users.open(join(folder, 'users.json'));
  const sessions = createSessions({ store, realm: 'demo' });
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  server.on('request', createApp({ sessions, users, origins: [origin] }));
  stop = async () => {
    server.closeAllConnections();
    server.close();
    await sessions.close();
  };
  return origin;
}

const rowsOf = (page: string): string[] =>
  [...page.matchAll(/<strong>([^<]*)<\/strong>\s*<span/g)].map(([, label = '']) => label);
const firstDevice = (page: string): string => /\/devices\/([\w-]+)\/log-out/.exec(page)?.[1] ?? 'none';

describe('the demo', () => {
  test('answers a stranger with the form, and a user with the devices', async () => {
    const origin = await serve(memoryStore());
    const chrome = new Browser(origin, CHROME);
    const stranger = await chrome.get('/');
    expect(stranger.status).toBe(200);
    expect(stranger.text).toContain('action="/sign-in"');
    expect(stranger.headers.get('content-security-policy')).toContain("default-src 'none'");

    const signedIn = await chrome.signIn({ ...owner, returnTo: '//evil.example' });
    expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, '/']);
    const firefox = new Browser(origin, FIREFOX);
    await firefox.signIn(owner);
    const page = await chrome.get('/');
    expect(rowsOf(page.text)).toEqual(['Firefox on Windows', 'Chrome on Mac OS']);
    expect(page.text.match(/Current session/g)).toHaveLength(1);
    expect(page.text.match(/>Log out<\/button>/g)).toHaveLength(1);
  });

  test('brings a page back to where it wanted to go', async () => {
    const chrome = new Browser(await serve(memoryStore()), CHROME);
    const asked = await chrome.get('/history');
    expect([asked.status, asked.headers.get('location')]).toEqual([303, '/?returnTo=%2Fhistory']);
    expect((await chrome.get('/?returnTo=%2Fhistory')).text).toContain('name="returnTo" value="/history"');
    const signedIn = await chrome.signIn({ ...owner, returnTo: '/history' });
    expect(signedIn.headers.get('location')).toBe('/history');
  });

  test('logs out one device, all others, and all', async () => {
    const origin = await serve(memoryStore());
    const [chrome, firefox, other] = [CHROME, FIREFOX, CHROME].map((agent) => new Browser(origin, agent)) as [
      Browser,
      Browser,
      Browser,
    ];
    await other.signIn(member);
    await chrome.signIn(owner);
    await firefox.signIn(owner);

    await chrome.post(`/devices/${firstDevice((await chrome.get('/')).text)}/log-out`);
    expect((await firefox.get('/')).text).toContain('action="/sign-in"');
    expect((await chrome.get('/history')).text).toContain('Logged out just now');

    await firefox.signIn(owner);
    await chrome.post('/sign-out-others');
    expect((await firefox.get('/')).text).toContain('action="/sign-in"');
    expect(rowsOf((await chrome.get('/')).text)).toEqual(['Chrome on Mac OS']);

    await firefox.signIn(owner);
    const everywhere = await chrome.post('/sign-out-everywhere');
    expect(everywhere.headers.get('location')).toBe('/?done=everywhere');
    for (const browser of [chrome, firefox]) expect((await browser.get('/')).text).toContain('action="/sign-in"');
    expect(rowsOf((await other.get('/')).text)).toEqual(['Chrome on Mac OS']);
  });

  test('does not let one user end another’s session', async () => {
    const origin = await serve(memoryStore());
    const [chrome, other] = [new Browser(origin, CHROME), new Browser(origin, FIREFOX)];
    await chrome.signIn(owner);
    const { id } = JSON.parse((await new Browser(origin, CHROME, '*/*').signIn(owner)).text);
    await other.signIn(member);
    await other.post(`/devices/${id}/log-out`);
    expect((await other.delete(`/sessions/${id}`)).status).toBe(404);
    expect(rowsOf((await chrome.get('/')).text)).toHaveLength(2);
  });

  test('changes a password: the others go, this one stays under a new secret', async () => {
    const origin = await serve(memoryStore());
    const [chrome, firefox] = [new Browser(origin, CHROME), new Browser(origin, FIREFOX)];
    await chrome.signIn(owner);
    await firefox.signIn(owner);

    const wrong = await chrome.post('/password', { current: 'wrong', next: 'a new password' });
    expect([wrong.status, wrong.text.includes('The current password is wrong')]).toEqual([400, true]);
    const short = await chrome.post('/password', { current: owner?.password ?? '', next: 'short' });
    expect(short.status).toBe(400);
    expect(rowsOf((await firefox.get('/')).text)).toHaveLength(2);

    const before = chrome.cookie;
    await chrome.post('/password', { current: owner?.password ?? '', next: 'a new password' });
    expect(chrome.cookie).not.toBe(before);
    expect(rowsOf((await chrome.get('/')).text)).toEqual(['Chrome on Mac OS']);
    const thief = new Browser(origin, CHROME);
    thief.cookie = before;
    for (const browser of [firefox, thief]) expect((await browser.get('/')).text).toContain('action="/sign-in"');
    expect((await firefox.signIn(owner)).status).toBe(401);
    expect((await firefox.signIn({ email: owner?.email ?? '', password: 'a new password' })).status).toBe(303);
    expect(readFileSync(join(folder, 'users.json'), 'utf8')).not.toContain('a new password');
  });

  test('tells a page that is signed out to sign in again', async () => {
    const origin = await serve(memoryStore());
    const [chrome, firefox] = [new Browser(origin, CHROME), new Browser(origin, FIREFOX)];
    await chrome.signIn(owner);
    await firefox.signIn(owner);
    await chrome.post('/sign-out-everywhere');
    const late = await firefox.post('/sign-out-others');
    expect([late.status, late.headers.get('www-authenticate')]).toEqual([401, 'Session realm="demo"']);
    expect(late.text).toContain('You are signed out');
    expect(late.text).toContain('action="/sign-in"');
  });

  test('refuses a wrong password, a stranger, and nonsense alike', async () => {
    const origin = await serve(memoryStore());
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
    const origin = await serve(memoryStore());
    const chrome = new Browser(origin, CHROME);
    expect((await chrome.post('/sign-in', owner, 'https://evil.example')).status).toBe(403);
    await chrome.signIn(owner);
    const device = firstDevice((await chrome.get('/')).text);
    for (const path of [
      '/sign-out',
      '/sign-out-others',
      '/sign-out-everywhere',
      '/password',
      `/devices/${device}/log-out`,
    ]) {
      const refused = await chrome.post(path, {}, 'https://evil.example');
      expect([path, refused.status]).toEqual([path, 403]);
    }
    expect(rowsOf((await chrome.get('/')).text)).toHaveLength(1);
  });

  test('shows a user agent with markup as text', async () => {
    const chrome = new Browser(await serve(memoryStore()), '<img src=x onerror=alert(1)>/1.0 (<b>Mac</b>)');
    await chrome.signIn(owner);
    const page = (await chrome.get('/')).text;
    expect(rowsOf(page)).toHaveLength(1);
    expect(page).not.toMatch(/<img|<b>/);
  });

  test('signs nobody out in an outage, and recovers', async () => {
    let down = false;
    const store = memoryStore();
    const find: SessionStore['find'] = (realm, refs) => {
      if (down) throw new Error('the disk is gone');
      return store.find(realm, refs);
    };
    const flaky = new Proxy(store, {
      get: (target, name) => {
        if (name === 'find') return find;
        const value = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const origin = await serve(flaky);
    const chrome = new Browser(origin, CHROME);
    await chrome.signIn(owner);
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    down = true;
    const page = await chrome.get('/');
    expect([page.status, page.headers.get('retry-after'), page.headers.getSetCookie()]).toEqual([503, '5', []]);
    expect(page.text).toContain('Nobody was signed out');
    expect(page.text).not.toContain('disk');
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
    down = false;
    expect(rowsOf((await chrome.get('/')).text)).toHaveLength(1);
  });
});

describe('npm start', { timeout: 60_000 }, () => {
  const start = (env: Readonly<Record<string, string>> = {}): Promise<Server> =>
    startServer('examples/demo/server.js', {
      cwd: root,
      env: { PORT: '0', DATABASE: join(folder, 'demo.db'), ...env },
    });

  test('keeps sessions and changed passwords over a restart, and says so', async () => {
    let server = await start();
    stop = () => server.stop();
    expect(server.output()).toContain(owner?.password);
    const chrome = new Browser(`http://localhost:${server.port}`, CHROME);
    await chrome.signIn(owner);
    await chrome.post('/password', { current: owner?.password ?? '', next: 'a new password' });
    expect(await server.stop()).toBe(0);

    server = await start({ PORT: String(server.port) });
    expect(rowsOf((await chrome.get('/')).text)).toHaveLength(1);
    expect((await new Browser(`http://localhost:${server.port}`, CHROME).signIn(owner)).status).toBe(401);
    expect(server.output()).not.toContain(owner?.password);
    expect(server.output()).toContain(member?.password);
  });

  test('says what is wrong with a port or a file', async () => {
    for (const port of ['http', '65536', '']) {
      const { status, stderr, signal } = spawnSync(process.execPath, ['--import', 'tsx', 'examples/demo/server.js'], {
        cwd: root,
        env: { ...process.env, PORT: port, DATABASE: join(folder, 'demo.db') },
        encoding: 'utf8',
      });
      expect([port, status, signal]).toEqual([port, 1, null]);
      expect(stderr).toBe(`PORT is "${port}"; it must be a number from 0 (any free one) to 65535.\n`);
    }
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
