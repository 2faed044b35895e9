import { createSessions } from 'session-revocation';
import { type GuardOptions, type TokenClaims, tokenGuard } from 'session-revocation/jwt';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, NOW, type Realm, SECOND } from '../../support/realm.ts';
import { claimsOf, GuardedRealm, ISSUER, SECONDS } from '../support/guarded.ts';

describe('claims', () => {
  test('of a user who was never revoked pass, with one read of the store', async () => {
    const { guard, calls, sessions } = await GuardedRealm.open({ account: (claims) => claims.org as string });
    expect(await guard.check(claimsOf({ org: 'acme' }))).toEqual({ ok: true, user: 'ann', account: 'acme' });
    expect(calls).toEqual(['readEpochs']);
    expect(await guard.check(claimsOf())).toEqual({ ok: true, user: 'ann', account: null });
    const { sessions: rows } = await sessions.list({ user: 'ann' });
    expect(rows).toEqual([]);
  });

  test('leave no record of a user who was only looked at', async () => {
    const realm = await GuardedRealm.open();
    await realm.verdict();
    expect(await realm.sessions.prune()).toEqual({ sessions: 0, epochs: 0, entries: 0, messages: 0 });
    realm.now += 400 * DAY;
    expect(await realm.sessions.prune()).toEqual({ sessions: 0, epochs: 0, entries: 0, messages: 0 });
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', [claimsOf()]],
    ['no user', claimsOf({ sub: undefined })],
    ['an empty user', claimsOf({ sub: '' })],
    ['a user that is a number', claimsOf({ sub: 7 })],
    ['a huge user', claimsOf({ sub: 'x'.repeat(257) })],
    ['a user with control characters', claimsOf({ sub: 'ann\n' })],
    ['a sid that is no text', claimsOf({ sid: 7 })],
    ['a jti that is no text', claimsOf({ jti: ['x'] })],
    ['an empty jti', claimsOf({ jti: '' })],
    ['an issuer that is no text', claimsOf({ iss: {} })],
    ['a time that is a text', claimsOf({ auth_time: `${SECONDS}` })],
    ['a time that is no number', claimsOf({ auth_time: Number.NaN })],
    ['a time that is no whole number', claimsOf({ auth_time: SECONDS - 0.5 })],
    ['a time before 1970', claimsOf({ auth_time: -1 })],
    ['a time in ms', claimsOf({ auth_time: NOW - MINUTE })],
    ['a time too far ahead', claimsOf({ auth_time: SECONDS + 6 })],
    ['an event, JWT-6', claimsOf({ events: {} })],
  ])('that are %s are malformed, and the store is not asked: JWT-13', async (_, claims) => {
    const { guard, calls } = await GuardedRealm.open();
    expect(await guard.check(claims as TokenClaims)).toEqual({ ok: false, reason: 'malformed', revocation: null });
    expect(calls).toEqual([]);
  });

  test('of another issuer are malformed, where the guard names one', async () => {
    const realm = await GuardedRealm.open({ issuer: ISSUER });
    expect(await realm.verdict()).toBe('passes');
    expect(await realm.verdict({ iss: `${ISSUER}/` })).toBe('malformed');
  });

  test('may be as far ahead as the clocks may be apart', async () => {
    const realm = await GuardedRealm.open({ issuerSkew: '2s' });
    expect(await realm.verdict({ auth_time: SECONDS + 2 })).toBe('passes');
    expect(await realm.verdict({ auth_time: SECONDS + 3 })).toBe('malformed');
  });

  test.each([undefined, null])('without auth_time (%s) are refused, however new', async (auth_time) => {
    const { guard, calls } = await GuardedRealm.open();
    expect(await guard.check(claimsOf({ auth_time }))).toEqual({ ok: false, reason: 'no-auth-time', revocation: null });
    expect(calls).toEqual([]);
  });

  test('go by iat or another claim where that is chosen', async () => {
    const byIat = await GuardedRealm.open({ authTime: 'iat' });
    const own = await GuardedRealm.open({ authTime: ({ pwd_at }) => (pwd_at as number | undefined) ?? null });
    expect(await byIat.verdict({ auth_time: undefined })).toBe('passes');
    expect(await own.verdict({ pwd_at: SECONDS - 30 })).toBe('passes');
    expect(await own.verdict()).toBe('no-auth-time');
    for (const realm of [byIat, own]) {
      realm.now -= 40 * SECOND;
      await realm.sessions.revoke({ user: 'ann' });
      realm.now += 40 * SECOND;
    }
    // Each silent refresh changes `iat`, so a refreshed token passes. This is the price of `authTime: 'iat'`.
    expect(await byIat.verdict({ auth_time: SECONDS - 3600 })).toBe('passes');
    expect(await own.verdict({ pwd_at: SECONDS - 3600 })).toBe('revoked');
  });

  test('pass until maxAge after the authentication, to the ms', async () => {
    const realm = await GuardedRealm.open({ maxAge: '1h' });
    realm.now = NOW + HOUR;
    expect(await realm.verdict({ auth_time: SECONDS })).toBe('passes');
    realm.now++;
    expect(await realm.verdict({ auth_time: SECONDS })).toBe('too-old');
  });
});

describe('SES-13: a revocation, and an authentication in the same second', () => {
  // The time of the revocation, 600 ms within a second. The new record already has this counter, so the advance adds 1
  // ms.
  const AT = NOW + 600;

  test.each([
    ['the second before', SECONDS - 1, 0, 'revoked'],
    ['the same second', SECONDS, 0, 'revoked'],
    ['the next second', SECONDS + 1, 0, 'passes'],
    ['the next second, which skew reaches', SECONDS + 1, 399, 'revoked'],
    ['the next second, which skew does not quite reach', SECONDS + 1, 398, 'passes'],
    ['five seconds later', SECONDS + 5, 5 * SECOND, 'revoked'],
    ['six seconds later', SECONDS + 6, 5 * SECOND, 'passes'],
  ])('authenticated: %s', async (_, auth_time, issuerSkew, expected) => {
    const realm = await GuardedRealm.open({ issuerSkew });
    realm.now = AT;
    await realm.sessions.revoke({ user: 'ann' });
    realm.now = AT + 10 * SECOND;
    expect(await realm.verdict({ auth_time })).toBe(expected);
  });

  test('exactly at the beginning of the second is the same second', async () => {
    const realm = await GuardedRealm.open({ issuerSkew: 0 });
    realm.now = NOW;
    await realm.sessions.revoke({ user: 'ann' });
    expect([await realm.verdict({ auth_time: SECONDS }), await realm.verdict({ auth_time: SECONDS - 1 })]).toEqual([
      'revoked',
      'revoked',
    ]);
    realm.now += SECOND;
    expect(await realm.verdict({ auth_time: SECONDS + 1 })).toBe('passes');
  });

  test('many revocations at once count ahead of the clock, and are all on the safe side', async () => {
    const realm = await GuardedRealm.open({ issuerSkew: 0 });
    realm.now = NOW + 999;
    for (let round = 0; round < 5; round++) await realm.sessions.revoke({ user: 'ann' });
    realm.now = NOW + 2 * SECOND;
    expect(await realm.verdict({ auth_time: SECONDS + 1 })).toBe('revoked');
    expect(await realm.verdict({ auth_time: SECONDS + 2 })).toBe('passes');
  });
});

describe('functions of the app', () => {
  const promised = Promise.resolve('ann');

  test.each<[string, unknown, string]>([
    ['user', promised, 'user must return a string or null, and returned a promise (await it)'],
    ['user', 7, 'user must return a string or null, and returned number'],
    ['user', { sub: 'ann' }, 'user must return a string or null, and returned an object'],
    ['user', false, 'user must return a string or null, and returned boolean'],
    ['account', promised, 'account must return a string or null, and returned a promise (await it)'],
    ['account', ['acme'], 'account must return a string or null, and returned an array'],
    ['account', false, 'account must return a string or null, and returned boolean'],
    ['authTime', promised, 'authTime must return a number or null, and returned a promise (await it)'],
    ['authTime', new Date(NOW), 'authTime must return a number or null, and returned a Date'],
    ['authTime', `${SECONDS}`, 'authTime must return a number or null, and returned string'],
    ['authTime', true, 'authTime must return a number or null, and returned boolean'],
  ])(
    '%s that gives %j lets no token pass: a TypeError says so, and the store is not asked',
    async (name, given, told) => {
      const { guard, calls } = await GuardedRealm.open({ [name]: () => given });
      await expect(guard.check(claimsOf())).rejects.toEqual(new TypeError(`guard.check(claims): ${told}`));
      const others = `guard.signOutOthers(claims): ${told}`;
      await expect(guard.signOutOthers(claimsOf({ sid: 's' }))).rejects.toEqual(new TypeError(others));
      expect(calls).toEqual([]);
    },
  );

  test.each([undefined, null])(
    'may give %s: no user is malformed, no account is none, no time is none',
    async (none) => {
      const verdictOf = async (options: GuardOptions) => (await GuardedRealm.open(options)).verdict();
      expect(await verdictOf({ user: () => none })).toBe('malformed');
      expect(await verdictOf({ account: () => none })).toBe('passes');
      expect(await verdictOf({ authTime: () => none })).toBe('no-auth-time');
    },
  );

  test.each(['', 'x'.repeat(257), 'ann\n'])(
    'that return a string which is not an id (%j) make the token malformed',
    async (text) => {
      for (const name of ['user', 'account']) {
        const realm = await GuardedRealm.open({ [name]: () => text });
        expect(await realm.verdict()).toBe('malformed');
      }
    },
  );
});

describe('options', () => {
  const sessions = createSessions({ store: memoryStore() });
  test.each<[string, GuardOptions, RegExp]>([
    ['unknown', { skew: '5s' } as GuardOptions, /"skew"/],
    ['skew over a minute', { issuerSkew: 60_001 }, /issuerSkew is 60001 ms; allowed are 0 to 60000 ms/],
    ['skew below 0', { issuerSkew: -1 }, /issuerSkew/],
    ['no age', { maxAge: 0 }, /maxAge/],
    ['endless age', { maxAge: null } as unknown as GuardOptions, /maxAge/],
    ['unknown kind', { kind: 'apps' }, /kind "apps" is unknown/],
    ['a user that is no function', { user: 'sub' } as unknown as GuardOptions, /user must be a function/],
    ['an account that is no function', { account: 'org' } as unknown as GuardOptions, /account must be a function/],
    ['another claim by name', { authTime: 'exp' } as unknown as GuardOptions, /authTime/],
    ['an empty issuer', { issuer: '' }, /issuer/],
  ])('%s: a TypeError that names it', (_, options, message) => {
    expect(() => tokenGuard(sessions, options)).toThrow(message);
    expect(() => tokenGuard(sessions, options)).toThrow(TypeError);
  });

  test('of something else than sessions', () => {
    expect(() => tokenGuard({} as typeof sessions)).toThrow(/createSessions/);
  });
});

describe('setup', () => {
  test('is asked for where it was not run, or accepts less than this guard does', async () => {
    const realm = new GuardedRealm({ maxAge: '40d' });
    await realm.signIn();
    const notSetUp = { code: 'SESSION_STORE_NOT_SET_UP', status: 503, message: expect.stringContaining('setup()') };
    await expect(realm.verdict()).rejects.toMatchObject(notSetUp);
    await tokenGuard(realm.sessions, { maxAge: '39d' }).setup();
    await expect(realm.verdict()).rejects.toMatchObject(notSetUp);
    await realm.guard.setup();
    expect(await realm.verdict()).toBe('passes');
  });

  test('only raises, writes once, and touches no session', async () => {
    const realm = await GuardedRealm.open({ maxAge: '40d' });
    const { token } = await realm.signIn();
    realm.calls.length = 0;
    await realm.guard.setup();
    await tokenGuard(realm.sessions, { maxAge: '10d' }).setup();
    expect(realm.calls).toEqual(['ensureEpochs', 'ensureEpochs']);
    expect(await realm.verdict()).toBe('passes');
    await realm.sessions.revoke({ realm: true });
    await realm.sessions.revoke({ user: 'bob' });
    expect(await realm.verdict({ auth_time: SECONDS + 60 * 60, sub: 'bob' })).toBe('malformed');
    realm.now += HOUR;
    expect(await realm.verdict({ auth_time: SECONDS + 60 * 60 })).toBe('passes');
    expect(await realm.word(token)).toBe('revoked');
  });

  test('at once, by several guards: the longest counts', async () => {
    const realm = new GuardedRealm({ maxAge: '90d' });
    const guards = ['40d', '90d', '60d'].map((maxAge) => tokenGuard(realm.sessions, { maxAge: maxAge as '40d' }));
    await Promise.all(guards.map((guard) => guard.setup()));
    expect(await realm.verdict()).toBe('passes');
  });

  test('that raises: what was revoked before may be forgotten, so older tokens are refused', async () => {
    const realm = await GuardedRealm.open();
    realm.now += MINUTE;
    await realm.sessions.revoke({ user: 'ann' });
    const guard = tokenGuard(realm.sessions, { maxAge: '90d' });
    const word = async (auth_time: number) => {
      const verdict = await guard.check(claimsOf({ auth_time }));
      return verdict.ok ? 'passes' : verdict.reason;
    };
    await guard.setup();
    realm.now = NOW + 32 * DAY + 6 * HOUR;
    await realm.sessions.prune();
    realm.now += DAY;
    // Pruning has removed the record of the revocation.
    expect(await word(SECONDS)).toBe('too-old');
    expect(await word(SECONDS + 3600)).toBe('too-old');
    expect(await word(SECONDS + 3661), 'an hour after the setup').toBe('passes');
    expect(await word(SECONDS + 31 * 86400)).toBe('passes');
  });
});

describe('loss', () => {
  test('of the realm’s record refuses tokens, until the guard is set up again', async () => {
    const realm = await GuardedRealm.open();
    await realm.sessions.revoke({ user: 'ann' });
    const empty = new GuardedRealm();
    expect(await empty.verdict()).toBe('lost');
    // A sign-in creates the record, but without the data that the guard needs.
    await empty.signIn();
    await expect(empty.verdict()).rejects.toMatchObject({ code: 'SESSION_STORE_NOT_SET_UP' });
    await empty.guard.setup();
    empty.now += MINUTE;
    await empty.sessions.revoke({ realm: true });
    expect(await empty.verdict()).toBe('revoked');
  });

  test('of the store is not a refusal', async () => {
    const realm = await GuardedRealm.open();
    realm.around = () => Promise.reject(new Error('down'));
    await expect(realm.verdict()).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
  });
});

test('JWT-11: a revocation is kept until the last token that it met is too old, and is gone after', async () => {
  const maxAge = 100 * DAY;
  const realm = await GuardedRealm.open({ maxAge, issuerSkew: 0 });
  realm.now = NOW + 2 * HOUR;
  const auth_time = SECONDS + 2 * 3600;
  await realm.sessions.revoke({ user: 'ann' });
  realm.now += maxAge;
  // The clocks of the revoking process and of the pruner may be an hour apart.
  const ahead = new GuardedRealm({}, { over: realm });
  ahead.now = realm.now + 2 * HOUR;
  expect((await ahead.sessions.prune()).epochs).toBe(0);
  expect(await realm.verdict({ auth_time })).toBe('revoked');
  realm.now++;
  expect(await realm.verdict({ auth_time })).toBe('too-old');
  ahead.now += 2;
  expect((await ahead.sessions.prune()).epochs).toBe(1);
});

test('guards of several realms over one store know nothing of each other', async () => {
  const one = await GuardedRealm.open({}, { realm: 'one' });
  const two = await GuardedRealm.open({}, { realm: 'two', over: one as Realm });
  await one.sessions.revoke({ user: 'ann' });
  await one.guard.revoke({ jti: 'their token', issuer: ISSUER });
  expect([await one.verdict(), await two.verdict()]).toEqual(['denied', 'passes']);
});
