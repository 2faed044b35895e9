import { describe, expect, test } from 'vitest';
import { CHROME_ON_MAC, HOUR, NOW, Realm } from '../support/realm.ts';

describe('a session that is refused another account', () => {
  test.each([
    ['suspended', (realm: Realm) => realm.sessions.suspend({ account: 'globex' })],
    ['superseded', (realm: Realm) => realm.sessions.revoke({ account: 'globex' })],
  ] as const)('which is %s is told, once, and logged', async (reason, happens) => {
    const realm = new Realm({ audit: true });
    const { session } = await realm.signIn('ann', { account: 'acme', userAgent: CHROME_ON_MAC });
    const fence = await realm.sessions.fence({ user: 'ann', account: 'globex' });
    await happens(realm);
    const heard = realm.hear('session.refused');
    expect(await realm.sessions.renew(session, { account: 'globex', fence })).toMatchObject({ ok: false, reason });
    const told = { user: 'ann', account: 'globex', session: session.id };
    expect(heard).toMatchObject([{ ...told, during: 'renew', reason, device: { label: 'Chrome on Mac OS' } }]);
    await realm.sessions.close();
    const logged = realm.store.log.entries.filter(({ type }) => type === 'session.refused');
    expect(logged).toMatchObject([{ ...told, reason, details: { during: 'renew' } }]);
  });

  test('is told for what admission says, too', async () => {
    const realm = new Realm({ limit: { perUser: 1, overflow: 'refuse' } });
    await realm.signIn('ann', { account: 'globex' });
    const { session } = await realm.signIn('ann', { account: 'acme' });
    const heard = realm.hear('session.refused');
    const fence = await realm.sessions.fence({ user: 'ann', account: 'globex' });
    await realm.sessions.renew(session, { account: 'globex', fence });
    expect(heard).toMatchObject([{ during: 'renew', reason: 'limit', account: 'globex', session: session.id }]);
  });

  test('while it is over itself is told by its next check alone', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    const fence = await realm.sessions.fence({ user: 'ann', account: 'globex' });
    await realm.sessions.revoke({ user: 'ann' });
    const heard = realm.hear('session.refused');
    expect(await realm.sessions.renew(session)).toMatchObject({ ok: false, reason: 'not-live' });
    const switched = await realm.sessions.renew(session, { account: 'globex', fence });
    expect(switched).toMatchObject({ ok: false, reason: 'superseded' });
    expect(heard).toEqual([]);
  });

  test('is answered, and not told, where the store cannot say whether it is over', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn('ann', { account: 'acme' });
    const fence = await realm.sessions.fence({ user: 'ann', account: 'globex' });
    await realm.sessions.suspend({ account: 'globex' });
    const heard = realm.hear('session.refused');
    realm.around = (call, ask) => {
      if (call === 'find') throw new Error('the store is away');
      return ask();
    };
    const renewed = await realm.sessions.renew(session, { account: 'globex', fence });
    expect(renewed).toMatchObject({ ok: false, reason: 'suspended' });
    expect(heard).toEqual([]);
  });

  test('is no reason to tell of it in the log of a user who is forgotten', async () => {
    const realm = new Realm({ audit: true });
    const { session } = await realm.signIn();
    const fence = await realm.sessions.fence({ user: 'ann', account: 'globex' });
    await realm.sessions.forgetUser('ann');
    expect(await realm.sessions.renew(session, { account: 'globex', fence })).toMatchObject({ ok: false });
    await realm.sessions.close();
    expect(realm.store.log.entries.filter(({ user }) => user === 'ann')).toEqual([]);
  });
});

describe('a renewal', () => {
  test('replaces the attributes where some are given, keeps them otherwise, and asks the store twice', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn('ann', { attributes: { theme: 'dark' } });
    realm.calls.length = 0;
    const same = await realm.sessions.renew(session);
    expect(same).toMatchObject({ ok: true, session: { attributes: { theme: 'dark' } } });
    expect(realm.calls).toEqual(['find', 'renew']);
    const others = await realm.sessions.renew(same.session ?? session, { attributes: { tabs: 3 } });
    expect(others.session?.attributes).toEqual({ tabs: 3 });
    expect(realm.store.row(session.id)?.attributes).toEqual({ tabs: 3 });
  });

  test('takes a session that was in no account into one', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    const fence = await realm.sessions.fence({ user: 'ann', account: 'globex' });
    const renewed = await realm.sessions.renew(session, { account: 'globex', fence });
    expect(renewed).toMatchObject({ ok: true, session: { account: 'globex' } });
    expect(await realm.word(renewed.ok ? renewed.token : null)).toBe('live');
  });

  test.each([
    { perUser: 1, overflow: 'refuse' },
    { perUser: 1, overflow: 'end-oldest' },
  ] as const)('that is a new authentication is no new session, and leaves its birth as it was: %o', async (limit) => {
    const unlimited = new Realm();
    const { session } = await unlimited.signIn('ann', { account: 'acme' });
    // The limit was introduced after these sessions had started.
    const realm = new Realm({ limit }, unlimited.store);
    const revoked = await realm.sessions.revoke({ user: 'ann', account: 'acme' }, { keep: session });
    await unlimited.signIn('ann', { account: 'acme' });
    const { stamps } = realm.store.row(session.id) ?? expect.fail('it is gone');
    const fence = await realm.sessions.fence({ user: 'ann', account: 'acme' });
    const ended = realm.hear('session.ended');
    const renewed = await realm.sessions.reauthenticate(revoked.kept ?? session, { fence });
    expect(renewed).toMatchObject({ ok: true });
    expect([ended, realm.store.row(session.id)?.stamps]).toEqual([[], stamps]);
  });

  test.each(['renewed', 'reauthenticated'])('never has a session %s that was last used earlier', async (how) => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    const fence = await realm.sessions.fence({ user: 'ann' });
    realm.now -= HOUR;
    const renewed =
      how === 'renewed' ? await realm.sessions.renew(session) : await realm.sessions.reauthenticate(session, { fence });
    expect(renewed).toMatchObject({ ok: true, session: { lastUsedAt: NOW } });
    expect(realm.store.row(session.id)).toMatchObject({ lastUsedAt: NOW });
  });

  test('does not revive a session that expired while the store was read', async () => {
    const realm = new Realm({ lifetime: { absolute: null, idle: HOUR } });
    const { session, token } = await realm.signIn();
    realm.now = NOW + HOUR - 1;
    realm.around = async (call, ask) => {
      const answer = await ask();
      if (call === 'find') realm.now = NOW + HOUR;
      return answer;
    };
    expect(await realm.sessions.renew(session)).toMatchObject({ ok: false, reason: 'not-live' });
    expect(await realm.word(token)).toBe('expired');
  });

  test.each([false, true])(
    'ends the session where the account that it left cannot be looked at: no client was given its new token (%s)',
    async (cannotEnd) => {
      const realm = new Realm();
      const { session } = await realm.signIn('ann', { account: 'acme' });
      const fence = await realm.sessions.fence({ user: 'ann', account: 'globex' });
      let isRenewed = false;
      realm.around = (call, ask) => {
        if (isRenewed && (call === 'readEpochs' || (cannotEnd && call === 'end'))) throw new Error(`no ${call}`);
        isRenewed ||= call === 'renew';
        return ask();
      };
      await expect(realm.sessions.renew(session, { account: 'globex', fence })).rejects.toMatchObject({
        code: 'SESSION_STORE_UNAVAILABLE',
        cause: new Error('no readEpochs'),
      });
      expect(realm.store.row(session.id)).toMatchObject({
        account: 'globex',
        ended: cannotEnd ? null : { reason: 'revoked' },
      });
    },
  );
});
