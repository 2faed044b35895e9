import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Policy } from '../../../src/model/policy.ts';
import { accountTag } from '../../../src/model/token.ts';
import { ReferenceStore } from '../../model/reference-store.ts';
import { Realm } from '../support/realm.ts';

const [SESSION, EVERYWHERE] = [{ signOut: 'session' }, { signOut: 'everywhere' }] as const;
const UNKNOWN: readonly unknown[] = [
  ...[undefined, null, 'everywhere', [], {}, { signOut: undefined }, { signOut: 'all' }, { signOut: true }],
  ...[{ signout: 'everywhere' }, { signOut: 'everywhere', user: 'ann' }, JSON.parse('{"__proto__":{}}')],
];
const written = ({ calls }: Realm): number => calls.filter((call) => call === 'policies.set').length;

describe('where there is no option', () => {
  test('a sign-out ends that session, and nobody is asked', async () => {
    const realm = new Realm();
    expect(await realm.sessions.policy('acme')).toEqual(SESSION);
    expect(await realm.sessions.policy(null)).toEqual(SESSION);
    expect(realm.calls).toEqual([]);
  });

  test.each([undefined, null, () => SESSION])('nothing is set: policy %o', async (policy) => {
    const realm = new Realm({ policy });
    await expect(realm.sessions.setPolicy('acme', EVERYWHERE)).rejects.toThrow(
      new TypeError(
        "sessions.setPolicy(account, policy): the policies are not in the store; to keep them there, write createSessions({ store, policy: 'stored' })",
      ),
    );
    expect(realm.calls).toEqual([]);
  });
});

describe('a function of the app', () => {
  test('is asked every time, and never remembered', async () => {
    const asked: (string | null)[] = [];
    let answer: Policy = SESSION;
    const realm = new Realm({
      policy: async (account) => {
        asked.push(account);
        return answer;
      },
    });
    expect(await realm.sessions.policy('acme')).toEqual(SESSION);
    answer = EVERYWHERE;
    expect(await realm.sessions.policy('acme')).toEqual(EVERYWHERE);
    expect(await realm.sessions.policy(null)).toEqual(EVERYWHERE);
    expect(asked).toEqual(['acme', 'acme', null]);
    expect(realm.calls).toEqual([]);
  });

  test.each(UNKNOWN.map((value) => [value]))('is misuse where it says %o: nobody is signed out', async (value) => {
    const realm = new Realm({ policy: () => value as Policy });
    const { session, token } = await realm.signIn('ann', { account: 'acme' });
    await expect(realm.sessions.policy('acme')).rejects.toThrow(TypeError);
    await expect(realm.sessions.signOut(session)).rejects.toThrow(TypeError);
    expect(await realm.word(token)).toBe('live');
  });

  test('that fails, fails the sign-out', async () => {
    const realm = new Realm({ policy: () => Promise.reject(new Error('no database')) });
    const { session, token } = await realm.signIn();
    await expect(realm.sessions.signOut(session)).rejects.toThrow('no database');
    expect(await realm.word(token)).toBe('live');
  });

  test('that hangs, fails the sign-out at the timeout: a guess signs no user out', async () => {
    const realm = new Realm({ policy: () => new Promise(() => {}), timeout: 20 });
    const { session, token } = await realm.signIn();
    await expect(realm.sessions.signOut(session)).rejects.toMatchObject({
      code: 'SESSION_STORE_UNAVAILABLE',
      message: expect.stringContaining('the function policy gave no answer within 20 ms (option timeout)'),
    });
    expect(await realm.word(token)).toBe('live');
  });

  test.each<[string, () => Promise<Policy>]>([
    ['answers', async () => SESSION],
    ['fails', () => Promise.reject(new Error('no database'))],
  ])('that %s leaves no timer behind, which would keep the process running', async (_, policy) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const realm = new Realm({ policy });
    await realm.sessions.policy('acme').catch(() => {});
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('policies that the store keeps', () => {
  test('are of one account and one realm, and stay', async () => {
    const store = new ReferenceStore();
    const realm = new Realm({ policy: 'stored', realm: 'dashboard' }, store);
    expect(await realm.sessions.policy('acme')).toEqual(SESSION);
    expect(await realm.sessions.setPolicy('acme', EVERYWHERE)).toEqual({ changed: true, policy: EVERYWHERE });
    const [again, other] = [
      new Realm({ policy: 'stored', realm: 'dashboard' }, store),
      new Realm({ policy: 'stored', realm: 'buyer' }, store),
    ];
    expect(await again.sessions.policy('acme')).toEqual(EVERYWHERE);
    expect(await again.sessions.policy('beta')).toEqual(SESSION);
    expect(await other.sessions.policy('acme')).toEqual(SESSION);
    expect(await again.sessions.setPolicy('acme', SESSION)).toEqual({ changed: true, policy: SESSION });
    expect(await realm.sessions.policy('acme')).toEqual(SESSION);
  });

  test('say nothing of sessions without an account: these end alone, and the store is not asked', async () => {
    const realm = new Realm({ policy: 'stored' });
    expect(await realm.sessions.policy(null)).toEqual(SESSION);
    expect(realm.calls).toEqual([]);
  });

  test('are told and logged with who changed what', async () => {
    const realm = new Realm({ policy: 'stored', audit: true });
    const heard = realm.hear('policy.changed');
    const attribution = { by: 'admin-1', reason: 'incident', note: 'ticket 7', fromDevice: 'Safari on iOS' };
    await realm.sessions.setPolicy('acme', EVERYWHERE, attribution);
    expect(heard).toMatchObject([{ account: 'acme', before: SESSION, after: EVERYWHERE, ...attribution }]);
    expect(realm.store.log.entries).toMatchObject([
      { type: 'policy.changed', account: 'acme', details: { before: SESSION, after: EVERYWHERE }, ...attribution },
    ]);
  });

  test('that are so already are neither written nor told', async () => {
    const realm = new Realm({ policy: 'stored', audit: true });
    const heard = realm.hear('policy.changed');
    expect(await realm.sessions.setPolicy('acme', SESSION)).toEqual({ changed: false, policy: SESSION });
    await realm.sessions.setPolicy('acme', EVERYWHERE);
    expect(await realm.sessions.setPolicy('acme', EVERYWHERE)).toEqual({ changed: false, policy: EVERYWHERE });
    expect([written(realm), heard.length, realm.store.log.entries.length]).toEqual([1, 1, 1]);
  });

  test.each(UNKNOWN.map((value) => [value]))('are not set to %o', async (value) => {
    const realm = new Realm({ policy: 'stored' });
    await expect(realm.sessions.setPolicy('acme', value as Policy)).rejects.toThrow(TypeError);
    expect(realm.calls).toEqual([]);
  });

  test('are set by whoever says so in words that are known', async () => {
    const { sessions, calls } = new Realm({ policy: 'stored' });
    await expect(sessions.setPolicy('', EVERYWHERE)).rejects.toThrow('account must not be empty');
    await expect(sessions.setPolicy(null as never, EVERYWHERE)).rejects.toThrow(TypeError);
    await expect(sessions.setPolicy('acme', EVERYWHERE, { who: 'ann' } as never)).rejects.toThrow(
      'the third argument has an unknown option "who"; known are by, reason, note, from',
    );
    await expect(sessions.setPolicy('acme', EVERYWHERE, { by: 'a\nb' })).rejects.toThrow(/: by must be/);
    expect(calls).toEqual([]);
  });

  test.each(['', 'garbage', 'null', '{}', '{"signOut":"later"}', '{"signOut":"session","more":1}'])(
    'are an outage where the store has %o: neither a sign-out nor anybody’s misuse',
    async (value) => {
      const realm = new Realm({ policy: 'stored' });
      const { session, token } = await realm.signIn('ann', { account: 'acme' });
      const account = accountTag('default', 'acme');
      realm.store.policies.set({ account, value, ifValue: null, audit: [] });
      const unavailable = { code: 'SESSION_STORE_UNAVAILABLE' };
      await expect(realm.sessions.policy('acme')).rejects.toMatchObject(unavailable);
      await expect(realm.sessions.signOut(session)).rejects.toMatchObject(unavailable);
      expect(await realm.word(token)).toBe('live');
    },
  );
});

describe('two who set a policy at once', () => {
  test('take turns: who comes second sees what the first one wrote', async () => {
    const realm = new Realm({ policy: 'stored', audit: true });
    const heard = realm.hear('policy.changed');
    const stored = JSON.stringify(SESSION);
    let beaten = 0;
    realm.around = (call, ask) => {
      if (call === 'policies.set' && beaten++ === 0) {
        realm.store.policies.set({ account: accountTag('default', 'acme'), value: stored, ifValue: null, audit: [] });
      }
      return ask();
    };
    expect(await realm.sessions.setPolicy('acme', EVERYWHERE)).toEqual({ changed: true, policy: EVERYWHERE });
    expect(realm.calls).toEqual(['policies.get', 'policies.set', 'policies.get', 'policies.set']);
    expect([heard.length, realm.store.log.entries.length]).toEqual([1, 1]);
  });

  test('to the same have it changed once', async () => {
    const realm = new Realm({ policy: 'stored', audit: true });
    const results = await Promise.all(Array.from({ length: 5 }, () => realm.sessions.setPolicy('acme', EVERYWHERE)));
    expect(results.filter(({ changed }) => changed)).toHaveLength(1);
    expect(realm.store.log.entries).toHaveLength(1);
  });

  test('are an outage where others keep coming first, and nothing is told', async () => {
    const realm = new Realm({ policy: 'stored', audit: true, timeout: 20 });
    const heard = realm.hear('policy.changed');
    realm.around = (call, ask) => (call === 'policies.set' ? 'conflict' : ask());
    await expect(realm.sessions.setPolicy('acme', EVERYWHERE)).rejects.toMatchObject({
      code: 'SESSION_STORE_UNAVAILABLE',
    });
    expect([heard, realm.store.log.entries]).toEqual([[], []]);
  });
});
