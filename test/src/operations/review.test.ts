import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, test } from 'vitest';
import { hasTwoFactors } from '../../../src/model/factors.ts';
import type { Review } from '../../../src/operations/review.ts';
import { includes } from '../../ci-only.ts';
import { CHROME_ON_MAC, DAY, FIREFOX_ON_WINDOWS, HOUR, Realm } from '../support/realm.ts';

const ACME = { account: 'acme' };
const sharing = ({ sharedDevices }: Review) => sharedDevices;

async function pages(realm: Realm, limit: number): Promise<Review[]> {
  const all: Review[] = [];
  let cursor: string | null = null;
  do {
    const page: Review = await realm.sessions.review({ ...ACME, limit, cursor });
    all.push(page);
    ({ cursor } = page);
  } while (cursor !== null && all.length < 100);
  return all;
}

describe('two factors', () => {
  test.each([
    [['pwd', 'otp']],
    [['pin', 'hwk']],
    [['fpt', 'pop']],
    [['kba', 'face']],
    [['mfa']],
    [['pwd', 'mfa']],
    [['geo', 'sms', 'pwd']],
  ])('are of two sorts: %o', (amr) => {
    expect(hasTwoFactors(amr)).toBe(true);
  });

  test.each([
    [[]],
    [['pwd']],
    [['pwd', 'pin', 'kba']],
    [['otp', 'sms', 'tel', 'hwk', 'swk', 'sc', 'pop']],
    [['fpt', 'face', 'iris', 'retina', 'vbm']],
    [['pwd', 'geo']],
    [['pwd', 'rba', 'user', 'wia', 'mca']],
    [['geo', 'rba']],
    [['pwd', 'pwd']],
    [['pwd', 'webauthn']],
    [['own', 'other']],
  ])('are not: %o', (amr) => {
    expect(hasTwoFactors(amr)).toBe(false);
  });

  test.each(['toString', 'constructor', '__proto__'])('the method %s proves nothing', (method) => {
    expect(hasTwoFactors(['pwd', method])).toBe(false);
    expect(hasTwoFactors(['pwd', method, 'otp'])).toBe(true);
  });
});

describe('D2: a review', () => {
  test('lists who is signed in to an account, each with all sessions there', async () => {
    const realm = new Realm();
    const [a, b, c] = [
      await realm.signIn('ann', ACME),
      await realm.signIn('ann', ACME),
      await realm.signIn('bob', ACME),
    ];
    await realm.signIn('ann');
    await realm.signIn('ann', { account: 'beta' });
    await realm.signIn('carl', { account: 'beta' });
    const { members, cursor } = await realm.sessions.review(ACME);
    const found = Object.fromEntries(members.map(({ user, sessions }) => [user, sessions.map(({ id }) => id).sort()]));
    expect(found).toEqual({ ann: [a.session.id, b.session.id].sort(), bob: [c.session.id] });
    expect(cursor).toBeNull();
  });

  test('leaves out what is over, and who has nothing else', async () => {
    const realm = new Realm({ lifetime: { absolute: '1d', idle: null } });
    const expired = await realm.signIn('ann', ACME);
    realm.now += DAY;
    const [ended, living] = [await realm.signIn('bob', ACME), await realm.signIn('ann', ACME)];
    await realm.sessions.end(ended.session.id, { user: 'bob' });
    await realm.signIn('carl', ACME);
    await realm.sessions.revoke({ user: 'carl' });
    const { members } = await realm.sessions.review(ACME);
    expect(members.map(({ user, sessions }) => [user, sessions.length])).toEqual([['ann', 1]]);
    expect(members[0]?.sessions[0]?.id).toBe(living.session.id);
    expect(expired.session.id).not.toBe(living.session.id);
  });

  test('is of one realm, though the store is shared', async () => {
    const realm = new Realm();
    const other = new Realm({ realm: 'other' }, realm.store);
    await realm.signIn('ann', ACME);
    await other.signIn('bob', ACME);
    expect((await realm.sessions.review(ACME)).members.map(({ user }) => user)).toEqual(['ann']);
    expect((await other.sessions.review(ACME)).members.map(({ user }) => user)).toEqual(['bob']);
  });

  test('says of each session whether it had two factors, and of a member whether all had', async () => {
    const realm = new Realm();
    await realm.signIn('ann', { ...ACME, amr: ['pwd', 'otp'] });
    await realm.signIn('ann', { ...ACME, amr: ['hwk', 'pin'] });
    await realm.signIn('bob', { ...ACME, amr: ['pwd', 'otp'] });
    await realm.signIn('bob', { ...ACME, amr: ['pwd'] });
    const { members } = await realm.sessions.review(ACME);
    const found = members.map(({ user, secondFactor, sessions }) => [
      ...[user, secondFactor],
      sessions.map((session) => session.secondFactor).sort(),
    ]);
    expect(found.sort()).toEqual([
      ['ann', true, [true, true]],
      ['bob', false, [false, true]],
    ]);
  });

  test('says which were not used for long: 30 days, or as long as is asked', async () => {
    const realm = new Realm({ lifetime: { absolute: null, idle: null } });
    await realm.signIn('ann', ACME);
    realm.now += HOUR;
    await realm.signIn('ann', ACME);
    realm.now += 30 * DAY - HOUR;
    const idle = async (idleFor?: '30d' | '1h' | '90d') => {
      const { members } = await realm.sessions.review({ ...ACME, idleFor });
      return members[0]?.sessions.map((session) => session.idle).sort();
    };
    expect(await idle()).toEqual([false, true]);
    expect(await idle('1h')).toEqual([true, true]);
    expect(await idle('90d')).toEqual([false, false]);
  });

  test('names the roles that the app gives, and is told where it gives none', async () => {
    const realm = new Realm();
    await realm.signIn('ann', ACME);
    await realm.signIn('bob', ACME);
    const roles = async (user: string) => (user === 'ann' ? ['owner', 'admin'] : []);
    const { members } = await realm.sessions.review({ ...ACME, roles });
    expect(Object.fromEntries(members.map((member) => [member.user, member.roles]))).toEqual({
      ...{ ann: ['owner', 'admin'], bob: [] },
    });
    expect((await realm.sessions.review(ACME)).members.map((member) => member.roles)).toEqual([null, null]);
  });

  test('asks for the roles of those who are listed, each once; what fails there, fails', async () => {
    const realm = new Realm();
    await realm.signIn('ann', ACME);
    await realm.signIn('ann', ACME);
    await realm.signIn('carl', { account: 'beta' });
    const asked: string[] = [];
    const roles = (user: string) => {
      asked.push(user);
      return [];
    };
    await realm.sessions.review({ ...ACME, roles });
    expect(asked).toEqual(['ann']);
    const failing = () => Promise.reject(new Error('no directory'));
    await expect(realm.sessions.review({ ...ACME, roles: failing })).rejects.toThrow('no directory');
  });

  test.each([[undefined], [null], ['owner'], [['owner', 7]], [{ 0: 'owner' }], [true]])(
    'refuses roles that are %j',
    async (answer) => {
      const realm = new Realm();
      await realm.signIn('ann', { account: 'acme' });
      const roles = (async () => answer) as unknown as () => readonly string[];
      const expected = new TypeError(
        "sessions.review({ account }): roles must give an array of texts, such as ['admin']",
      );
      await expect(realm.sessions.review({ ...ACME, roles })).rejects.toEqual(expected);
    },
  );

  test('shows no secret, hash or tag', async () => {
    const realm = new Realm();
    const { token } = await realm.signIn('ann', { ...ACME, deviceId: 'the-device-cookie' });
    const told = JSON.stringify(await realm.sessions.review(ACME));
    const [session] = JSON.parse(realm.store.dump()).sessions;
    for (const secret of [token.split('.').at(-1), session.credential, session.deviceTag, session.userTag]) {
      expect(secret).toMatch(/^[\w-]{22,}$/);
      expect(told).not.toContain(secret);
    }
  });
});

describe('a review of many', () => {
  test('has no empty pages once the account was revoked', async () => {
    const realm = new Realm();
    for (let nth = 0; nth < 130; nth++) await realm.signIn(`user ${nth}`, ACME);
    await realm.sessions.revoke(ACME);
    await realm.signIn('ann', ACME);
    const found = await pages(realm, 10);
    expect(found.flatMap(({ members }) => members.map(({ user }) => user))).toEqual(['ann']);
    expect(found.slice(0, -1).map(({ members }) => members.length)).not.toContain(0);
  });

  test('names 1,000 sessions of a member, and judges all of them', async () => {
    const realm = new Realm();
    await realm.signIn('ann', { ...ACME, amr: ['pwd'] });
    realm.now += HOUR;
    for (let nth = 0; nth < 1_000; nth++) await realm.signIn('ann', { ...ACME, amr: ['pwd', 'otp'] });
    await realm.signIn('bob', { ...ACME, amr: ['pwd', 'otp'] });
    const { members } = await realm.sessions.review(ACME);
    const found = members.map(({ user, sessions, more, secondFactor }) => [user, sessions.length, more, secondFactor]);
    expect(found.sort()).toEqual([
      ['ann', 1_000, true, false],
      ['bob', 1, false, true],
    ]);
  });

  test.runIf(includes('review: thousands of sessions'))(
    'ends a page that names thousands of sessions, and misses no user',
    async () => {
      const store = memoryStore();
      const sessions = createSessions({ store });
      for (let user = 0; user < 120; user++) {
        const whose = { user: `user ${user}`, ...ACME };
        const fence = await sessions.fence(whose);
        for (let nth = 0; nth < 60; nth++) await sessions.start({ ...whose, fence });
      }
      const first = await sessions.review(ACME);
      const second = await sessions.review({ ...ACME, cursor: first.cursor });
      expect([first.members.length, second.members.length, second.cursor]).toEqual([100, 20, null]);
      expect(new Set([...first.members, ...second.members].map(({ user }) => user)).size).toBe(120);
    },
  );

  test('and a dry endIdle let everything else have its turn, on a store that answers at once', async () => {
    const sessions = createSessions({ store: memoryStore() });
    for (let user = 0; user < 200; user++) {
      const whose = { user: `user ${user}`, ...ACME };
      await sessions.start({ ...whose, fence: await sessions.fence(whose) });
    }
    const fence = await sessions.fence({ user: 'ann', ...ACME });
    for (let nth = 0; nth < 2_000; nth++) await sessions.start({ user: 'ann', ...ACME, fence });
    const turnsOf = async (step: () => Promise<unknown>): Promise<number> => {
      let turns = 0;
      let done = false;
      const count = (): void => {
        turns++;
        if (!done) setImmediate(count);
      };
      setImmediate(count);
      await step();
      done = true;
      return turns;
    };
    expect(await turnsOf(() => sessions.review(ACME))).toBeGreaterThanOrEqual(6);
    const dry = () => sessions.endIdle({ ...ACME, unusedFor: '1d' }, { dryRun: true });
    expect(await turnsOf(dry)).toBeGreaterThanOrEqual(10);
  });

  test('by a store that goes in circles is an outage, not endless', async () => {
    const realm = new Realm();
    await realm.signIn('ann', ACME);
    realm.around = (call, ask) => (call === 'listUsers' ? { users: [], after: 'again' } : ask());
    await expect(realm.sessions.review(ACME)).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
  });
});

describe('shared devices', () => {
  test('are those with one device cookie, wherever they are', async () => {
    const realm = new Realm();
    await realm.signIn('bob', { ...ACME, deviceId: 'd1', ip: '192.0.2.1', userAgent: CHROME_ON_MAC });
    await realm.signIn('ann', { ...ACME, deviceId: 'd1', ip: '192.0.2.2', userAgent: FIREFOX_ON_WINDOWS });
    await realm.signIn('carl', { ...ACME, deviceId: 'd2', ip: '192.0.2.1', userAgent: CHROME_ON_MAC });
    const found = sharing(await realm.sessions.review(ACME));
    expect(found).toHaveLength(1);
    expect(found[0]?.users).toEqual(['ann', 'bob']);
  });

  test('without a cookie are those of one label at one address', async () => {
    const realm = new Realm();
    const mac = { ...ACME, ip: '192.0.2.1', userAgent: CHROME_ON_MAC };
    await realm.signIn('bob', mac);
    await realm.signIn('ann', mac);
    await realm.signIn('carl', { ...mac, userAgent: FIREFOX_ON_WINDOWS });
    await realm.signIn('dora', { ...mac, ip: '192.0.2.2' });
    expect(sharing(await realm.sessions.review(ACME))).toEqual([
      { label: 'Chrome on Mac OS', ip: '192.0.2.1', users: ['ann', 'bob'] },
    ]);
  });

  test('are not those of one user, of nobody’s address, or of somebody who is signed out', async () => {
    const realm = new Realm();
    const mac = { ...ACME, ip: '192.0.2.1', userAgent: CHROME_ON_MAC };
    await realm.signIn('ann', mac);
    await realm.signIn('ann', mac);
    await realm.signIn('bob', { ...mac, ip: null });
    await realm.signIn('carl', { ...mac, ip: null });
    const { session } = await realm.signIn('dora', mac);
    await realm.sessions.end(session.id, { user: 'dora' });
    await realm.signIn('emil', { ...mac, account: 'beta' });
    expect(sharing(await realm.sessions.review(ACME))).toEqual([]);
  });
});

describe('pages', () => {
  test.each([1, 2, 3, 7, 1000])('of %i members name each one once', async (limit) => {
    const realm = new Realm();
    const users = Array.from({ length: 7 }, (_, at) => `user ${at}`);
    for (const user of users) {
      await realm.signIn(user, ACME);
      await realm.signIn(user, ACME);
    }
    const all = await pages(realm, limit);
    const named = all.flatMap(({ members }) => members.map(({ user }) => user));
    expect(named.sort()).toEqual(users);
    expect(all.every(({ members }) => members.length <= limit)).toBe(true);
  });

  test('of a store that names a user twice name them once', async () => {
    const realm = new Realm();
    await realm.signIn('ann', ACME);
    const { users } = realm.store.listUsers({ realm: 'default', account: null }, null, 10);
    realm.around = (call, ask) => (call === 'listUsers' ? { users: [...users, ...users], after: null } : ask());
    expect((await realm.sessions.review(ACME)).members).toHaveLength(1);
  });
});

describe('misuse', () => {
  test.each<[unknown, string | RegExp]>([
    [undefined, /: the argument must be an object/],
    [{}, 'account must be a string, not undefined'],
    [{ account: '' }, 'account must not be empty'],
    [
      { ...ACME, user: 'ann' },
      /: the argument has an unknown option "user"; known are account, idleFor, roles, cursor, limit$/,
    ],
    [{ ...ACME, idleFor: 0 }, /: idleFor is 0/],
    [{ ...ACME, idleFor: null }, /: idleFor is null/],
    [{ ...ACME, roles: ['owner'] }, 'roles must be a function of a user'],
    [{ ...ACME, roles: null }, 'roles must be a function of a user'],
    [{ ...ACME, cursor: '' }, 'cursor must be what the last page gave'],
    [{ ...ACME, cursor: 7 }, 'cursor must be what the last page gave'],
    [{ ...ACME, cursor: 'x'.repeat(257) }, 'cursor must be what the last page gave'],
    [{ ...ACME, limit: 0 }, 'limit is 0; allowed are whole numbers from 1 to 1000'],
    [{ ...ACME, limit: 1001 }, 'limit is 1001; allowed are whole numbers from 1 to 1000'],
    [{ ...ACME, limit: '7' }, 'limit is "7"; allowed are whole numbers from 1 to 1000'],
    [{ ...ACME, limit: null }, 'limit is null; allowed are whole numbers from 1 to 1000'],
  ])('%o is said before the store is asked', async (request, message) => {
    const realm = new Realm();
    await expect(realm.sessions.review(request as never)).rejects.toThrow(TypeError);
    await expect(realm.sessions.review(request as never)).rejects.toThrow(message);
    expect(realm.calls).toEqual([]);
  });
});

test('OPS-1: a review that cannot be made is an outage, not an empty account', async () => {
  const realm = new Realm();
  await realm.signIn('ann', ACME);
  for (const verb of ['listUsers', 'list']) {
    realm.around = (call, ask) => (call === verb ? Promise.reject(new Error('down')) : ask());
    await expect(realm.sessions.review(ACME)).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
  }
});
