// Table C: the account decides what a sign-out ends.
import { describe, expect, test } from 'vitest';
import { eventually } from '../ui/support/eventually.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import type { Device } from './support/device.ts';
import { newProgram, programWith } from './support/program.ts';
import { entriesOf, tokenOf, toldTo } from './support/reading.ts';
import { DAY, open, type Site } from './support/site.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, SAFARI_ON_IOS } from './support/user-agents.ts';

const ALL_ENDED = { status: 401, reason: 'revoked', reasonCode: 'signed-out' };

describe('C: account-wide logout behaviour', { timeout: TEST_TIMEOUT }, () => {
  test('C1 A setting of the account: session or everywhere; only an administrator changes it, for all its users; it persists', async () => {
    const site = await open('c');
    const [admin, member, solo] = [
      await site.signedIn('owner'),
      await site.signedIn('member'),
      await site.signedIn('solo'),
    ];
    const session = { account: 'acme', signOut: 'session' };
    expect((await admin.get('/sessions/policy')).json).toEqual({ ...session, mayChange: true });
    expect((await member.get('/sessions/policy')).json).toEqual({ ...session, mayChange: false });

    const refused = await member.put('/sessions/policy', { signOut: 'everywhere' });
    expect([refused.status, refused.json?.type]).toEqual([403, 'urn:problem-type:session-revocation:forbidden']);
    expect((await member.get('/sessions/policy')).json).toMatchObject(session);
    await eventually(() => entriesOf(admin, '?type=request.refused')).toEqual([
      expect.objectContaining({ by: 'user-2', account: 'acme', details: { action: 'change-policy' } }),
    ]);
    expect(await entriesOf(admin, '?type=policy.changed')).toEqual([]);

    const everywhere = { account: 'acme', signOut: 'everywhere' };
    const changed = await admin.put('/sessions/policy', { signOut: 'everywhere' });
    expect([changed.status, changed.json]).toEqual([200, { ...everywhere, mayChange: true }]);
    expect((await member.get('/sessions/policy')).json).toEqual({ ...everywhere, mayChange: false });
    expect((await solo.get('/sessions/policy')).json).toMatchObject({ account: 'beta', signOut: 'session' });
    expect(await entriesOf(admin, '?type=policy.changed')).toEqual([
      expect.objectContaining({
        by: 'user-1',
        details: { before: { signOut: 'session' }, after: { signOut: 'everywhere' } },
      }),
    ]);

    // A year later, after a restart.
    site.clock.advance(365 * DAY);
    await site.sessions.prune();
    await site.close();
    const restarted = await open('c', { beside: site });
    const second = await restarted.signedIn('second');
    expect((await second.get('/sessions/policy')).json).toEqual({ ...everywhere, mayChange: false });
  });

  test('C2 With everywhere, a plain sign-out ends every session of the user in that account and all their tokens; with session, others are untouched', async () => {
    const site = await open('c');
    const admin = await site.signedIn('owner', CHROME_ON_MAC);
    const member = await everyKind(site);
    // The same user in another account, and another user.
    const elsewhere = await startedIn(site, 'beta');
    const second = await site.signedIn('second', SAFARI_ON_IOS);

    expect((await member.chrome.post('/sessions/sign-out')).status).toBe(204);
    expect(await member.chrome.isSignedIn()).toBe(false);
    expect([await member.firefox.isSignedIn(), await works(member.api), await works(member.mcp)]).toEqual([
      true,
      true,
      true,
    ]);

    await admin.put('/sessions/policy', { signOut: 'everywhere' });
    await site.signIn(member.chrome, 'member');
    const stolen = member.chrome.stolen();
    expect((await member.chrome.submit('/sign-out')).status).toBe(303);
    expect(member.chrome.cookies).toEqual([]);
    for (const device of [stolen, member.firefox]) expect(await toldTo(device)).toEqual(ALL_ENDED);
    expect([await works(member.api), await works(member.mcp)]).toEqual([false, false]);
    expect((await site.sessions.check(elsewhere)).ok).toBe(true);
    for (const device of [admin, second]) expect(await device.isSignedIn()).toBe(true);
  });

  test('C3 It holds from the next sign-out after saving', async () => {
    const site = await open('c');
    const admin = await site.signedIn('owner');
    const alive = async ({ chrome, firefox, api, mcp }: Everything): Promise<readonly boolean[]> => {
      return [await chrome.isSignedIn(), await firefox.isSignedIn(), await works(api), await works(mcp)];
    };
    const member = await everyKind(site);
    // This sign-out comes before the policy is saved. It ended one session and must not end more afterwards.
    const signedOut = await site.signedIn('member', SAFARI_ON_IOS);
    await signedOut.post('/sessions/sign-out');

    await admin.put('/sessions/policy', { signOut: 'everywhere' });
    site.clock.advance(DAY);
    expect(await alive(member)).toEqual([true, true, true, true]);
    expect((await member.chrome.post('/sessions/sign-out')).status).toBe(204);
    expect(await alive(member)).toEqual([false, false, false, false]);

    // The administrator restores the policy.
    const again = await everyKind(site);
    await admin.put('/sessions/policy', { signOut: 'session' });
    await again.chrome.post('/sessions/sign-out');
    expect(await alive(again)).toEqual([false, true, true, true]);
  });

  test('C4 Other services may accept briefly; then consistently 401: the bound is stated', async () => {
    const site = await open('c');
    const other = await open('c', { beside: site });
    const admin = await site.signedIn('owner');
    await admin.put('/sessions/policy', { signOut: 'everywhere' });

    // The delay that the library states for this sign-out.
    const token = await startedIn(site, 'acme');
    const verdict = await site.sessions.check(token);
    const { effectiveWithin, everywhere } = await site.sessions.signOut(verdict.session!);
    expect([everywhere, effectiveWithin]).toEqual([true, 0]);

    const here = await site.signedIn('member', CHROME_ON_MAC);
    const tokens = tokenOf(await here.post('/tokens', { kind: 'api', name: 'nightly job' }));
    const there = other.newDevice(FIREFOX_ON_WINDOWS);
    await other.signIn(there, 'member');
    const program = programWith(there, tokens);
    // The other service has just accepted both, so anything that it remembers about them is fresh.
    expect([await there.isSignedIn(), await works(program)]).toEqual([true, true]);

    expect((await here.post('/sessions/sign-out')).status).toBe(204);
    // 0 ms later: every request that begins from now on is refused.
    const asked = await Promise.all(
      Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? there.stolen().get('/me') : program.me())),
    );
    expect(asked.map(({ status }) => status)).toEqual(Array(50).fill(401));
    for (let round = 0; round < 10; round++) expect((await program.me()).status).toBe(401);
    expect(await toldTo(there)).toEqual(ALL_ENDED);
    // The cookie from the other service is refused here, too.
    const back = site.newDevice(FIREFOX_ON_WINDOWS);
    back.setCookie('demo-session', there.cookie('demo-session') ?? '');
    expect(await back.isSignedIn()).toBe(false);
  });

  test('C5 A new sign-in works normally', async () => {
    const site = await open('c');
    const other = await open('c', { beside: site });
    await (await site.signedIn('owner')).put('/sessions/policy', { signOut: 'everywhere' });
    const { chrome, firefox } = await everyKind(site);
    await chrome.post('/sessions/sign-out');
    expect(await firefox.isSignedIn()).toBe(false);

    // In the same millisecond, on either service.
    const programs = [];
    for (const at of [site, other]) {
      for (const device of [at.newDevice(CHROME_ON_MAC), at.newDevice(FIREFOX_ON_WINDOWS)]) {
        await at.signIn(device, 'member');
        programs.push(await newProgram(device, 'api'));
        expect(await device.isSignedIn()).toBe(true);
      }
    }
    site.clock.advance(DAY);
    for (const program of programs) expect((await program.me()).json).toEqual({ user: 'user-2', kind: 'api' });
    // The new sign-ins do not sign the old device in again.
    expect(await firefox.isSignedIn()).toBe(false);
  });
});

interface Everything {
  readonly chrome: Device;
  /** A remembered session. */
  readonly firefox: Device;
  readonly api: Program;
  readonly mcp: Program;
}

type Program = Awaited<ReturnType<typeof newProgram>>;

const works = async (program: Program): Promise<boolean> => (await program.me()).status === 200;

/** Signs the member in with a session of every kind. */
async function everyKind(site: Site): Promise<Everything> {
  const chrome = await site.signedIn('member', CHROME_ON_MAC);
  const firefox = await site.signedIn('member', FIREFOX_ON_WINDOWS, { remember: true });
  return { chrome, firefox, api: await newProgram(chrome, 'api'), mcp: await newProgram(chrome, 'mcp') };
}

/** Starts a session of the member in any account. It bypasses the demo, where each user has only one account. */
async function startedIn({ sessions }: Site, account: string): Promise<string> {
  const member = { user: 'user-2', account };
  const started = await sessions.start({ ...member, fence: await sessions.fence(member) });
  if (!started.ok) throw new Error(`the start was refused: ${started.reason}`);
  return started.token;
}
