import { describe, expect, test } from 'vitest';
import { CHROME_ON_MAC, HOUR, MINUTE, Realm } from '../support/realm.ts';

const MAC = { userAgent: CHROME_ON_MAC, ip: '192.0.2.7' };

describe('check(token, client)', () => {
  test.each([{}, MAC, { userAgent: null, ip: null }, { hints: { brands: '"Chromium";v="140"' } }, undefined])(
    'SES-3: says the same whatever the client claims: %o',
    async (client) => {
      const realm = new Realm();
      const { token, session } = await realm.signIn();
      const verdict = await realm.sessions.check(token, client);
      expect(verdict.session?.id).toBe(session.id);
      await realm.sessions.revoke({ user: 'ann' });
      expect(await realm.sessions.check(token, client)).toEqual(await realm.sessions.check(token));
    },
  );

  test('asks the store once, and notes a use as it does without a client', async () => {
    const realm = new Realm();
    const { token } = await realm.signIn();
    realm.now += MINUTE;
    realm.calls.length = 0;
    await realm.sessions.check(token, MAC);
    expect(realm.calls).toEqual(['find']);
    await realm.sessions.close();
    expect(realm.calls).toEqual(['find', 'touch']);
  });

  test('SES-8: whose note waits behind a slow write notes nothing of a session that has expired meanwhile', async () => {
    const realm = new Realm({ lifetime: { absolute: null, idle: HOUR } });
    const other = new Realm({ lifetime: { absolute: null, idle: HOUR } }, realm.store);
    const [slow, late] = [await realm.signIn('bob'), await realm.signIn('ann')];
    const release: (() => void)[] = [];
    realm.around = async (call, ask) => {
      if (call === 'touch' && release.length === 0) await new Promise<void>((resolve) => release.push(resolve));
      return ask();
    };
    realm.now += HOUR - 1;
    expect(await realm.word(slow.token)).toBe('live');
    await new Promise((resolve) => setImmediate(resolve));
    expect(release).toHaveLength(1);
    expect(await realm.word(late.token)).toBe('live');

    realm.now = other.now = realm.now + 1;
    expect([await other.word(slow.token), await other.word(late.token)]).toEqual(['expired', 'expired']);
    for (const go of release) go();
    await realm.sessions.close();
    expect([await other.word(slow.token), await other.word(late.token)]).toEqual(['expired', 'expired']);
  });

  test.each(['no token', null, undefined])(
    'OPS-6: of %o is refused with the device that it came from',
    async (token) => {
      const realm = new Realm();
      const heard = realm.hear('session.refused');
      expect(await realm.sessions.check(token, MAC)).toEqual({
        ...{ ok: false, session: null, reason: 'malformed', end: null },
      });
      expect(heard).toMatchObject([
        {
          ...{ during: 'check', reason: 'malformed', user: null, account: null, session: null },
          device: { label: 'Chrome on Mac OS', ip: '192.0.2.7' },
        },
      ]);
    },
  );

  test.each([
    ['another dot', (token: string) => token.replace('..', '._')],
    ['another alphabet', (token: string) => `${token.slice(0, -1)}\u00e9`],
  ])('of a remembered session with %s is malformed', async (_, spoil) => {
    const realm = new Realm();
    const { token } = await realm.signIn('ann');
    for (let times = 0; times < 2; times++) expect(await realm.word(token)).toBe('live');
    expect(await realm.sessions.check(spoil(token))).toMatchObject({ reason: 'malformed' });
  });

  test('of a session that is over tells whose it was, and what ended it', async () => {
    const realm = new Realm();
    const { token, session } = await realm.signIn('ann', { account: 'acme' });
    await realm.sessions.revoke({ account: 'acme' }, { by: 'admin', reason: 'x', fromDevice: 'Safari on iOS' });
    const heard = realm.hear('session.refused');
    await realm.sessions.check(token);
    const revocation = { scope: 'account', at: realm.now, by: 'admin', reason: 'x', fromDevice: 'Safari on iOS' };
    expect(heard).toMatchObject([
      { reason: 'revoked', user: 'ann', account: 'acme', session: session.id, revocation, device: null },
    ]);
  });

  test('OPS-6: of a guess at a secret that was never renewed says what it says of a session that there is not', async () => {
    const realm = new Realm();
    const { token, session } = await realm.signIn();
    const guess = token.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
    const heard = realm.hear('session.refused', 'session.suspicious');
    expect(await realm.sessions.check(guess)).toMatchObject({ reason: 'unknown' });
    expect(heard).toMatchObject([{ type: 'session.refused', reason: 'unknown', user: null, account: null }]);
    const renewed = await realm.sessions.renew(session);
    expect([await realm.word(guess), await realm.word(token)]).toEqual(['superseded', 'superseded']);
    expect(await realm.word(renewed.ok ? renewed.token : '')).toBe('live');
  });

  test.each([null, 'Chrome', [], 7, { useragent: 'x' }, { ...MAC, token: 'x' }])(
    'with a client of %o is misuse, and rejects',
    async (client) => {
      const realm = new Realm();
      const { token } = await realm.signIn();
      realm.calls.length = 0;
      await expect(realm.sessions.check(token, client as never)).rejects.toThrow(
        /^sessions\.check\(token\): the second argument (must be an object|has an unknown option)/,
      );
      expect(realm.calls).toEqual([]);
    },
  );

  test.each([7, {}, [], ['192.0.2.7'], Symbol('x')])('never throws for what a client sent: %o', async (value) => {
    const realm = new Realm();
    realm.hear('session.suspicious');
    const { token } = await realm.signIn();
    const client = { userAgent: value, ip: value, hints: value } as never;
    expect(await realm.sessions.check(token, client)).toMatchObject({ ok: true });
    expect(await realm.sessions.check('no token', client)).toMatchObject({ reason: 'malformed' });
  });
});
