import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { newPrefix, removeKeys } from '../engines/support/redis-clients.ts';
import {
  type Answer,
  Browser,
  CHROME_ON_MAC,
  FIREFOX_ON_WINDOWS,
  type Headers,
  NAVIGATION,
  ORIGIN,
} from '../frameworks/http/browser.ts';
import { compiledPackage } from '../services/compiled.ts';
import { findService } from '../services/index.ts';
import { root } from './markdown.ts';
import { type Example, examples, startExample } from './support/example.ts';

const FORM: Headers = { ...NAVIGATION, 'content-type': 'application/x-www-form-urlencoded' };
const FOREIGN_FORM: Headers = { ...FORM, 'sec-fetch-site': 'cross-site' };
/** Invalid sign-in requests, with their content types. No form of an example sends them. */
const NO_FORMS: readonly (readonly [contentType: string | null, body: string])[] = [
  [null, ''],
  ['text/plain', 'user=alice'],
  ['multipart/form-data; boundary=x', '--x--\r\n'],
  ['application/x-www-form-urlencoded', ''],
  ['application/x-www-form-urlencoded', 'user=a&user=b&username=a&username=b&password=a&password=b'],
  ['application/x-www-form-urlencoded; charset=utf-7', 'user=alice'],
  ['application/json', '{x'],
  ['application/json', 'null'],
  [
    'application/json',
    '{"user":{"toString":0},"username":{"toString":0},"password":{"toString":0},"returnTo":{"toString":0}}',
  ],
];
/** Time limit of a test in ms. On a busy machine, a program takes seconds to start. */
const timeout = 180_000;

const all = await examples();
const compiled = await compiledPackage();
// If there is no Redis server, the helper prints a notice.
const redisUrl = await findService('redis');
const wantsRedis = ({ command }: Example): boolean => command.startsWith('REDIS_URL=');

/** A user with a browser. */
class Person extends Browser {
  readonly #url: string;

  constructor(url: string, userAgent: string) {
    super(url, userAgent);
    this.#url = url;
  }

  see = (path: string): Promise<Answer> => this.get(path, NAVIGATION);
  submit = (path: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    this.post(path, FORM, new URLSearchParams(fields).toString());

  /** Returns the address to which a page redirects. */
  async sentTo(path: string): Promise<string | undefined> {
    return (await this.see(path)).headers.location;
  }

  async login(user: string, password: string): Promise<Answer> {
    // Passport reads the field `username`.
    return this.submit('/login', { user, username: user, password, returnTo: '/' });
  }

  /** Sends invalid sign-in requests. None may sign in a user or cause a server error. */
  async sendsNoForm(): Promise<void> {
    const answers = await Promise.all(
      NO_FORMS.map(([type, body]) => this.post('/login', { ...NAVIGATION, 'content-type': type }, body)),
    );
    for (const [at, { status, headers }] of answers.entries()) {
      const isRefused = headers.location?.includes('reason=not-verified') || (status >= 400 && status < 500);
      expect(isRefused, `${NO_FORMS[at]} answered ${status}`).toBe(true);
    }
    expect((await this.get('/sessions')).status).toBe(401);
  }

  /** Returns the ids in the list of devices by device, with a mark for the current one. */
  async devices(): Promise<Map<unknown, { readonly id: string; readonly current: boolean }>> {
    const { status, json } = await this.get('/sessions');
    expect(status).toBe(200);
    const rows = json?.sessions as { id: string; current: boolean; device: { label: string } }[];
    return new Map(rows.map(({ id, current, device }) => [device.label, { id, current }]));
  }

  /** Returns another browser with a copy of the cookies. */
  async stolen(): Promise<Person> {
    const thief = new Person(this.#url, CHROME_ON_MAC);
    Object.assign(thief, { jar: await this.jar.clone() });
    return thief;
  }
}

test('every example stands in the README, with the line that is its own', () => {
  // The demo has its own section. The custom store and the metrics are not programs.
  const folders = readdirSync(join(root, 'examples')).filter(
    (name) => !['demo', 'custom-store', 'opentelemetry'].includes(name),
  );
  expect([...new Set(all.map(({ folder }) => folder))].sort()).toEqual(folders.sort());
  for (const { command, file, args } of all) {
    const plain = command.replace(/^REDIS_URL=\S+ /, '').replace(args.join(' '), '');
    expect(readFileSync(join(root, file), 'utf8')).toContain(`npm ci && npm run build && ${plain.trim()}\n`);
  }
});

test.each(all.map(({ command, file }) => [command, file]))('%s: installs what it imports', (_, file) => {
  const folder = join(root, file, '..');
  const sources = readdirSync(folder).filter((name) => /\.[jt]s$/.test(name));
  const text = sources.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  const imported = [...text.matchAll(/(?:from |import |import\()'((?:@[\w-]+\/)?\w[\w.-]*)[^':]*'/g)].map(
    ([, name]) => name,
  );
  const installed = [...text.matchAll(/^\/\/ {3}npm install (.*)$/gm)].flatMap(([, names = '']) =>
    names.split(/[ ,()]+/),
  );
  expect(imported).toContain('session-revocation');
  expect(installed).toEqual(expect.arrayContaining([...new Set(imported)]));
});

describe('as it is started', { timeout }, () => {
  for (const example of all.filter(({ folder }) => !['saas', 'spa', 'live'].includes(folder))) {
    const { command } = example;
    test.skipIf(redisUrl === null && wantsRedis(example))(
      `${command}: the devices, the end of one, and of all`,
      async () => {
        const url = await start(example);
        const [mac, windows] = [new Person(url, CHROME_ON_MAC), new Person(url, FIREFOX_ON_WINDOWS)];
        expect(await mac.sentTo('/')).toBe('/login?returnTo=%2F');
        expect((await mac.see('/login?returnTo=%2F')).text).toContain('<form method="post" action="/login">');
        await mac.login('alice', 'wrong');
        const rightOnes = 'user=alice&username=alice&password=wonderland';
        expect((await mac.post('/login', FOREIGN_FORM, rightOnes)).status).toBe(403);
        await mac.sendsNoForm();
        expect(await mac.sentTo('/')).toBe('/login?returnTo=%2F');

        for (const person of [mac, windows])
          expect((await person.login('alice', 'wonderland')).headers.location).toBe('/');
        const devices = await mac.devices();
        expect(devices.size).toBe(2);
        expect(devices.get('Chrome on Mac OS')?.current).toBe(true);
        const other = devices.get('Firefox on Windows');
        expect(other?.current).toBe(false);
        const page = await mac.see('/');
        expect(page.status).toBe(200);
        // The page contains the card, which loads the list, or it contains the list itself.
        const shown =
          page.text.includes('<login-management src="/sessions"') ||
          page.text.includes(`/sessions/${other?.id}/sign-out`);
        expect(shown).toBe(true);

        expect((await mac.submit(`/sessions/${other?.id}/sign-out`, { returnTo: '/' })).headers.location).toBe('/');
        const why = await windows.sentTo('/');
        expect(why).toBe('/login?returnTo=%2F&reason=signed-out');
        expect((await windows.see(why ?? '')).text).toContain('You were signed out on another device.');
        expect([...(await mac.devices()).keys()]).toEqual(['Chrome on Mac OS']);

        await windows.login('alice', 'wonderland');
        const thief = await windows.stolen();
        expect((await thief.devices()).size).toBe(2);
        expect((await mac.submit('/sessions/sign-out-everywhere', { returnTo: '/' })).headers.location).toBe('/');
        for (const person of [mac, windows, thief]) {
          expect((await person.get('/sessions')).status).toBe(401);
          expect(await person.sentTo('/')).toContain('/login?returnTo=%2F');
        }
        await windows.login('alice', 'wonderland');
        expect([...(await windows.devices()).keys()]).toEqual(['Firefox on Windows']);
      },
    );
  }
});

/** Starts an example. An example for Redis gets its own key prefix. */
async function start(example: Example): Promise<string> {
  if (redisUrl === null || !wantsRedis(example)) return startExample(example, {}, compiled);
  const prefix = newPrefix();
  onTestFinished(() => removeKeys(redisUrl, prefix));
  return startExample(example, { REDIS_URL: redisUrl, REDIS_PREFIX: prefix }, compiled);
}

describe('on NestJS', { timeout }, () => {
  test.each(all.filter(({ folder }) => folder === 'nestjs').map((example) => [example.command, example] as const))(
    '%s: a guard, what it protects, and the card',
    async (_, example) => {
      const mac = new Person(await startExample(example, {}, compiled), CHROME_ON_MAC);
      const { status, json, headers } = await mac.get('/me');
      expect([status, json?.title, headers['content-type']]).toEqual([
        401,
        'Sign-in required',
        'application/problem+json',
      ]);
      expect(await mac.sentTo('/me')).toBe('/login?returnTo=%2Fme');
      await mac.login('alice', 'wonderland');
      expect((await mac.get('/me')).json).toMatchObject({ user: 'alice', device: 'Chrome on Mac OS' });
      const card = await mac.get('/session-revocation-ui.js');
      expect([card.status, card.headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/javascript/)]);
      expect((await mac.submit('/login')).headers.location).toContain('reason=not-verified');
      expect((await mac.get('/nowhere')).status).toBe(404);
    },
  );
});

test('a single page: tokens for its scripts, and the end of them', { timeout }, async () => {
  const example = all.find(({ folder }) => folder === 'spa');
  if (example === undefined) throw new Error('the README has no such example');
  const url = await startExample(example, {}, compiled);
  const [mac, windows] = [new Person(url, CHROME_ON_MAC), new Person(url, FIREFOX_ON_WINDOWS)];
  const login = (person: Person, password: string, more: Headers = {}): Promise<Answer> =>
    person.post('/login', { 'content-type': 'application/json', ...more }, JSON.stringify({ user: 'alice', password }));
  const bearer = ({ json }: Answer): Headers => ({
    authorization: `Bearer ${json?.access_token}`,
  });

  const page = await mac.see('/');
  expect([page.status, page.headers['content-security-policy']]).toEqual([
    200,
    expect.stringContaining("default-src 'self'"),
  ]);
  for (const script of ['page.js', 'tokens.js']) expect((await mac.get(`/${script}`)).status).toBe(200);
  await mac.sendsNoForm();
  expect((await login(mac, 'wrong')).status).toBe(401);
  expect((await login(mac, 'wonderland', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  const [one, other] = [bearer(await login(mac, 'wonderland')), bearer(await login(windows, 'wonderland'))];
  expect((await mac.get('/api/me', one)).json).toEqual({ user: 'alice', app: 'web' });
  expect((await mac.get('/api/me')).status).toBe(401);
  const { json } = await mac.get('/sessions', one);
  expect(json?.sessions).toMatchObject([
    { client: { id: 'web', name: 'The page' }, current: false },
    { client: { id: 'web', name: 'The page' }, current: true },
  ]);

  const next = bearer(await mac.post('/sessions/refresh'));
  expect((await mac.post('/sessions/sign-out-everywhere', next)).status).toBe(204);
  expect((await windows.get('/api/me', other)).status).toBe(401);
  expect((await windows.post('/sessions/refresh')).status).toBe(400);
});

describe('what outlives its request', { timeout }, () => {
  const live = all.filter(({ folder }) => folder === 'live');
  const ofSocketIo = live.filter(({ file }) => file.includes('socket-io'));
  const CLOSED = 'signed-out-everywhere';

  /** Returns the cookie and the origin header of a browser, for a client without a browser. */
  const headersOf = async ({ jar }: Person): Promise<Record<string, string>> => ({
    cookie: await jar.getCookieString(ORIGIN),
    'sec-fetch-site': 'same-origin',
  });

  async function signedIn(url: string): Promise<Person> {
    const person = new Person(url, CHROME_ON_MAC);
    await person.sendsNoForm();
    expect((await person.submit('/login', { user: 'alice', password: 'wrong' })).status).toBe(401);
    expect((await person.login('alice', 'wonderland')).headers.location).toBe('/');
    return person;
  }

  /** Signs the user out everywhere, from another device. */
  async function signOutEverywhere(url: string): Promise<void> {
    const other = new Person(url, FIREFOX_ON_WINDOWS);
    await other.login('alice', 'wonderland');
    expect((await other.post('/sessions/sign-out-everywhere')).status).toBe(204);
  }

  test.each(
    live.filter((example) => !ofSocketIo.includes(example)).map((example) => [example.command, example] as const),
  )('%s: a WebSocket, an event stream and a job end when their user signs out everywhere', async (_, example) => {
    const url = await startExample(example, {}, compiled);
    const person = await signedIn(url);
    expect((await person.see('/')).text).toContain('<dt>WebSocket</dt>');
    const headers = await headersOf(person);

    const ws = new WebSocket(url.replace('http', 'ws'), { headers });
    const closed = once(ws, 'close');
    expect(String((await once(ws, 'message'))[0])).toMatch(/^alice: \d/);
    const job = person.post('/job');
    const stream = await fetch(`${url}/events`, { headers });
    let events = '';
    for await (const chunk of stream.body ?? []) {
      if (events === '') await signOutEverywhere(url);
      events += Buffer.from(chunk).toString();
    }
    expect(events).toMatch(/^data: alice: \d/);
    expect(events).toMatch(new RegExp(`\nevent: over\ndata: ${CLOSED}\n\n$`));
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([4401, CLOSED]);
    expect((await job).text).toMatch(new RegExp(`^stopped after \\d+ pages: ${CLOSED}$`));

    expect((await person.get('/events')).status).toBe(401);
    expect((await person.post('/job')).status).toBe(401);
    const [error] = await once(new WebSocket(url.replace('http', 'ws'), { headers }), 'error');
    expect(String(error)).toContain('401');
  });

  test.each(ofSocketIo.map((example) => [example.command, example] as const))(
    '%s: a connection ends when its user signs out everywhere',
    async (_, example) => {
      const url = await startExample(example, {}, compiled);
      const person = await signedIn(url);
      expect((await person.see('/')).text).toContain('/socket.io/socket.io.js');
      const options = { extraHeaders: await headersOf(person), reconnection: false, forceNew: true };
      const socket = io(url, options);
      onTestFinished(() => void socket.close());
      await new Promise((resolve) => socket.once('time', resolve));
      const over = new Promise((resolve) => socket.once('signed-out', resolve));
      const disconnected = new Promise((resolve) => socket.once('disconnect', resolve));
      await signOutEverywhere(url);
      expect(await over).toBe(CLOSED);
      await disconnected;
      const refused = io(url, options);
      onTestFinished(() => void refused.close());
      await new Promise((resolve) => refused.once('connect_error', resolve));
    },
  );
});

describe('for several accounts', { timeout }, () => {
  const saas = all.find(({ folder }) => folder === 'saas');
  let url: string;

  beforeEach(async () => {
    if (saas === undefined) throw new Error('the README has no such example');
    const folder = await mkdtemp(join(tmpdir(), 'session-revocation-saas-'));
    onTestFinished(() => rm(folder, { recursive: true, maxRetries: 3 }));
    url = await startExample(saas, { DATABASE: join(folder, 'saas.db') }, compiled);
  }, timeout);

  const PASSWORDS = { alice: 'wonderland', bob: 'builder', carol: 'singer' };

  /** Signs a user in and opens an account. */
  async function signedIn(user: keyof typeof PASSWORDS, account: string, userAgent = CHROME_ON_MAC): Promise<Person> {
    const person = new Person(url, userAgent);
    expect((await person.login(user, PASSWORDS[user])).headers.location).toBe('/');
    expect(await person.sentTo('/')).toBe('/accounts');
    expect((await open(person, account)).headers.location).toBe('/');
    expect((await person.see('/')).status).toBe(200);
    return person;
  }

  const open = (person: Person, account: string): Promise<Answer> => person.submit(`/accounts/${account}/open`);

  test('a member switches between the accounts that are one’s own', async () => {
    await new Person(url, CHROME_ON_MAC).sendsNoForm();
    const alice = await signedIn('alice', 'acme');
    expect((await alice.see('/accounts')).text).toMatch(/Acme, as admin<\/span>\s+<a href="\/">open/);
    const copy = await alice.stolen();
    expect((await open(alice, 'beta')).headers.location).toBe('/');
    expect((await alice.see('/')).text).toContain('Beta: devices of alice');
    // The switch gave the session a new secret, so a copy of the old cookie is refused.
    expect((await copy.get('/sessions')).status).toBe(401);
    for (const account of ['gamma', 'none', '__proto__']) expect((await open(alice, account)).status).toBe(404);
    expect((await alice.see('/')).text).toContain('Beta: devices of alice');
    expect((await alice.post('/accounts/acme/open', FOREIGN_FORM, '')).status).toBe(403);
    expect((await alice.see('/')).text).toContain('Beta: devices of alice');
  });

  test('an administrator ends what members have in the account, and nothing else', async () => {
    const alice = await signedIn('alice', 'acme');
    const [bob, elsewhere] = [await signedIn('bob', 'acme', FIREFOX_ON_WINDOWS), await signedIn('bob', 'beta')];
    const carol = await signedIn('carol', 'acme');
    expect((await carol.see('/admin')).status).toBe(403);
    expect((await carol.submit('/admin/suspend')).status).toBe(403);

    const { text } = await alice.see('/admin');
    const ends = [...text.matchAll(/action="(\/sessions\/[\w-]{22}\/sign-out\?user=bob)"/g)].map(
      ([, path = '']) => path,
    );
    // The administrator does not see Bob's session in another account.
    expect(ends).toHaveLength(1);
    expect((await carol.submit(ends[0] ?? '')).status).toBe(403);
    expect((await alice.submit(ends[0] ?? '', { returnTo: '/admin' })).headers.location).toBe('/admin');
    expect(await bob.sentTo('/')).toBe('/login?returnTo=%2F&reason=signed-out');

    await bob.login('bob', PASSWORDS.bob);
    await open(bob, 'acme');
    expect(
      (await alice.submit('/sessions/sign-out-everywhere?user=bob', { returnTo: '/admin' })).headers.location,
    ).toBe('/admin');
    expect(await bob.sentTo('/')).toBe('/login?returnTo=%2F&reason=signed-out-everywhere');
    for (const person of [alice, elsewhere, carol]) expect((await person.see('/')).status).toBe(200);
  });

  test('an administrator decides what a sign-out ends', async () => {
    const alice = await signedIn('alice', 'acme');
    const devices = async () =>
      [await signedIn('carol', 'acme'), await signedIn('carol', 'acme', FIREFOX_ON_WINDOWS)] as const;
    const [one, other] = await devices();
    const elsewhere = await signedIn('carol', 'gamma');
    await one.submit('/sessions/sign-out', { returnTo: '/' });
    expect((await other.see('/')).status).toBe(200);

    expect((await alice.submit('/admin/policy', { signOut: 'everywhere' })).headers.location).toBe('/admin');
    expect((await alice.see('/admin')).text).toContain('value="everywhere" selected');
    // Every session was used just now, so the request ends none.
    expect((await alice.submit('/admin/end-unused')).headers.location).toBe('/admin');
    expect((await other.see('/')).status).toBe(200);
    await other.submit('/sessions/sign-out', { returnTo: '/' });
    const [again, both] = await devices();
    await again.submit('/sessions/sign-out', { returnTo: '/' });
    expect(await both.sentTo('/')).toBe('/login?returnTo=%2F&reason=signed-out');
    for (const person of [alice, elsewhere]) expect((await person.see('/')).status).toBe(200);
  });

  test('an administrator signs everybody out, suspends, resumes, and reads all of it in the log', async () => {
    let alice = await signedIn('alice', 'acme');
    let carol = await signedIn('carol', 'acme');
    const elsewhere = await signedIn('bob', 'beta');
    expect((await alice.submit('/admin/sign-everybody-out', { note: 'a <stolen> list' })).headers.location).toBe('/');
    for (const person of [alice, carol]) {
      expect(await person.sentTo('/')).toBe('/login?returnTo=%2F&reason=signed-out-everywhere');
    }

    alice = await signedIn('alice', 'acme');
    carol = await signedIn('carol', 'acme');
    expect((await alice.submit('/admin/suspend', { note: 'unpaid' })).headers.location).toBe('/');
    for (const person of [alice, carol]) {
      expect(await person.sentTo('/')).toBe('/login?returnTo=%2F&reason=suspended');
      await person.login(person === alice ? 'alice' : 'carol', PASSWORDS[person === alice ? 'alice' : 'carol']);
      const refused = await open(person, 'acme');
      expect(refused.status).toBe(409);
      expect(refused.text).toContain('Acme is suspended');
      expect(refused.text.includes('/accounts/acme/resume')).toBe(person === alice);
    }
    expect((await carol.submit('/accounts/acme/resume')).status).toBe(404);
    expect((await open(carol, 'acme')).status).toBe(409);
    expect((await open(carol, 'gamma')).headers.location).toBe('/');

    expect((await alice.submit('/accounts/acme/resume')).headers.location).toBe('/accounts');
    for (const person of [alice, carol]) expect((await open(person, 'acme')).headers.location).toBe('/');
    expect((await elsewhere.see('/')).status).toBe(200);
    const { text } = await alice.see('/admin');
    const log = text.slice(text.indexOf('Audit log')).replace(/\s+/g, ' ');
    for (const entry of [
      '<td>sessions.revoked</td><td>everybody</td><td>alice</td> <td>signed-out-everywhere: a &#60;stolen&#62; list</td>',
      '<td>sessions.revoked (suspended)</td><td>everybody</td><td>alice</td> <td>suspended: unpaid</td>',
      '<td>sessions.revoked (resumed)</td><td>everybody</td><td>alice</td>',
    ]) {
      expect(log).toContain(entry);
    }
  });
});
