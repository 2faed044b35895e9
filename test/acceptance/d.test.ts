// Table D: deciding when to sign out.
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WouldEnd } from 'session-revocation';
import { describe, expect, test } from 'vitest';
import { root } from '../docs/markdown.ts';
import { eventually } from '../ui/support/eventually.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { personOf } from './support/people.ts';
import { entriesOf, reviewOf, rowsOf, toldTo } from './support/reading.ts';
import { DAY, open } from './support/site.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, SAFARI_ON_IOS } from './support/user-agents.ts';

describe('D: deciding when to sign out', { timeout: TEST_TIMEOUT }, () => {
  test('D1 Buyer and dashboard identities are separate realms', async () => {
    const site = await open('d');
    // One browser is signed in to both realms. Each realm has another browser, too.
    const both = await site.signedIn('owner', CHROME_ON_MAC);
    await site.signIn(both, 'buyer');
    const [admin, buyer] = [await site.signedIn('owner', SAFARI_ON_IOS), await site.signedIn('buyer', SAFARI_ON_IOS)];
    expect([...both.cookies].sort()).toEqual(['buyer-session', 'dashboard-session']);
    const buys = async (device: typeof both): Promise<boolean> => (await device.get('/shop/me')).status === 200;
    expect((await both.get('/shop/me')).json).toMatchObject({ user: 'buyer-1' });
    expect((await both.get('/me')).json).toMatchObject({ user: 'user-1' });

    // Revocations in one realm, of any scope, do not affect the other realm.
    await buyer.post('/shop/sessions/sign-out-everywhere');
    expect([await buys(both), await buys(buyer), await both.isSignedIn()]).toEqual([false, false, true]);
    await site.signIn(both, 'buyer');
    await admin.post('/sessions/sign-out-everywhere');
    expect([await both.isSignedIn(), await buys(both)]).toEqual([false, true]);
    await site.signIn(both, 'owner');
    await site.buyers?.revoke({ realm: true });
    expect([await both.isSignedIn(), await buys(both)]).toEqual([true, false]);

    // Passwords and cookies of one realm are refused in the other.
    await site.signIn(buyer, 'buyer');
    expect((await buyer.post('/sign-in', site.credentialsOf('buyer'))).status).toBe(401);
    expect((await both.post('/shop/sign-in', site.credentialsOf('owner'))).status).toBe(401);
    const [asBuyer, asAdmin] = [site.newDevice(), site.newDevice()];
    asBuyer.setCookie('buyer-session', both.cookie('dashboard-session') ?? '');
    asAdmin.setCookie('dashboard-session', buyer.cookie('buyer-session') ?? '');
    expect([await buys(asBuyer), await asAdmin.isSignedIn()]).toEqual([false, false]);
    expect([await both.isSignedIn(), await buys(buyer)]).toEqual([true, true]);
  });

  test('D2 review lists, per member: sessions, roles, second factor or not, devices shared by several users, sessions idle for long', async () => {
    const site = await open('d');
    const old = await site.signedIn('member', FIREFOX_ON_WINDOWS);
    site.clock.advance(10 * DAY);
    await site.signedIn('member', SAFARI_ON_IOS);
    await site.signedIn('second', CHROME_ON_MAC);
    await site.signedIn('solo', CHROME_ON_MAC);
    const admin = await site.signedIn('owner', CHROME_ON_MAC);
    const { password } = personOf('owner');
    await admin.post('/second-factor', { password, enabled: 'yes' });
    await admin.post('/sessions/sign-out');
    await site.signIn(admin, 'owner');

    const { members, sharedDevices, cursor } = await reviewOf(admin, '?idleFor=7d');
    const shown = members.map(({ user, roles, secondFactor, sessions }) => {
      return {
        user,
        roles,
        secondFactor,
        sessions: sessions.map((row) => [row.device.label, row.secondFactor, row.idle]),
      };
    });
    expect(shown.sort((one, other) => (one.user < other.user ? -1 : 1))).toEqual([
      { user: 'user-1', roles: ['admin'], secondFactor: true, sessions: [['Chrome on Mac OS', true, false]] },
      {
        user: 'user-2',
        roles: ['member'],
        secondFactor: false,
        sessions: [
          ['Safari on iOS', false, false],
          ['Firefox on Windows', false, true],
        ],
      },
      { user: 'user-3', roles: ['member'], secondFactor: false, sessions: [['Chrome on Mac OS', false, false]] },
    ]);
    // Devices are not shared across accounts: `solo` has the same browser at the same address.
    expect(sharedDevices).toEqual([{ label: 'Chrome on Mac OS', ip: '127.0.0.1', users: ['user-1', 'user-3'] }]);
    expect(cursor).toBeNull();
    // The review ends no session.
    expect((await site.sessions.list({ user: 'user-2' })).sessions).toHaveLength(2);
    expect(await old.isSignedIn()).toBe(true);

    const member = await site.signedIn('member', SAFARI_ON_IOS);
    expect((await member.get('/review')).status).toBe(403);
  });

  test('D3 Every revocation records who, why and a note', async () => {
    const site = await open('d');
    const admin = await site.signedIn('owner', CHROME_ON_MAC);
    const member = await site.signedIn('member', FIREFOX_ON_WINDOWS);
    const steps = [
      ['revoke', { user: 'user-2', reason: 'lost-laptop', note: 'ticket 1' }],
      ['suspend', { user: 'user-2', note: 'ticket 2' }],
      ['resume', { user: 'user-2', note: 'ticket 3' }],
      ['remove-member', { user: 'user-2', note: 'ticket 4' }],
    ] as const;
    for (const [step, body] of steps) {
      site.clock.advance(1);
      expect((await admin.post(`/review/${step}`, body)).json).toMatchObject({ revoked: true });
    }
    const second = await site.signedIn('second', SAFARI_ON_IOS);
    site.clock.advance(1);
    await second.post('/password', { current: personOf('second').password, next: 'another-demo-password' });
    site.clock.advance(1);
    await second.post('/sessions/sign-out-everywhere');
    site.clock.advance(1);
    await admin.post('/review/revoke', { all: 'yes', reason: 'leaked-backup', note: 'ticket 5' });

    const back = await site.signedIn('owner', CHROME_ON_MAC);
    const entries = await entriesOf(back, '?type=sessions.revoked');
    const said = entries.map(({ scope, user, account, by, fromDevice, reason, note }) => [
      ...[scope, user, account, by, fromDevice],
      ...[reason, note],
    ]);
    const [chrome, iphone] = ['Chrome on Mac OS', 'Safari on iOS'];
    expect(said).toEqual([
      ['account', null, 'acme', 'user-1', chrome, 'leaked-backup', 'ticket 5'],
      ['user', 'user-3', null, 'user-3', iphone, 'signed-out-everywhere', null],
      ['user', 'user-3', null, 'user-3', iphone, 'password-changed', null],
      ['member', 'user-2', 'acme', 'user-1', chrome, 'member-removed', 'ticket 4'],
      ['member', 'user-2', 'acme', 'user-1', chrome, null, 'ticket 3'],
      ['member', 'user-2', 'acme', 'user-1', chrome, 'suspended', 'ticket 2'],
      ['member', 'user-2', 'acme', 'user-1', chrome, 'lost-laptop', 'ticket 1'],
    ]);
    expect(await toldTo(member)).toMatchObject({ status: 401, reason: 'revoked' });

    // The log also records the end of a single session.
    const phone = await site.signedIn('owner', SAFARI_ON_IOS);
    const [ended] = (await rowsOf(back)).filter(({ current }) => !current);
    await back.delete(`/sessions/${ended?.id}`);
    expect(await phone.isSignedIn()).toBe(false);
    const [entry] = await entriesOf(back, '?type=session.ended');
    expect(entry).toMatchObject({
      session: ended?.id,
      user: 'user-1',
      by: 'user-1',
      reason: 'signed-out',
      fromDevice: chrome,
    });
  });

  test('D4 Old sessions and devices are cleaned up in one call', async () => {
    const site = await open('d');
    const old = [
      await site.signedIn('member', FIREFOX_ON_WINDOWS),
      await site.signedIn('second', SAFARI_ON_IOS, { remember: true }),
      await site.signedIn('second', CHROME_ON_MAC),
    ];
    const elsewhere = await site.signedIn('solo', FIREFOX_ON_WINDOWS);
    const used = await site.signedIn('member', SAFARI_ON_IOS);
    site.clock.advance(6 * DAY);
    await used.isSignedIn();
    site.clock.advance(DAY);
    const admin = await site.signedIn('owner', CHROME_ON_MAC);

    const cleaned = await admin.post('/review/end-idle', { unusedFor: '7d', note: 'spring cleaning' });
    expect([cleaned.status, cleaned.json]).toEqual([200, { ended: 3 }]);
    const idle = { status: 401, reason: 'ended', reasonCode: 'idle' };
    for (const device of old) expect(await toldTo(device)).toEqual(idle);
    for (const device of [used, elsewhere, admin]) expect(await device.isSignedIn()).toBe(true);
    const entries = await entriesOf(admin, '?type=session.ended');
    expect(entries).toHaveLength(3);
    for (const entry of entries) {
      expect(entry).toMatchObject({ account: 'acme', by: 'user-1', reason: 'idle', note: 'spring cleaning' });
    }
    expect((await admin.post('/review/end-idle', { unusedFor: '7d' })).json).toEqual({ ended: 0 });
  });

  test('D5 Start with the smallest step: dryRun names what would end', async () => {
    const site = await open('d');
    const old = await site.signedIn('member', FIREFOX_ON_WINDOWS);
    site.clock.advance(10 * DAY);
    const phone = await site.signedIn('member', SAFARI_ON_IOS);
    await site.signedIn('solo', FIREFOX_ON_WINDOWS);
    const admin = await site.signedIn('owner', CHROME_ON_MAC);
    const dryRun = 'yes';

    const named = async (step: string, body: object): Promise<unknown> => {
      const { status, json } = await admin.post(`/review/${step}`, { ...body, dryRun, note: 'only looking' });
      const { revoked = false, ended = 0, wouldEnd } = json as Partial<Record<string, unknown>>;
      expect([status, revoked, ended]).toEqual([200, false, 0]);
      const { sessions, more } = wouldEnd as WouldEnd;
      expect(more).toBe(false);
      return sessions.map(({ user, device }) => `${user}: ${device.label}`).sort();
    };
    const [firefox, iphone] = ['user-2: Firefox on Windows', 'user-2: Safari on iOS'];
    expect(await named('end-idle', { unusedFor: '7d' })).toEqual([firefox]);
    expect(await named('revoke', { user: 'user-2' })).toEqual([firefox, iphone]);
    expect(await named('revoke', { all: 'yes' })).toEqual(['user-1: Chrome on Mac OS', firefox, iphone]);

    // The dry runs have changed nothing, and the log has no entry for them.
    for (const device of [old, phone, admin]) expect(await device.isSignedIn()).toBe(true);
    expect(await entriesOf(admin, '?type=sessions.revoked&type=session.ended')).toEqual([]);
    // The real calls then end exactly the named sessions.
    expect((await admin.post('/review/end-idle', { unusedFor: '10d' })).json).toEqual({ ended: 0 });
    site.clock.advance(1);
    expect((await admin.post('/review/revoke', { user: 'user-2' })).json).toEqual({ revoked: true });
    expect([await old.isSignedIn(), await phone.isSignedIn(), await admin.isSignedIn()]).toEqual([false, false, true]);
  });

  test('D6 Suspicious activity raises an event: new device, reused old token, changed user agent', async () => {
    const site = await open('d');
    const heard: string[] = [];
    site.sessions.on('session.suspicious', ({ sign, user, device }) => heard.push(`${sign} ${user} ${device?.label}`));
    const admin = await site.signedIn('owner', CHROME_ON_MAC);
    const phone = await site.signedIn('member', SAFARI_ON_IOS);
    // Another sign-in with the same browser is not suspicious.
    await site.signedIn('member', SAFARI_ON_IOS);
    expect(await phone.isSignedIn()).toBe(true);
    await eventually(() => entriesOf(admin, '?type=session.started')).toHaveLength(3);
    expect(heard).toEqual([]);

    const changed = 'device-changed user-2 Firefox on Windows';
    const thief = phone.stolen(FIREFOX_ON_WINDOWS);
    // A suspicious sign refuses no request.
    expect(await thief.isSignedIn()).toBe(true);
    expect(heard).toEqual([changed]);

    const reused = 'superseded-token user-2 Firefox on Windows';
    await phone.post('/sessions/sign-out-others');
    expect([await phone.isSignedIn(), (await toldTo(thief)).status]).toEqual([true, 401]);
    expect(heard).toEqual([changed, reused]);

    const windows = await site.signedIn('member', FIREFOX_ON_WINDOWS);
    await eventually(() => heard).toEqual([changed, reused, 'new-device user-2 Firefox on Windows']);

    // The administrator's log has an entry for each sign.
    await eventually(async () => {
      const entries = await entriesOf(admin, '?type=session.suspicious');
      return entries.map(({ reason, user, account, device }) => [reason, user, account, device].join(' ')).sort();
    }).toEqual([
      'device-changed user-2 acme Firefox on Windows',
      'new-device user-2 acme Firefox on Windows',
      'superseded-token user-2 acme Firefox on Windows',
    ]);
    expect(await windows.isSignedIn()).toBe(true);
  });

  test('D7 A guide in docs/ helps a team decide', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    expect(readme).toMatch(/\]\(docs\/deciding\.md\)/);
    const guide = await readFile(join(root, 'docs/deciding.md'), 'utf8');
    // Questions that a team has to answer beforehand, and the calls that help with them.
    for (const question of [
      /what does a plain sign-out end\?/i,
      /what does a changed password end\?/i,
      /do api tokens survive\?/i,
      /how long may a session live\?/i,
      /who may do it to others\?/i,
      /do customers and staff share identities\?/i,
    ]) {
      expect(guide).toMatch(question);
    }
    const calls = [
      'dryRun',
      'sessions.review',
      'endIdle',
      'session.suspicious',
      'sessions.suspend',
      'realm: true',
      'note',
    ];
    for (const call of calls) expect(guide).toContain(call);
    // The guide names the smallest step first.
    const steps = [...guide.matchAll(/\| `?(sessions\.\w+)\(/g)].map(([, step]) => step);
    expect(steps[0]).toBe('sessions.end');
    for (const [, target = ''] of guide.matchAll(/\]\(([\w.-]+\.md)/g)) {
      await expect(access(join(root, 'docs', target))).resolves.not.toThrow();
    }
  });
});
