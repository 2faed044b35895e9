import { describe, expect, test } from 'vitest';
import { CHROME_ON_MAC, Realm } from './support/realm.ts';

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
