// Requests that clients must not send. The answer is never a 500, and its text says what is allowed.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { root } from '../docs/markdown.ts';
import { runToEnd } from '../docs/server.ts';
import { eventually } from '../ui/support/eventually.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { newProgram, programWith } from './support/program.ts';
import { entriesOf } from './support/reading.ts';
import { open } from './support/site.ts';

describe('an unknown value is answered with 400 and what is allowed', { timeout: TEST_TIMEOUT }, () => {
  test('a policy', async () => {
    const site = await open('c');
    const admin = await site.signedIn('owner');
    for (const [body, detail] of [
      [{ signOut: 'sometimes' }, /"sometimes".*'session' and 'everywhere'/],
      [{ signOut: true }, /allowed are 'session' and 'everywhere'/],
      [{ signout: 'everywhere' }, /signout/],
      [{}, /allowed are 'session' and 'everywhere'/],
      [{ signOut: 'everywhere', account: 'beta' }, /account/],
      [['everywhere'], /./],
    ] as const) {
      const { status, json } = await admin.put('/sessions/policy', body);
      expect([body, status, json?.detail]).toEqual([body, 400, expect.stringMatching(detail)]);
    }
    expect((await admin.get('/sessions/policy')).json).toMatchObject({ account: 'acme', signOut: 'session' });
    expect(await entriesOf(admin, '?type=policy.changed')).toEqual([]);
  });

  test('in a query', async () => {
    const site = await open('d');
    const admin = await site.signedIn('owner');
    for (const [path, detail] of [
      ['/about?product=x', /"x".*a, b, c, d, e/],
      ['/about?product=', /a, b, c, d, e/],
      ['/about?product=constructor', /a, b, c, d, e/],
      ['/about?product=a&product=b', /a, b, c, d, e/],
      ['/audit?cursor=bad', /cursor/],
      ['/audit?limit=0', /limit is 0.*1 to 1000/],
      ['/audit?limit=many', /limit/],
      ['/audit?from=yesterday', /from/],
      ['/audit?until=-1', /until/],
      ['/sessions?cursor=bad', /cursor/],
      ['/sessions?limit=1001', /limit is 1001.*1 to 1000/],
      ['/sessions?limit=1e3x', /limit/],
      ['/review?idleFor=soon', /idleFor is "soon"/],
      ['/review?limit=-5', /limit/],
    ] as const) {
      const { status, json, text } = await admin.get(path);
      expect([path, status, json?.detail]).toEqual([path, 400, expect.stringMatching(detail)]);
      const page = await admin.open(path);
      if (!path.startsWith('/sessions'))
        expect([path, page.status, page.text]).toEqual([path, 400, expect.stringMatching(/<h1>/)]);
      expect(text + page.text).not.toMatch(/\bat .*\.(js|ts):\d+/);
    }
  });

  test('in a form', async () => {
    const site = await open('d');
    const [admin, member] = [await site.signedIn('owner'), await site.signedIn('member')];
    for (const [path, body, detail] of [
      ['end-idle', { unusedFor: 'soon' }, /unusedFor is "soon"/],
      ['end-idle', {}, /unusedFor/],
      ['revoke', { user: 'user-2', reason: 'x'.repeat(300) }, /reason/],
      ['revoke', { user: 'user-2', note: 'x'.repeat(5000) }, /note/],
      ['revoke', { all: 'yes', note: 'x'.repeat(5000) }, /note/],
    ] as const) {
      const { status, json } = await admin.post(`/review/${path}`, body);
      expect([path, status, json?.detail]).toEqual([path, 400, expect.stringMatching(detail)]);
    }
    expect([await admin.isSignedIn(), await member.isSignedIn()]).toEqual([true, true]);
  });

  test.runIf(includes('demo: its program'))('a letter on the command line', async () => {
    const { status, stderr, stdout } = await runToEnd('examples/demo/server.js', {
      cwd: root,
      env: { PORT: '0', DATABASE: join(root, 'there-is-no-such-folder/sessions.db') },
      args: ['--product', 'x'],
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/allowed are a, b, c, d, e/);
    expect(stderr + stdout).not.toMatch(/Listening/);
  });
});

describe('what is not one’s own', { timeout: TEST_TIMEOUT }, () => {
  test('a member may not use what is an administrator’s, and it is told to the administrator', async () => {
    const site = await open('d');
    const admin = await site.signedIn('owner');
    const member = await site.signedIn('member');
    const asked = [
      await member.get('/review'),
      await member.get('/audit'),
      await member.post('/review/revoke', { all: 'yes' }),
      await member.post('/review/end-idle', { unusedFor: '1ms' }),
      await member.post('/review/role', { user: 'user-2', role: 'admin' }),
      await member.post('/review/forget', { user: 'user-1' }),
    ];
    expect(asked.map(({ status }) => status)).toEqual(Array(6).fill(403));
    expect([await admin.isSignedIn(), await member.isSignedIn()]).toEqual([true, true]);
    await eventually(async () => {
      const entries = await entriesOf(admin, '?type=request.refused');
      return entries.map(({ by, details }) => `${by} ${details.action}`).sort();
    }).toEqual([
      'user-2 GET /audit/',
      'user-2 GET /review/',
      'user-2 POST /review/end-idle',
      'user-2 POST /review/forget',
      'user-2 POST /review/revoke',
      'user-2 POST /review/role',
    ]);
  });

  test('an administrator has power over one account', async () => {
    const site = await open('d');
    const admin = await site.signedIn('solo');
    const owner = await site.signedIn('owner');
    for (const step of ['revoke', 'remove-member', 'role', 'suspend', 'resume', 'forget']) {
      const { status } = await admin.post(`/review/${step}`, { user: 'user-1', role: 'member' });
      expect([step, status]).toEqual([step, 404]);
    }
    await admin.post('/review/revoke', { all: 'yes' });
    expect([await owner.isSignedIn(), await admin.isSignedIn()]).toEqual([true, false]);
    // The log of one account does not mention the other account.
    await site.signIn(admin, 'solo');
    const entries = await entriesOf(admin);
    expect(entries.length).toBeGreaterThan(0);
    // Ids are random and may contain any text.
    const told = JSON.stringify(entries, (key, value: unknown) =>
      ['id', 'session'].includes(key) ? undefined : value,
    );
    expect(told).not.toMatch(/acme|user-1"/);
  });

  test('the token of a program opens no page, and the cookie of a browser no API', async () => {
    const site = await open('c');
    const chrome = await site.signedIn('owner');
    const made = await chrome.post('/tokens', { kind: 'api', name: 'nightly job' });
    const thief = site.newDevice();
    thief.setCookie('demo-session', String(made.json?.token));
    for (const path of ['/me', '/sessions', '/audit', '/sessions/policy']) {
      expect([path, (await thief.get(path)).status]).toEqual([path, 403]);
    }
    expect((await thief.post('/sessions/sign-out-everywhere')).status).toBe(403);
    expect((await thief.post('/tokens', { kind: 'api', name: 'another' })).status).toBe(403);
    expect((await programWith(chrome, chrome.cookie('demo-session') ?? '').me()).status).toBe(401);
    expect((await (await newProgram(chrome, 'mcp')).me()).status).toBe(200);
    expect((await programWith(chrome, 'no-token').me()).status).toBe(401);
  });

  test('a page of another site changes nothing', async () => {
    const site = await open('e');
    const victim = await site.signedIn('owner');
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' };
    for (const [path, fields] of [
      ['/sessions/sign-out-everywhere', {}],
      ['/sign-out', {}],
      ['/password', { current: 'owner-demo-password', next: 'another-demo-password' }],
      ['/email', { password: 'owner-demo-password', email: 'evil@evil.example' }],
      ['/tokens', { kind: 'api', name: 'a gift' }],
      ['/review/revoke', { all: 'yes' }],
      ['/sign-in', { email: 'member@acme.example', password: 'member-demo-password' }],
    ] as const) {
      const { status, headers } = await victim.submit(path, fields, foreign);
      expect([path, status, headers['set-cookie']]).toEqual([path, 403, undefined]);
    }
    expect((await victim.get('/me')).json).toMatchObject({ user: 'user-1', email: 'owner@acme.example' });
  });
});
