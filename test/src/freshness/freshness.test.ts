import { afterEach, describe, expect, test, vi } from 'vitest';
import { createSessions, type SessionsOptions } from '../../../src/index.ts';
import { realmTag } from '../../../src/model/token.ts';
import type { FoundSession } from '../../../src/store/store.ts';
import { CHROME_ON_MAC, DAY, HOUR, MINUTE, NOW, Realm, SECOND, settle } from '../support/realm.ts';

const FRESH = { freshness: { maxStaleness: '1s' } } as const;

afterEach(() => vi.restoreAllMocks());

/** Mocks the monotonic clock of all processes. The wall clock of each process is `realm.now`. */
function steadyClock(): { ms: number } {
  const clock = { ms: 1_000 };
  vi.spyOn(performance, 'now').mockImplementation(() => clock.ms);
  return clock;
}

type Options = Omit<SessionsOptions<never>, 'store' | 'clock'>;

/** Opens a process that remembers sessions, and a second process on the same store. Their clocks agree. */
async function processes(options: Options = FRESH) {
  const steady = steadyClock();
  const realm = new Realm(options);
  const other = new Realm({}, realm.store);
  await realm.sessions.setup();
  const pass = (ms: number): void => {
    steady.ms += ms;
    realm.now += ms;
    other.now += ms;
  };
  return { realm, other, pass, steady };
}

/** Signs in and checks the token once, so that the process remembers the session. */
async function remembered(realm: Realm, user = 'ann', account?: string) {
  const started = await realm.signIn(user, { account, userAgent: CHROME_ON_MAC });
  expect(await realm.word(started.token)).toBe('live');
  realm.calls.length = 0;
  return started;
}

describe('a check', () => {
  test('is answered from memory, with the whole session, until the knowledge is too old', async () => {
    const { realm, pass } = await processes();
    const { token, session } = await remembered(realm, 'ann', 'acme');
    pass(SECOND);
    expect(await realm.sessions.check(token)).toEqual({ ok: true, session });
    expect(realm.calls).toEqual([]);
    pass(1);
    expect(await realm.word(token)).toBe('live');
    expect(realm.calls).toEqual(['find']);
  });

  test.each([
    ['its user', { user: 'ann' }],
    ['its membership', { user: 'ann', account: 'acme' }],
    ['its account', { account: 'acme' }],
    ['the realm', { realm: true }],
  ] as const)('accepts for no longer than maxStaleness after another process revoked %s', async (_, scope) => {
    const { realm, other, pass } = await processes();
    const { token } = await remembered(realm, 'ann', 'acme');
    const { effectiveWithin } = await other.sessions.revoke(scope);
    expect(effectiveWithin).toBe(SECOND);
    pass(effectiveWithin - 1);
    expect(await realm.word(token)).toBe('live');
    pass(1);
    // Knowledge that is exactly `maxStaleness` old is still accepted. Its age counts from the send time of the read.
    expect(await realm.word(token)).toBe('live');
    pass(1);
    expect(await realm.word(token)).toBe('revoked');
  });

  test('counts the age from the moment at which the read was sent', async () => {
    const { realm, other, pass } = await processes();
    const { token } = await realm.signIn();
    let answer = (): void => {};
    realm.around = async (call, ask) => {
      const found = await ask();
      if (call === 'find') await new Promise<void>((resolve) => (answer = resolve));
      return found;
    };
    const slow = realm.word(token);
    await settle();
    await other.sessions.revoke({ user: 'ann' });
    pass(900);
    answer();
    expect(await slow).toBe('live');
    realm.around = (_, ask) => ask();
    pass(100);
    expect(await realm.word(token)).toBe('live');
    pass(1);
    expect(await realm.word(token)).toBe('revoked');
  });

  test.each([
    ['monotonic', (at: Awaited<ReturnType<typeof processes>>) => (at.steady.ms += SECOND + 1)],
    ['wall', (at: Awaited<ReturnType<typeof processes>>) => (at.realm.now += SECOND + 1)],
  ])('takes the greater age: where only the %s clock goes on, and where the other one is set back', async (_, goOn) => {
    const at = await processes();
    const { token } = await remembered(at.realm);
    await at.other.sessions.revoke({ user: 'ann' });
    goOn(at);
    expect(await at.realm.word(token)).toBe('revoked');
  });

  test('takes an age by the monotonic clock where the wall clock was set back by an hour', async () => {
    const { realm, other, steady } = await processes();
    const { token } = await remembered(realm);
    await other.sessions.revoke({ user: 'ann' });
    realm.now -= HOUR;
    steady.ms += SECOND + 1;
    expect(await realm.word(token)).toBe('revoked');
  });

  test('reads every refusal from the store: another secret, another account, an expiry', async () => {
    const { realm, pass } = await processes({
      ...FRESH,
      lifetime: { absolute: DAY, idle: null },
      touchEvery: '2d',
    });
    const { token } = await remembered(realm, 'ann', 'acme');
    const guess = `${token.slice(0, -1)}${token.endsWith('A') ? 'E' : 'A'}`;
    expect(await realm.word(guess)).toBe('unknown');
    const [version, user, , id, secret] = token.split('.');
    expect(await realm.word([version, user, '', id, secret].join('.'))).toBe('unknown');
    expect(realm.calls).toEqual(['find', 'find']);
    // A wrong secret does not remove the session from memory.
    expect(await realm.word(token)).toBe('live');
    pass(DAY - 500);
    expect(await realm.word(token)).toBe('live');
    realm.calls.length = 0;
    pass(500);
    expect(await realm.word(token)).toBe('expired');
    expect(realm.calls).toEqual(['find']);
  });

  test('with a maxStaleness of its own takes younger knowledge, and none with 0', async () => {
    const { realm, pass } = await processes();
    const { token } = await remembered(realm);
    pass(100);
    await realm.sessions.check(token, { maxStaleness: 100 });
    expect(realm.calls).toEqual([]);
    await realm.sessions.check(token, { maxStaleness: '99ms' });
    await realm.sessions.check(token, { maxStaleness: 0, userAgent: CHROME_ON_MAC });
    expect(realm.calls).toEqual(['find', 'find']);
  });

  test('refuses a maxStaleness that is higher than that of the realm, and what is no duration', async () => {
    const { realm, other } = await processes();
    const { token } = await realm.signIn();
    const higher =
      /^sessions\.check\(token\): maxStaleness is 2000 ms, and a check can only lower that of the realm, which is 1000 ms/;
    await expect(realm.sessions.check(token, { maxStaleness: '2s' })).rejects.toThrow(higher);
    await expect(other.sessions.check(token, { maxStaleness: 1 })).rejects.toThrow(/of the realm, which is 0 ms/);
    for (const value of [-1, null, '1', 1.5, Number.NaN, '6m'])
      await expect(realm.sessions.check(token, { maxStaleness: value as never })).rejects.toThrow(TypeError);
    expect(await other.sessions.check(token, { maxStaleness: 0 })).toMatchObject({ ok: true });
  });

  test('that notes a use reads the session again at the next check, and notes each use once', async () => {
    const { realm, pass } = await processes({ freshness: { maxStaleness: '5m' } });
    const { token } = await remembered(realm);
    pass(MINUTE);
    expect(await realm.word(token)).toBe('live');
    await settle();
    expect(realm.calls).toEqual(['touch']);
    const { session } = await realm.sessions.check(token);
    expect(session?.lastUsedAt).toBe(realm.now);
    for (let nth = 0; nth < 3; nth++) await realm.word(token);
    await settle();
    expect(realm.calls).toEqual(['touch', 'find']);
  });

  test('accepts from memory while the store is down, for no longer than maxStaleness, and goes on when it is back', async () => {
    const { realm, pass } = await processes();
    const { token } = await remembered(realm);
    realm.around = () => {
      throw new Error('down');
    };
    pass(SECOND);
    expect(await realm.word(token)).toBe('live');
    pass(1);
    const outage = { code: 'SESSION_STORE_UNAVAILABLE' };
    await expect(realm.sessions.check(token)).rejects.toMatchObject(outage);
    await expect(realm.sessions.check(token)).rejects.toMatchObject(outage);
    realm.around = (_, ask) => ask();
    expect(await realm.word(token)).toBe('live');
    realm.calls.length = 0;
    expect(await realm.word(token)).toBe('live');
    expect(realm.calls).toEqual([]);
  });

  test('remembers maxSessions, and never more', async () => {
    const { realm } = await processes({ freshness: { maxStaleness: '1s', maxSessions: 1_000 } });
    const tokens: string[] = [];
    for (let nth = 0; nth < 1_000; nth++) tokens.push((await remembered(realm, `user ${nth}`)).token);
    for (const token of tokens) await realm.word(token);
    expect(realm.calls).toEqual([]);
    for (let nth = 0; nth < 100; nth++) tokens.push((await remembered(realm, `another ${nth}`)).token);
    for (const token of tokens) await realm.word(token);
    expect(realm.calls.length).toBeGreaterThanOrEqual(100);
  });
});

describe('what this process does itself', () => {
  const ACTS: Readonly<
    Record<string, readonly [(realm: Realm, started: Awaited<ReturnType<typeof remembered>>) => unknown, string]>
  > = {
    revoke: [({ sessions }) => sessions.revoke({ user: 'ann' }), 'revoked'],
    'revoke a member': [({ sessions }) => sessions.revoke({ user: 'ann', account: 'acme' }), 'revoked'],
    'revoke an account': [({ sessions }) => sessions.revoke({ account: 'acme' }), 'revoked'],
    'revoke the realm': [({ sessions }) => sessions.revoke({ realm: true }), 'revoked'],
    suspend: [({ sessions }) => sessions.suspend({ user: 'ann' }), 'revoked'],
    trigger: [({ sessions }) => sessions.trigger('passwordReset', { user: 'ann' }), 'revoked'],
    end: [({ sessions }, { session }) => sessions.end(session.id, { user: 'ann' }), 'ended'],
    'sign out': [({ sessions }, { session }) => sessions.signOut(session), 'ended'],
    renew: [({ sessions }, { session }) => sessions.renew(session), 'superseded'],
    'sign out others': [
      ({ sessions }, { session }) => sessions.revoke({ user: 'ann' }, { keep: session }),
      'superseded',
    ],
    forget: [({ sessions }) => sessions.forgetUser('ann'), 'unknown'],
    'sign in above the limit': [(realm) => realm.signIn('ann', { account: 'acme' }), 'ended'],
  };

  test.each(Object.entries(ACTS))('is in force at once: %s', async (name, [act, word]) => {
    const { realm, pass } = await processes({ ...FRESH, limit: { perUser: 1, overflow: 'end-oldest' } });
    const started = await remembered(realm, 'ann', 'acme');
    const bob = await remembered(realm, 'bob');
    pass(10);
    await act(realm, started);
    expect(await realm.word(started.token)).toBe(word);
    realm.calls.length = 0;
    const isRealm = name === 'revoke the realm';
    expect(await realm.word(bob.token)).toBe(isRealm ? 'revoked' : 'live');
    expect(realm.calls).toEqual(isRealm ? ['find'] : []);
  });

  test.each(['rejected', 'timed out', 'thrown'])(
    'may be in force where its write was %s, so the session is read again',
    async (how) => {
      const { realm } = await processes({ ...FRESH, timeout: 50 });
      vi.restoreAllMocks();
      const { token } = await remembered(realm);
      realm.around = (call, ask) => {
        if (call !== 'advance') return ask();
        const done = ask();
        if (how === 'thrown') throw new Error('after the write');
        return how === 'rejected'
          ? Promise.reject(new Error('lost answer'))
          : Promise.resolve(done).then(() => new Promise(() => {}));
      };
      await expect(realm.sessions.revoke({ user: 'ann' })).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
      expect(await realm.word(token)).toBe('revoked');
    },
  );

  test('is not undone by a read that was sent before', async () => {
    const { realm } = await processes();
    const { token } = await realm.signIn();
    let answer = (): void => {};
    realm.around = async (call, ask) => {
      const found = await ask();
      if (call === 'find' && answer.name !== 'answered') await new Promise<void>((resolve) => (answer = resolve));
      return found;
    };
    const slow = realm.word(token);
    await settle();
    realm.around = (_, ask) => ask();
    await realm.sessions.revoke({ user: 'ann' });
    answer();
    expect(await slow).toBe('live');
    expect(await realm.word(token)).toBe('revoked');
  });

  test('counts for every realm and every object on the same store', async () => {
    const { realm } = await processes();
    const { token } = await remembered(realm);
    const twin = createSessions({ store: realm.handle, clock: { now: () => realm.now } });
    await twin.revoke({ user: 'ann' });
    expect(await realm.word(token)).toBe('revoked');
  });
});

describe('a refusal by the store', () => {
  test.each([
    [{ user: 'ann' }, ['ann']],
    [{ account: 'acme' }, ['ann', 'bob']],
    [{ realm: true }, ['ann', 'bob', 'eve']],
  ] as const)('of %o is a notice for all whom it concerns', async (scope, concerned) => {
    const { realm, other, pass } = await processes();
    const tokens = new Map<string, string>();
    for (const [user, account] of [
      ['ann', 'acme'],
      ['bob', 'acme'],
      ['eve', undefined],
    ] as const) {
      tokens.set(user, (await remembered(realm, user, account)).token);
    }
    const second = (await remembered(realm, 'ann', 'acme')).token;
    await other.sessions.revoke(scope as never);
    pass(10);
    expect(await realm.sessions.check(second, { maxStaleness: 0 })).toMatchObject({ reason: 'revoked' });
    for (const [user, token] of tokens) {
      expect(await realm.word(token)).toBe((concerned as readonly string[]).includes(user) ? 'revoked' : 'live');
    }
  });
});

test('two revocations within one millisecond are two notices', async () => {
  const { realm, other } = await processes();
  const [ofUser, ofAccount] = [await remembered(realm, 'ann', 'x'), await remembered(realm, 'bob', 'acme')];
  const [user, account] = [await remembered(realm, 'ann', 'y'), await remembered(realm, 'carl', 'acme')];
  await other.sessions.revoke({ user: 'ann' });
  await other.sessions.revoke({ account: 'acme' });
  for (const { token } of [ofUser, ofAccount]) {
    expect((await realm.sessions.check(token, { maxStaleness: 0 })).ok).toBe(false);
  }
  for (const { token } of [user, account]) expect(await realm.word(token)).toBe('revoked');
});

describe('a client of an ended session that comes back again and again', () => {
  const ENDS: Readonly<Record<string, (realm: Realm, id: string, token: string) => unknown>> = {
    'the realm was revoked': ({ sessions }) => sessions.revoke({ realm: true }),
    'the account was revoked': ({ sessions }) => sessions.revoke({ account: 'acme' }),
    'the user was revoked': ({ sessions }) => sessions.revoke({ user: 'ann' }),
    'the session was ended': ({ sessions }, id) => sessions.end(id, { user: 'ann' }),
    'the session was deleted': ({ sessions }) => sessions.forgetUser('ann'),
    'the secret was renewed': async ({ sessions }, _id, token) => {
      const { session } = await sessions.check(token);
      if (session !== null) await sessions.renew(session);
    },
    'it guesses': () => {},
  };

  test.each(Object.entries(ENDS))('pushes no other session out of memory: %s', async (name, end) => {
    const { realm, other } = await processes();
    const stale = await remembered(realm, 'ann', 'acme');
    await end(other, stale.session.id, stale.token);
    const token = name === 'it guesses' ? `${stale.token.slice(0, -2)}AA` : stale.token;
    const present = () => realm.sessions.check(token, { maxStaleness: 0 });
    expect((await present()).ok).toBe(false);
    const live = [
      await remembered(realm, 'ann', 'acme'),
      await remembered(realm, 'bob', 'acme'),
      await remembered(realm, 'eve'),
    ];
    for (let nth = 0; nth < 3; nth++) expect((await present()).ok).toBe(false);
    realm.calls.length = 0;
    for (const { token: another } of live) expect(await realm.word(another)).toBe('live');
    expect(realm.calls).toEqual([]);
  });
});

test('a token with tags that are not of its session pushes no session out of memory', async () => {
  const { realm } = await processes();
  const [ann, mine] = [await remembered(realm, 'ann', 'acme'), await remembered(realm, 'mallory', 'acme')];
  const [, annTag = '', acme = ''] = ann.token.split('.');
  for (const [user, account] of [
    [realmTag('default'), ''],
    [annTag, acme],
    [acme, ''],
  ]) {
    const forged = `sr1.${user}.${account}.${mine.session.id}.${'A'.repeat(43)}`;
    expect(await realm.word(forged)).toBe('unknown');
  }
  expect(await realm.word(`${ann.token.slice(0, -43)}${'A'.repeat(43)}`)).toBe('unknown');
  realm.calls.length = 0;
  expect([await realm.word(ann.token), await realm.word(mine.token)]).toEqual(['live', 'live']);
  expect(realm.calls).toEqual([]);
});

test('an older answer that comes late is not remembered after a newer one has refused', async () => {
  const { realm, other } = await processes();
  const { token, session } = await realm.signIn();
  let answer = (): void => {};
  realm.around = async (call, ask) => {
    const found = await ask();
    if (call === 'find') await new Promise<void>((resolve) => (answer = resolve));
    return found;
  };
  const slow = realm.word(token);
  await settle();
  realm.around = (_, ask) => ask();
  await other.sessions.end(session.id, { user: 'ann' });
  expect(await realm.word(token)).toBe('ended');
  answer();
  expect(await slow).toBe('live');
  expect(await realm.word(token)).toBe('ended');
});

test('a strict realm on the same store changes nothing in how many sessions another one remembers', async () => {
  const { realm } = await processes({ freshness: { maxStaleness: '1s', maxSessions: 1_000 } });
  createSessions({ store: realm.handle, realm: 'another' });
  const tokens: string[] = [];
  for (let nth = 0; nth < 1_100; nth++) tokens.push((await remembered(realm, `user ${nth}`)).token);
  for (const token of tokens) await realm.word(token);
  expect(realm.calls.length).toBeGreaterThanOrEqual(100);
});

describe('the bound that the realm states', () => {
  test('is written before anything is remembered, once, by the first check or by setup', async () => {
    const realm = new Realm(FRESH);
    const { token } = await realm.signIn();
    realm.calls.length = 0;
    const first = realm.word(token);
    expect(await first).toBe('live');
    await settle();
    expect(realm.calls).toEqual(['readEpochs', 'find', 'advance']);
    // The first check sent its read before the bound was acknowledged, so its answer was not remembered.
    await realm.word(token);
    await realm.word(token);
    expect(realm.calls).toEqual(['readEpochs', 'find', 'advance', 'find']);
    await realm.sessions.setup();
    expect(realm.calls.filter((call) => call === 'advance')).toHaveLength(1);
  });

  test('creates no record of the realm with a check, because guards refuse all without one', async () => {
    const realm = new Realm(FRESH);
    expect(await realm.word(`sr1.${'A'.repeat(22)}..${'A'.repeat(22)}.${'A'.repeat(43)}`)).toBe('unknown');
    await settle();
    expect(realm.store.peek(realmTag('default'))).toBeNull();
    // The same holds while a check is about to write the bound.
    vi.spyOn(performance, 'now').mockReturnValue(1e9);
    void realm.word(`sr1.${'A'.repeat(22)}..${'A'.repeat(22)}.${'A'.repeat(43)}`);
    await realm.sessions.setup();
    expect(realm.store.peek(realmTag('default'))).toMatchObject({ notes: { maxStaleness: SECOND } });
  });

  test('is acknowledged before a read is sent that is remembered, even if the answer shows the bound already', async () => {
    const realm = new Realm(FRESH);
    const other = new Realm({}, realm.store);
    const { token } = await realm.signIn();
    const gates = new Map<string, () => void>();
    const opened = (name: string) => new Promise<void>((resolve) => gates.set(name, resolve));
    realm.around = async (call, ask) => {
      if (call === 'advance') await opened('the bound is written');
      const answer = await ask();
      if (call !== 'find') return answer;
      await opened('the read is answered');
      // A sharded engine may read the realm's record later than the user's record.
      const [found] = answer as readonly FoundSession[];
      return [{ ...found, epochs: { ...found!.epochs, realm: realm.store.peek(realmTag('default')) } }];
    };
    const first = realm.word(token);
    await settle();
    expect(await other.sessions.revoke({ user: 'ann' })).toMatchObject({ revoked: true, effectiveWithin: 0 });
    gates.get('the bound is written')?.();
    await settle();
    gates.get('the read is answered')?.();
    expect(await first).toBe('live');
    realm.around = (_, ask) => ask();
    expect(await realm.word(token)).toBe('revoked');
  });

  test('is the highest of all processes, and no process lowers it', async () => {
    const realm = new Realm({ freshness: { maxStaleness: '3s' } });
    await realm.sessions.setup();
    const [lower, strict] = [new Realm(FRESH, realm.store), new Realm({}, realm.store)];
    await lower.sessions.setup();
    const results = [realm, lower, strict].map(
      async ({ sessions }) => (await sessions.revoke({ user: 'ann' })).effectiveWithin,
    );
    expect(await Promise.all(results)).toEqual([3_000, 3_000, 3_000]);
  });

  test('makes a process strict that could not write it, which tries again and tells the failure', async () => {
    const steady = steadyClock();
    const realm = new Realm(FRESH);
    const { token } = await realm.signIn();
    const failures = realm.hear('background.failed');
    realm.around = (call, ask) => {
      if (call === 'advance') throw new Error('down');
      return ask();
    };
    for (let nth = 0; nth < 3; nth++) {
      realm.calls.length = 0;
      expect(await realm.word(token)).toBe('live');
      await settle();
      expect(realm.calls).toContain('find');
    }
    expect(failures).toMatchObject([{ operation: 'freshness' }]);
    realm.around = (_, ask) => ask();
    steady.ms += SECOND;
    await realm.word(token);
    await settle();
    await realm.word(token);
    realm.calls.length = 0;
    await realm.word(token);
    expect(realm.calls).toEqual([]);
  });

  test('counts as the smaller one where the record states less than this process allows', async () => {
    const { realm, other, pass } = await processes();
    await lower(realm, 300);
    pass(SECOND);
    const { token } = await remembered(realm);
    expect((await other.sessions.revoke({ user: 'ann' })).effectiveWithin).toBe(300);
    pass(301);
    expect(await realm.word(token)).toBe('revoked');
  });

  test('is stated again where the realm was lost with it', async () => {
    const { realm, other } = await processes();
    await remembered(realm);
    realm.store.lose(realmTag('default'));
    const { token } = await realm.signIn();
    await realm.word(token);
    await settle();
    await realm.word(token);
    await settle();
    await realm.word(token);
    realm.calls.length = 0;
    await realm.word(token);
    expect(realm.calls).toEqual([]);
    expect((await other.sessions.revoke({ user: 'ann' })).effectiveWithin).toBe(SECOND);
  });

  test('is read after the commit: a process that states it meanwhile is counted', async () => {
    const late = new Realm(FRESH);
    const other = new Realm({}, late.store);
    other.around = async (call, ask) => {
      const done = await ask();
      if (call === 'advance') await late.sessions.setup();
      return done;
    };
    expect((await other.sessions.revoke({ user: 'ann' })).effectiveWithin).toBe(SECOND);
  });

  test('is told as the longest that is allowed where the store does not answer: the revocation holds all the same', async () => {
    const realm = new Realm();
    const { token } = await realm.signIn();
    let isDone = false;
    realm.around = (call, ask) => {
      if (isDone) throw new Error('down');
      isDone = call === 'advance';
      return ask();
    };
    const result = await realm.sessions.revoke({ user: 'ann' });
    expect(result).toMatchObject({ revoked: true, effectiveWithin: 300_000 });
    realm.around = (_, ask) => ask();
    expect(await realm.word(token)).toBe('revoked');
  });

  test('is on the result of every operation that ends sessions', async () => {
    const {
      realm: { sessions },
      realm,
    } = await processes();
    const within = { effectiveWithin: SECOND };
    const next = async () => (await realm.signIn('ann', { account: 'acme' })).session;
    expect(await sessions.end((await next()).id, { user: 'ann' })).toMatchObject({ ended: true, ...within });
    expect(await sessions.signOut(await next())).toMatchObject({ ended: true, ...within });
    expect(await sessions.revoke({ user: 'ann' }, { keep: await next() })).toMatchObject({ revoked: true, ...within });
    const gone = await next();
    expect(await sessions.revoke({ user: 'ann' })).toMatchObject(within);
    // `effectiveWithin` is not 0, because another process may have ended the session a moment ago.
    expect(await sessions.revoke({ user: 'ann' }, { keep: gone })).toMatchObject({ reason: 'not-live', ...within });
    expect(await sessions.end(gone.id, { user: 'ann' })).toMatchObject({ ended: false, ...within });
    expect(await sessions.trigger('memberRemoved', { user: 'ann', account: 'acme' })).toMatchObject(within);
    expect(await sessions.suspend({ account: 'acme' })).toMatchObject(within);
    expect(await sessions.forgetUser('ann')).toMatchObject(within);
    expect(await sessions.endIdle({ account: 'acme', unusedFor: '1h' })).toMatchObject(within);
    const nothing = { effectiveWithin: 0 };
    expect(await sessions.endIdle({ account: 'acme', unusedFor: '1h' }, { dryRun: true })).toMatchObject(nothing);
    expect(await sessions.forgetUser('ann', { dryRun: true })).toMatchObject(nothing);
    expect(await sessions.revoke({ user: 'ann' }, { dryRun: true })).toMatchObject(nothing);
    expect(await sessions.resume({ user: 'bob' })).toMatchObject({ reason: 'not-suspended', ...nothing });
  });
});

/** Lowers the bound in the realm's record. */
async function lower(realm: Realm, maxStaleness: number): Promise<void> {
  const [found] = await realm.store.readEpochs([realmTag('default')]);
  if (!found) throw new Error('there is no record');
  const record = { ...found.record, notes: { ...found.record.notes, maxStaleness } };
  const write = { record, ifVersion: found.version, now: NOW, keepUntil: null, audit: [] };
  expect(await realm.store.advance(realmTag('default'), write)).toBe('advanced');
}
