import type { Scope } from 'session-revocation';
import type { AdoptRequest } from 'session-revocation/adapter';
import { adapterHandle } from 'session-revocation/adapter';
import { describe, expect, test } from 'vitest';
import { CHROME_ON_MAC, DAY, MINUTE, NOW, Realm } from '../support/realm.ts';

const MONTH = { retention: '31d' } as const;
const UNTIL = new Date(NOW + 30 * DAY);
const SID = 'what-the-host-calls-it';
const ANN: AdoptRequest = { user: 'ann', credential: SID, userAgent: CHROME_ON_MAC, ip: '192.0.2.7' };
const ANN_AT_ACME: AdoptRequest = { ...ANN, account: 'acme' };

const adopter = ({ sessions }: Realm) => {
  const adoption = adapterHandle(sessions).adoption({ until: UNTIL });
  return (request: AdoptRequest): Promise<string> => adoption.begin(request);
};

/** Opens a realm, and a function that adopts sessions of another session layer. */
function adopting(options: ConstructorParameters<typeof Realm>[0] = {}) {
  const realm = new Realm({ ...MONTH, ...options });
  return { realm, adopt: adopter(realm) };
}

const rowsOf = async ({ sessions }: Realm, user = 'ann') =>
  (await sessions.list({ user }, { ended: true })).sessions.map(({ id, end }) => [id, end?.reason ?? 'live']);

describe('a session of another layer', () => {
  test('is begun when it is first seen, and is the same one ever after', async () => {
    const { realm, adopt } = adopting();
    const token = await adopt(ANN_AT_ACME);
    const verdict = await realm.sessions.check(token);
    expect(verdict).toMatchObject({
      ok: true,
      session: {
        ...{ user: 'ann', account: 'acme', kind: 'browser', createdAt: NOW, amr: [], attributes: {} },
        device: { label: 'Chrome on Mac OS', ip: '192.0.2.7' },
      },
    });
    realm.now += MINUTE;
    expect(await adopt({ user: 'ann', account: 'acme', credential: SID })).toBe(token);
    expect(await rowsOf(realm)).toEqual([[verdict.session?.id, 'live']]);
  });

  test('was signed in nobody knows when, and tells of no sign-in', async () => {
    const { realm, adopt } = adopting({ audit: true });
    const heard = realm.hearAll();
    const { session } = await realm.sessions.check(await adopt(ANN));
    expect(session?.authenticatedAt).toBe(0);
    expect(heard).toMatchObject([{ type: 'session.adopted', session: { id: session?.id } }]);
    const { entries } = await realm.sessions.audit();
    expect(entries).toMatchObject([{ type: 'session.adopted', user: 'ann', session: session?.id }]);
  });

  test('costs nobody a session, whatever the limits', async () => {
    const { realm, adopt } = adopting({ limit: { perUser: 1, overflow: 'end-oldest' }, replace: 'same-browser' });
    const there = await realm.signIn('ann', { userAgent: CHROME_ON_MAC });
    for (const credential of ['one', 'two']) expect(await realm.word(await adopt({ ...ANN, credential }))).toBe('live');
    expect(await realm.word(there.token)).toBe('live');
  });

  test('is another one for another user, realm or credential', async () => {
    const { realm, adopt } = adopting();
    const desk = new Realm(MONTH, realm.store);
    const other = new Realm({ ...MONTH, realm: 'desk' }, realm.store);
    const tokens = await Promise.all([
      adopt(ANN),
      adopter(desk)(ANN),
      adopt({ ...ANN, user: 'bob' }),
      adopt({ ...ANN, credential: 'another' }),
      adopter(other)(ANN),
    ]);
    expect(new Set(tokens).size).toBe(4);
    expect(await rowsOf(realm)).toHaveLength(2);
    expect(await realm.word(tokens[4] ?? null)).toBe('unknown');
  });

  test('is no second one in another account', async () => {
    const { realm, adopt } = adopting();
    const token = await adopt(ANN_AT_ACME);
    const { session } = await realm.sessions.check(token);
    expect(await realm.word(await adopt({ ...ANN, account: 'beta' }))).not.toBe('live');
    if (session === null) throw new Error('it is not live');
    const fence = await realm.sessions.fence({ user: 'ann', account: 'beta' });
    const switched = await realm.sessions.renew(session, { account: 'beta', fence });
    expect(switched.ok).toBe(true);
    for (const account of ['acme', 'beta']) expect(await realm.word(await adopt({ ...ANN, account }))).not.toBe('live');
    expect(await rowsOf(realm)).toHaveLength(1);
  });

  test('is begun once, whoever sees it at the same time', async () => {
    const { realm, adopt } = adopting();
    const other = new Realm(MONTH, realm.store);
    const heard = [realm, other].map((one) => one.hear('session.adopted'));
    const asks = Array.from({ length: 20 }, (_, at) => (at % 2 ? adopt(ANN) : adopter(other)(ANN)));
    const tokens = new Set(await Promise.all(asks));
    expect(tokens.size).toBe(1);
    expect(await rowsOf(realm)).toMatchObject([[expect.any(String), 'live']]);
    expect(heard.flat()).toHaveLength(1);
  });

  test('does not come back under its old secret once it is renewed', async () => {
    const { realm, adopt } = adopting();
    const token = await adopt(ANN);
    const { session } = await realm.sessions.check(token);
    if (session === null) throw new Error('it is not live');
    const renewed = await realm.sessions.renew(session);
    expect(await realm.word(await adopt(ANN))).toBe('superseded');
    expect(renewed.ok && (await realm.word(renewed.token))).toBe('live');
  });
});

describe('what is over is not adopted anew', () => {
  test.each([
    ['ended', (realm: Realm, id: string) => realm.sessions.end(id, { user: 'ann' })],
    ['revoked', (realm: Realm) => realm.sessions.revoke({ user: 'ann' })],
    [
      'expired',
      async (realm: Realm) => {
        realm.now += 15 * DAY;
      },
    ],
    ['of somebody who was forgotten', (realm: Realm) => realm.sessions.forgetUser('ann')],
  ] as const)('%s, as long as adoption lasts, and whatever is pruned', async (_, finish) => {
    const { realm, adopt } = adopting();
    const { session } = await realm.sessions.check(await adopt(ANN));
    await finish(realm, session?.id ?? '');
    for (realm.now += MINUTE; realm.now < UNTIL.getTime(); realm.now += DAY) {
      await realm.sessions.prune();
      expect(await realm.word(await adopt(ANN))).not.toBe('live');
    }
    expect(realm.now).toBeGreaterThan(NOW + 29 * DAY);
  });

  test('nor what a process of another retention has pruned', async () => {
    const { realm, adopt } = adopting();
    const { session } = await realm.sessions.check(await adopt(ANN));
    await realm.sessions.end(session?.id ?? '', { user: 'ann' });
    const other = new Realm({ retention: '1h' }, realm.store);
    for (realm.now += MINUTE; realm.now < UNTIL.getTime(); realm.now += DAY) {
      other.now = realm.now;
      await other.sessions.prune();
      expect(await realm.word(await adopt(ANN))).not.toBe('live');
    }
    expect(await rowsOf(realm)).toEqual([]);
  });

  test('nor what was forgone', async () => {
    const { realm, adopt } = adopting();
    await adapterHandle(realm.sessions).adoption({ until: UNTIL }).forgo(ANN);
    realm.now += MINUTE;
    expect(await realm.word(await adopt(ANN))).toBe('unknown');
    expect(await realm.word(await adopt({ ...ANN, credential: 'another' }))).toBe('live');
  });

  test('nor what is forgone while somebody is about to begin it', async () => {
    const { realm, adopt } = adopting();
    const other = new Realm(MONTH, realm.store);
    realm.around = async (verb, ask) => {
      if (verb === 'add') await adapterHandle(other.sessions).adoption({ until: UNTIL }).forgo(ANN);
      return ask();
    };
    expect(await realm.word(await adopt(ANN))).toBe('unknown');
    expect(await rowsOf(realm)).toEqual([]);
    expect(await realm.word(await adopt(ANN))).toBe('unknown');
  });

  test('nor what was never seen before a revocation, by whichever process', async () => {
    const { realm, adopt } = adopting();
    // The second process adopts no sessions, like the command line tool.
    const other = new Realm({}, realm.store);
    await other.sessions.revoke({ user: 'ann' });
    for (realm.now += MINUTE; realm.now < UNTIL.getTime(); realm.now += DAY) {
      other.now = realm.now;
      await other.sessions.prune();
      expect(await realm.word(await adopt(ANN))).toBe('unknown');
    }
    expect(await rowsOf(realm)).toEqual([]);
  });

  test.each<[string, Scope]>([
    ['the realm', { realm: true }],
    ['the user', { user: 'ann' }],
    ['the account', { account: 'acme' }],
    ['the member', { user: 'ann', account: 'acme' }],
  ])('nor whose scope was suspended and resumed: %s', async (_, scope) => {
    const { realm, adopt } = adopting();
    await realm.sessions.suspend(scope);
    expect(await realm.word(await adopt(ANN_AT_ACME))).toBe('unknown');
    await realm.sessions.resume(scope);
    expect(await realm.word(await adopt(ANN_AT_ACME))).toBe('unknown');
    // A suspension does not affect users outside its scope.
    const other = await adopt({ ...ANN, user: 'bob', account: 'beta' });
    expect(await realm.word(other)).toBe('realm' in scope ? 'unknown' : 'live');
  });

  test.each<[string, Scope]>([
    ['the realm', { realm: true }],
    ['the user', { user: 'ann' }],
    ['the account', { account: 'acme' }],
    ['the member', { user: 'ann', account: 'acme' }],
  ])('nor what a revocation of %s came before, while it was adopted', async (_, scope) => {
    for (const verb of ['find', 'ensureEpochs', 'add']) {
      for (const when of ['before', 'after']) {
        const { realm, adopt } = adopting();
        const other = new Realm(MONTH, realm.store);
        let calls = 0;
        realm.around = async (call, ask) => {
          if (call !== verb || calls++ > 0) return ask();
          if (when === 'before') await other.sessions.revoke(scope);
          const answer = await ask();
          if (when === 'after') await other.sessions.revoke(scope);
          return answer;
        };
        const token = await adopt(ANN_AT_ACME);
        expect(await realm.word(token), `${when} ${verb}`).not.toBe('live');
      }
    }
  });
});

describe('the end of adoption', () => {
  test('begins nothing more, and leaves what is begun', async () => {
    const { realm, adopt } = adopting({ lifetime: { absolute: null, idle: null } });
    const token = await adopt(ANN);
    realm.now = UNTIL.getTime();
    expect(await realm.word(await adopt(ANN))).toBe('live');
    expect(await adopt(ANN)).toBe(token);
    expect(await realm.word(await adopt({ ...ANN, credential: 'another' }))).toBe('unknown');
    expect(await rowsOf(realm)).toHaveLength(1);
  });

  test.each([new Date(Number.NaN), '2027-01-01', undefined])('is a day: %s', (until) => {
    const { sessions } = new Realm();
    expect(() => adapterHandle(sessions).adoption({ until: until as Date })).toThrow(
      /^adapterHandle\(sessions\)\.adoption\(\{ until \}\): until must be a Date/,
    );
  });

  test('is 30 days after the first sign-in of the realm, whatever it says', async () => {
    const realm = new Realm(MONTH);
    const adoption = adapterHandle(realm.sessions).adoption({ until: new Date(NOW + 400 * DAY) });
    await realm.sessions.revoke({ user: 'ann' });
    const bob = { user: 'bob', credential: SID };
    const ended = (await realm.sessions.check(await adoption.begin(bob))).session;
    await realm.sessions.end(ended?.id ?? '', { user: 'bob' });
    for (realm.now += MINUTE; realm.now < NOW + 90 * DAY; realm.now += DAY) {
      await realm.sessions.prune();
      // A process that starts only now gives the same answers.
      const later = adapterHandle(realm.sessions).adoption({ until: new Date(realm.now + 20 * DAY) });
      for (const each of [adoption, later]) {
        expect(await realm.word(await each.begin(ANN))).not.toBe('live');
        expect(await realm.word(await each.begin(bob))).not.toBe('live');
      }
    }
    expect(await realm.word(await adoption.begin({ user: 'cid', credential: SID }))).toBe('unknown');
  });

  test('may be long past', () => {
    expect(() => adapterHandle(new Realm().sessions).adoption({ until: new Date(0) })).not.toThrow();
  });
});

test.each([
  [{ user: 'ann' }, /^credential must be a non-empty string/],
  [{ ...ANN, credential: '' }, /^credential must be/],
  [{ ...ANN, user: '' }, /^user must not be empty/],
  [{ ...ANN, kind: 'api' }, /kind/],
])('what cannot be adopted is misuse: %j', async (request, message) => {
  const { adopt } = adopting();
  await expect(adopt(request as AdoptRequest)).rejects.toThrow(message);
});
