import { describe, expect, test } from 'vitest';
import { userTag } from '../../../src/model/token.ts';
import { DAY, HOUR, NOW, Realm } from '../support/realm.ts';

describe('a scope', () => {
  test.each<[unknown, string]>([
    ['ann', 'scope must be { user }, { user, account }, { account } or { realm: true }, not string'],
    [null, 'scope must be { user }, { user, account }, { account } or { realm: true }, not null'],
    [['ann'], 'not an array'],
    [{}, 'scope must name a user, an account, or the realm'],
    // A wrong member of the scope must not make the revocation broader.
    [
      { user: 'ann', acount: 'acme' },
      'scope has an unknown option "acount"; did you mean account? Known are user, account, realm',
    ],
    [{ user: 'ann', account: undefined }, 'the account of the scope is undefined; leave it out to cover more'],
    [{ user: 'ann', account: null }, 'the account of the scope is null; leave it out to cover more'],
    [{ user: undefined, account: 'acme' }, 'the user of the scope is undefined; leave it out to cover more'],
    [{ realm: true, user: 'ann' }, 'the scope of a realm is { realm: true } and nothing else'],
    [{ realm: true, account: 'acme' }, 'the scope of a realm is { realm: true } and nothing else'],
    [{ realm: false }, 'the scope of a realm is { realm: true } and nothing else'],
    [{ realm: 'default' }, 'the scope of a realm is { realm: true } and nothing else'],
    [{ user: '' }, 'user must not be empty'],
    [{ account: '' }, 'account must not be empty'],
  ])('is misuse where it is %o, and nothing is done', async (scope, message) => {
    const { sessions, calls } = new Realm();
    for (const verb of ['revoke', 'suspend', 'resume'] as const) {
      const answer = sessions[verb](scope as never);
      await expect(answer).rejects.toThrow(TypeError);
      await expect(answer).rejects.toThrow(message);
    }
    expect(calls).toEqual([]);
  });
});

describe('the session that a revocation keeps, or is asked for by,', () => {
  test.each(['keep', 'ifLive'] as const)('is one of the scope: %s', async (name) => {
    const realm = new Realm();
    const [there, elsewhere, nowhere] = [
      await realm.signIn('ann', { account: 'acme' }),
      await realm.signIn('ann', { account: 'beta' }),
      await realm.signIn('ann'),
    ];
    const bob = await realm.signIn('bob', { account: 'acme' });
    realm.calls.length = 0;
    for (const { session } of [elsewhere, nowhere, bob]) {
      await expect(realm.sessions.revoke({ user: 'ann', account: 'acme' }, { [name]: session })).rejects.toThrow(
        `${name} must be a session of the scope that is revoked`,
      );
    }
    await expect(realm.sessions.revoke({ user: 'ann' }, { [name]: bob.session })).rejects.toThrow(TypeError);
    expect(realm.calls).toEqual([]);
    expect(await realm.word(there.token)).toBe('live');
    const revoke = realm.sessions.revoke({ user: 'ann', account: 'acme' }, { [name]: there.session });
    expect(await revoke).toMatchObject({ revoked: true });
  });
});

describe('the kinds that a revocation covers', () => {
  test.each<[string, unknown]>([
    ['an empty list, which would end nothing', []],
    ['a name that is in no list', 'web'],
    ['null', null],
  ])('are misuse where they are %s, and nothing is done', async (_, kinds) => {
    const { sessions, calls } = new Realm();
    const revoked = sessions.revoke({ user: 'ann' }, { kinds: kinds as never });
    await expect(revoked).rejects.toThrow(TypeError);
    await expect(revoked).rejects.toThrow("kinds must be 'all' or a non-empty array of kinds");
    expect(calls).toEqual([]);
  });
});

describe('the record of a user who was revoked', () => {
  test('is kept for 30 days from its generation on, also where the clock was set back since', async () => {
    const realm = new Realm();
    const peek = () => realm.store.peek(userTag('default', 'ann'))?.last ?? null;
    realm.now = NOW + 10 * DAY;
    await realm.sessions.fence({ user: 'ann' });
    realm.now = NOW;
    await realm.sessions.revoke({ user: 'ann' });
    realm.now = NOW + 40 * DAY + HOUR;
    await realm.sessions.prune();
    expect(peek()).toMatchObject({ at: NOW });
    realm.now += 2 * HOUR;
    await realm.sessions.prune();
    expect(peek()).toBeNull();
  });
});

describe('the calls of a revocation', () => {
  test.each([{ user: 'ann' }, { user: 'ann', account: 'acme' }])(
    'are one read, one write, and one read of effectiveWithin where the records exist: %o',
    async (scope) => {
      const realm = new Realm();
      await realm.signIn('ann', { account: 'acme' });
      realm.calls.length = 0;
      await realm.sessions.revoke(scope);
      expect(realm.calls).toEqual(['readEpochs', 'advance', 'readEpochs']);
    },
  );

  test('create the records that are missing, and read the realm after them', async () => {
    const realm = new Realm();
    await realm.sessions.revoke({ user: 'ann', account: 'acme' });
    expect(realm.calls).toEqual(['readEpochs', 'ensureEpochs', 'readEpochs', 'advance', 'readEpochs']);
    realm.calls.length = 0;
    await realm.sessions.revoke({ account: 'acme' });
    expect(realm.calls).toEqual(['ensureEpochs', 'advance', 'readEpochs']);
  });
});
