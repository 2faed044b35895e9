import type { SessionsOptions } from 'session-revocation';
import { describe, expect, test } from 'vitest';
import { CHROME_ON_MAC, DAY, HOUR, Realm } from '../support/realm.ts';

const AT_ACME = { user: 'ann', account: 'acme' };
const EVERYWHERE: Pick<SessionsOptions, 'policy'> = { policy: () => ({ signOut: 'everywhere' }) };
const words = (realm: Realm, ...started: { readonly token: string }[]): Promise<string[]> =>
  Promise.all(started.map(({ token }) => realm.word(token)));

describe('end', () => {
  test('ends one session of a user, and tells whose, where, by whom and why', async () => {
    const realm = new Realm();
    const heard = realm.hear('session.ended');
    const [mine, other] = [await realm.signIn('ann', { ...AT_ACME, userAgent: CHROME_ON_MAC }), await realm.signIn()];
    const attribution = { by: 'admin', reason: 'stolen', note: 'ticket 7', fromDevice: 'Safari on iOS' };
    expect(await realm.sessions.end(mine.session.id, { user: 'ann', ...attribution })).toEqual({
      ...{ ended: true, effectiveWithin: 0 },
    });
    expect(await words(realm, mine, other)).toEqual(['ended', 'live']);
    expect(heard).toMatchObject([
      { session: mine.session.id, ...AT_ACME, device: { label: 'Chrome on Mac OS' }, ...attribution },
    ]);
    const { note: _, ...told } = attribution;
    expect(await realm.sessions.check(mine.token)).toMatchObject({ end: { ended: { at: realm.now, ...told } } });
  });

  test('of a session that has ended asks the store once more, since its replicas may not know of it yet', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    await realm.sessions.end(session.id, { user: 'ann' });
    const heard = realm.hearAll();
    realm.calls.length = 0;
    expect(await realm.sessions.end(session.id, { user: 'ann' })).toMatchObject({ ended: false });
    expect(await realm.sessions.end(session.id, { user: 'ann', dryRun: true })).toMatchObject({ ended: false });
    expect(realm.calls).toEqual(['find', 'end', 'readEpochs', 'find']);
    expect(heard).toEqual([]);
  });

  test.each<[string, (realm: Realm, id: string) => readonly [id: string, user: string]]>([
    ['an id of nobody', () => ['x'.repeat(22), 'ann']],
    ['an id that is none', () => ['x', 'ann']],
    ['another’s session', (_, id) => [id, 'bob']],
  ])('of %s is told as nothing, and does nothing', async (_, of) => {
    const realm = new Realm();
    const heard = realm.hearAll();
    const { session, token } = await realm.signIn();
    heard.length = 0;
    const [id, user] = of(realm, session.id);
    expect(await realm.sessions.end(id, { user })).toEqual({ ended: false, effectiveWithin: 0 });
    expect([heard, await realm.word(token)]).toEqual([[], 'live']);
  });

  test('ends what expired within the hour that clocks may be apart, and nothing older', async () => {
    const realm = new Realm({ lifetime: { absolute: '1d', idle: null } });
    const [lately, before] = [await realm.signIn(), await realm.signIn()];
    realm.now += DAY + HOUR - 1;
    expect(await realm.sessions.end(lately.session.id, { user: 'ann' })).toMatchObject({ ended: true });
    realm.now += 1;
    expect(await realm.sessions.end(before.session.id, { user: 'ann' })).toMatchObject({ ended: false });
  });

  test('does not end what was revoked before it expired', async () => {
    const realm = new Realm({ lifetime: { absolute: '1d', idle: null } });
    const { session } = await realm.signIn();
    await realm.sessions.revoke({ user: 'ann' });
    realm.now += DAY;
    const heard = realm.hear('session.ended');
    expect(await realm.sessions.end(session.id, { user: 'ann', dryRun: true })).toMatchObject({ ended: false });
    expect(await realm.sessions.end(session.id, { user: 'ann' })).toMatchObject({ ended: false });
    expect([heard, realm.store.row(session.id)?.ended]).toEqual([[], null]);
  });
});

describe('C1: a plain sign-out, where the account says session', () => {
  test.each([null, () => ({ signOut: 'session' }) as const])('ends that session alone: policy %o', async (policy) => {
    const realm = new Realm({ policy });
    const heard = realm.hearAll();
    const [mine, other] = [
      await realm.signIn('ann', { ...AT_ACME, userAgent: CHROME_ON_MAC }),
      await realm.signIn('ann', AT_ACME),
    ];
    heard.length = 0;
    expect(await realm.sessions.signOut(mine.session)).toEqual({ ended: true, effectiveWithin: 0, everywhere: false });
    expect(await words(realm, mine, other)).toEqual(['ended', 'live']);
    expect(heard.filter(({ type }) => type !== 'session.refused')).toMatchObject([
      { type: 'session.ended', by: 'ann', reason: 'signed-out', note: null, fromDevice: 'Chrome on Mac OS' },
    ]);
  });

  test('says what is told to say', async () => {
    const realm = new Realm();
    const heard = realm.hear('session.ended');
    const { session } = await realm.signIn();
    const attribution = { by: 'cron', reason: 'closing time', note: 'ticket 7', fromDevice: 'the office' };
    await realm.sessions.signOut(session, attribution);
    expect(heard).toMatchObject([attribution]);
  });

  test('does nothing where the session is over, and says so', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    await realm.sessions.signOut(session);
    const heard = realm.hearAll();
    const before = realm.store.dump();
    expect(await realm.sessions.signOut(session)).toEqual({ ended: false, effectiveWithin: 0, everywhere: false });
    expect([heard, realm.store.dump()]).toEqual([[], before]);
  });
});

describe('C2: a plain sign-out, where the account says everywhere', () => {
  test('ends all sessions of the user in that account, of every kind, and nothing else, in one write', async () => {
    const realm = new Realm({ ...EVERYWHERE, kinds: { api: { survives: ['user', 'member'] } } });
    const [mine, other, api, elsewhere, alone, bob] = [
      await realm.signIn('ann', { ...AT_ACME, userAgent: CHROME_ON_MAC }),
      await realm.signIn('ann', AT_ACME),
      await realm.signIn('ann', { ...AT_ACME, kind: 'api' }),
      await realm.signIn('ann', { account: 'beta' }),
      await realm.signIn('ann'),
      await realm.signIn('bob', { account: 'acme' }),
    ];
    const heard = realm.hear('sessions.revoked', 'session.ended');
    realm.calls.length = 0;
    expect(await realm.sessions.signOut(mine.session)).toEqual({ ended: true, effectiveWithin: 0, everywhere: true });
    expect(realm.calls).toEqual(['find', 'readEpochs', 'advance', 'readEpochs']);
    expect(await words(realm, mine, other, api)).toEqual(['revoked', 'revoked', 'revoked']);
    expect(await words(realm, elsewhere, alone, bob)).toEqual(['live', 'live', 'live']);
    expect(heard).toMatchObject([
      {
        ...{ type: 'sessions.revoked', scope: 'member', ...AT_ACME, kinds: 'all', kept: null },
        ...{ by: 'ann', reason: 'signed-out', fromDevice: 'Chrome on Mac OS' },
      },
    ]);
  });

  test('of a session without an account ends all of the user’s, in every account', async () => {
    const asked: unknown[] = [];
    const policy = (account: string | null) => {
      asked.push(account);
      return { signOut: 'everywhere' } as const;
    };
    const realm = new Realm({ policy });
    const [alone, there] = [await realm.signIn(), await realm.signIn('ann', AT_ACME)];
    expect(await realm.sessions.signOut(alone.session)).toMatchObject({ everywhere: true });
    expect(await words(realm, alone, there)).toEqual(['revoked', 'revoked']);
    expect(asked).toEqual([null]);
  });

  test.each<[string, (realm: Realm, session: Parameters<Realm['sessions']['renew']>[0]) => Promise<unknown>]>([
    ['ended', (realm, session) => realm.sessions.end(session.id, { user: 'ann' })],
    [
      'revoked',
      (realm, session) => realm.sessions.revoke({ user: session.user, account: 'acme' }, { kinds: ['browser'] }),
    ],
  ])('by a session that was %s does nothing: whoever is over must not sign others out', async (_, before) => {
    const realm = new Realm(EVERYWHERE);
    const [mine, other] = [await realm.signIn('ann', AT_ACME), await realm.signIn('ann', { ...AT_ACME, kind: 'api' })];
    await before(realm, mine.session);
    const heard = realm.hearAll();
    expect(await realm.sessions.signOut(mine.session)).toEqual({ ended: false, effectiveWithin: 0, everywhere: false });
    expect([heard, await realm.word(other.token)]).toEqual([[], 'live']);
  });

  test('ends all also where the session was renewed meanwhile: that was another request of the same device', async () => {
    const realm = new Realm(EVERYWHERE);
    const [mine, other] = [await realm.signIn('ann', AT_ACME), await realm.signIn('ann', AT_ACME)];
    const renewed = await realm.sessions.renew(mine.session);
    expect(await realm.sessions.signOut(mine.session)).toMatchObject({ ended: true, everywhere: true });
    expect(await words(realm, other)).toEqual(['revoked']);
    expect(await realm.word(renewed.ok ? renewed.token : '')).toBe('revoked');
  });

  test('ends all also where the session is renewed in between', async () => {
    const realm = new Realm(EVERYWHERE);
    const [mine, other] = [await realm.signIn('ann', AT_ACME), await realm.signIn('ann', AT_ACME)];
    let renewed = false;
    realm.around = (call, ask) => {
      if (call !== 'advance' || renewed) return ask();
      renewed = true;
      return realm.sessions.renew(mine.session).then(ask);
    };
    expect(await realm.sessions.signOut(mine.session)).toMatchObject({ ended: true, everywhere: true });
    expect(await words(realm, other)).toEqual(['revoked']);
  });

  test('C3: holds from the next sign-out after it is set, and not for those before', async () => {
    const realm = new Realm({ policy: 'stored' });
    const [first, second, third] = [
      await realm.signIn('ann', AT_ACME),
      await realm.signIn('ann', AT_ACME),
      await realm.signIn('ann', AT_ACME),
    ];
    await realm.sessions.signOut(first.session);
    await realm.sessions.setPolicy('acme', { signOut: 'everywhere' });
    expect(await words(realm, second, third)).toEqual(['live', 'live']);
    await realm.sessions.signOut(second.session);
    expect(await words(realm, first, second, third)).toEqual(['ended', 'revoked', 'revoked']);
    await realm.sessions.setPolicy('acme', { signOut: 'session' });
    const [again, more] = [await realm.signIn('ann', AT_ACME), await realm.signIn('ann', AT_ACME)];
    expect(await realm.sessions.signOut(again.session)).toMatchObject({ everywhere: false });
    expect(await words(realm, more)).toEqual(['live']);
  });

  test('C5: lets the user sign in again at once', async () => {
    const realm = new Realm(EVERYWHERE);
    const { session } = await realm.signIn('ann', AT_ACME);
    await realm.sessions.signOut(session);
    expect(await words(realm, await realm.signIn('ann', AT_ACME))).toEqual(['live']);
  });
});

describe('misuse', () => {
  test.each([null, undefined, {}, 'x'])('signOut(%o)', async (session) => {
    const realm = new Realm();
    await expect(realm.sessions.signOut(session as never)).rejects.toThrow(
      /^sessions\.signOut\(session\): session must be the session that sessions\.check/,
    );
    expect(realm.calls).toEqual([]);
  });

  test('a row of a list, or words that nobody knows', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    const [row] = (await realm.sessions.list({ user: 'ann' })).sessions;
    await expect(realm.sessions.signOut(row as never)).rejects.toThrow(TypeError);
    await expect(realm.sessions.signOut(session, { user: 'bob' } as never)).rejects.toThrow(
      'the second argument has an unknown option "user"; known are by, reason, note, from',
    );
    await expect(realm.sessions.signOut(session, { by: '' })).rejects.toThrow('by must not be empty');
    await expect(realm.sessions.end(session.id, { by: 'ann' } as never)).rejects.toThrow(
      /^sessions\.end\(id, \{ user \}\): user must be a string/,
    );
    await expect(realm.sessions.end(7 as never, { user: 'ann' })).rejects.toThrow(
      'id must be a string such as session.id, not number',
    );
  });
});

test('OPS-1: a sign-out of which nobody can find out what it is to end ends nothing', async () => {
  const realm = new Realm({ policy: 'stored' });
  const { session, token } = await realm.signIn('ann', AT_ACME);
  realm.around = (call, ask) => (call === 'policies.get' ? Promise.reject(new Error('down')) : ask());
  await expect(realm.sessions.signOut(session)).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
  expect(await realm.word(token)).toBe('live');
});
