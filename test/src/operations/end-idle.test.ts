import { describe, expect, test } from 'vitest';
import type { Tag } from '../../../src/model/token.ts';
import { DAY, HOUR, Realm } from '../support/realm.ts';

const AT_ACME = { account: 'acme' };
const ATTRIBUTION = { by: 'admin', reason: 'spring cleaning', note: 'ticket 7', fromDevice: 'Safari on iOS' };

/** Opens a realm with sessions that were unused for 30 days, and with new sessions. */
async function lived(): Promise<{ realm: Realm; idle: string[]; busy: string[] }> {
  const realm = new Realm({ audit: true, lifetime: { absolute: null, idle: null } });
  const idle = [await realm.signIn('ann', AT_ACME), await realm.signIn('bob', { ...AT_ACME, kind: 'api' })];
  realm.now += 30 * DAY;
  const busy = [await realm.signIn('ann', AT_ACME), await realm.signIn('ann')];
  return { realm, idle: idle.map(({ token }) => token), busy: busy.map(({ token }) => token) };
}

const words = (realm: Realm, tokens: string[]): Promise<string[]> =>
  Promise.all(tokens.map((token) => realm.word(token)));

describe('D4: endIdle', () => {
  test('ends what was not used for so long, of every kind, and nothing else', async () => {
    const { realm, idle, busy } = await lived();
    expect(await realm.sessions.endIdle({ ...AT_ACME, unusedFor: '30d' }, ATTRIBUTION)).toEqual({
      ended: 2,
      wouldEnd: null,
      effectiveWithin: 0,
    });
    expect(await words(realm, idle)).toEqual(['ended', 'ended']);
    expect(await words(realm, busy)).toEqual(['live', 'live']);
  });

  test('counts from the last use, to the millisecond', async () => {
    const { realm, idle } = await lived();
    await realm.sessions.check(idle[0]!);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await realm.sessions.endIdle({ ...AT_ACME, unusedFor: 30 * DAY + 1 })).toMatchObject({ ended: 0 });
    expect(await realm.sessions.endIdle({ ...AT_ACME, unusedFor: 30 * DAY })).toMatchObject({ ended: 1 });
    expect(await words(realm, idle)).toEqual(['live', 'ended']);
  });

  test('spares a session that was used after it was found idle', async () => {
    const { realm, idle } = await lived();
    const heard = realm.hear('session.ended');
    realm.around = async (call, ask) => {
      if (call !== 'end') return ask();
      realm.around = (_, other) => other();
      await realm.sessions.check(idle[0]!);
      await new Promise((resolve) => setImmediate(resolve));
      return ask();
    };
    expect(await realm.sessions.endIdle({ user: 'ann', unusedFor: '30d' })).toMatchObject({ ended: 0 });
    expect(await words(realm, idle)).toEqual(['live', 'live']);
    expect(heard).toEqual([]);
  });

  test('stays within the user, or the member', async () => {
    const { realm, idle, busy } = await lived();
    const elsewhere = await realm.signIn('ann', { account: 'beta' });
    realm.now += 30 * DAY;
    expect(await realm.sessions.endIdle({ user: 'ann', account: 'beta', unusedFor: '1d' })).toMatchObject({ ended: 1 });
    expect(await words(realm, [elsewhere.token, ...busy])).toEqual(['ended', 'live', 'live']);
    expect(await realm.sessions.endIdle({ user: 'ann', unusedFor: '1d' })).toMatchObject({ ended: 3 });
    expect(await words(realm, idle)).toEqual(['ended', 'live']);
  });

  test('does not reach another account or another realm', async () => {
    const { realm } = await lived();
    const other = new Realm({ realm: 'other', lifetime: { absolute: null, idle: null } }, realm.store);
    const [there, elsewhere] = [await other.signIn('ann', AT_ACME), await realm.signIn('ann', { account: 'beta' })];
    realm.now = other.now = realm.now + 90 * DAY;
    await realm.sessions.endIdle({ ...AT_ACME, unusedFor: '1d' });
    expect([await other.word(there.token), await realm.word(elsewhere.token)]).toEqual(['live', 'live']);
  });

  test('tells and logs each one, with who and why; the reason is idle where nobody says another', async () => {
    const { realm } = await lived();
    const heard = realm.hear('session.ended');
    await realm.sessions.endIdle({ user: 'bob', ...AT_ACME, unusedFor: '1d' }, ATTRIBUTION);
    await realm.sessions.endIdle({ user: 'ann', unusedFor: '1d' }, { by: 'cron' });
    expect(heard).toMatchObject([
      { user: 'bob', account: 'acme', ...ATTRIBUTION },
      { user: 'ann', account: 'acme', by: 'cron', reason: 'idle' },
    ]);
    const entries = realm.store.log.entries.filter(({ type }) => type === 'session.ended');
    expect(entries).toMatchObject([
      { user: 'bob', ...ATTRIBUTION },
      { user: 'ann', by: 'cron', reason: 'idle' },
    ]);
    const { sessions } = await realm.sessions.list({ user: 'bob' }, { ended: true });
    const { note: _, ...told } = ATTRIBUTION;
    expect(sessions).toMatchObject([{ end: { reason: 'ended', ended: { at: realm.now, ...told } } }]);
  });

  test('counts only what it ended itself', async () => {
    const { realm, idle } = await lived();
    realm.around = (call, ask) => (call === 'end' ? false : ask());
    const heard = realm.hear('session.ended');
    expect(await realm.sessions.endIdle({ ...AT_ACME, unusedFor: '1d' })).toEqual({
      ended: 0,
      wouldEnd: null,
      effectiveWithin: 0,
    });
    expect(heard).toEqual([]);
    expect(await words(realm, idle)).toEqual(['live', 'live']);
  });

  test('goes through however many there are', async () => {
    const realm = new Realm();
    for (let user = 0; user < 12; user++) {
      for (let at = 0; at < 50; at++) await realm.signIn(`user ${user}`, AT_ACME);
    }
    for (let at = 0; at < 520; at++) await realm.signIn('ann', AT_ACME);
    realm.now += DAY;
    expect(await realm.sessions.endIdle({ ...AT_ACME, unusedFor: '1d' })).toMatchObject({ ended: 1120 });
    expect(await realm.sessions.endIdle({ ...AT_ACME, unusedFor: '1d' })).toMatchObject({ ended: 0 });
  });

  test('follows the pages of a store, short and empty ones, and users who are named twice', async () => {
    const { realm, idle } = await lived();
    const { users } = realm.store.listUsers({ realm: 'default', account: null }, null, 10);
    const answers = [
      { users: [], after: 'a' },
      { users: [users[0]!], after: 'b' },
      { users: [users[0]!, users[1]!], after: null },
    ];
    const asked: unknown[] = [];
    realm.calls.length = 0;
    realm.around = (call, ask, [, after]) => {
      if (call !== 'listUsers') return ask();
      asked.push(after);
      return answers[asked.length - 1];
    };
    expect(await realm.sessions.endIdle({ ...AT_ACME, unusedFor: '1d' })).toMatchObject({ ended: 2 });
    expect(asked).toEqual([null, 'a', 'b']);
    expect(realm.calls.filter((call) => call === 'list')).toHaveLength(2);
    expect(await words(realm, idle)).toEqual(['ended', 'ended']);
  });

  test('remembers at most 10,000 users of an account: it reads a user again who is named after so many others', async () => {
    const realm = new Realm();
    const [first, ...others] = Array.from({ length: 10_000 }, (_, at) => `user ${at}`) as Tag[];
    const pages = [[first!, ...others], [first!], others.slice(0, 1)];
    let page = 0;
    const read: unknown[] = [];
    realm.around = (call, ask, [, user]) => {
      if (call === 'listUsers') return { users: pages[page++]!, after: page < pages.length ? 'more' : null };
      if (call !== 'list') return ask();
      read.push(user);
      return { found: [], more: false };
    };
    await realm.sessions.endIdle({ ...AT_ACME, unusedFor: '1d' });
    expect(read).toHaveLength(10_002);
    expect(read.slice(-2)).toEqual([first, others[0]]);
  });

  test('gives everything else its turn between the pages of a store that answers at once', async () => {
    const { realm } = await lived();
    let page = 0;
    realm.around = (call, ask) => (call === 'listUsers' ? { users: [], after: page++ < 3 ? 'more' : null } : ask());
    const order: string[] = [];
    const cleaning = realm.sessions.endIdle({ ...AT_ACME, unusedFor: '1d' }).then(() => order.push('done'));
    setImmediate(() => order.push('a request'));
    await cleaning;
    expect(order).toEqual(['a request', 'done']);
  });

  test.each<[unknown, unknown, string | RegExp]>([
    [{ ...AT_ACME }, {}, /: unusedFor is undefined; allowed are/],
    [
      { ...AT_ACME, unusedFor: 59_999 },
      {},
      'unusedFor is 59999 ms; the last use is known to 60000 ms only (touchEvery)',
    ],
    [{ ...AT_ACME, unusedFor: 0 }, {}, /: unusedFor is 0; allowed are .*, not 0$/],
    [{ ...AT_ACME, unusedFor: 'long' }, {}, /: unusedFor is "long"/],
    [{ unusedFor: '1d' }, {}, 'scope must name a user, an account, or the realm'],
    [{ realm: true, unusedFor: '1d' }, {}, /: the argument has an unknown option "realm"/],
    [{ user: 'ann', account: undefined, unusedFor: '1d' }, {}, /: the account of the scope is undefined/],
    [{ ...AT_ACME, unusedFor: '1d' }, { why: 'x' }, /: the second argument has an unknown option "why"/],
    [{ ...AT_ACME, unusedFor: '1d' }, { by: '' }, 'by must not be empty'],
    [null, {}, 'sessions.endIdle({ user, unusedFor }): the argument must be an object, not null'],
  ])('%o, %o is misuse, and ends nothing', async (scope, request, message) => {
    const { realm, idle } = await lived();
    realm.calls.length = 0;
    await expect(realm.sessions.endIdle(scope as never, request as never)).rejects.toThrow(message);
    expect(realm.calls).toEqual([]);
    expect(await words(realm, idle)).toEqual(['live', 'live']);
  });

  test('OPS-1: fails where the store does', async () => {
    const { realm } = await lived();
    realm.now += HOUR;
    realm.around = (call, ask) => (call === 'listUsers' ? Promise.reject(new Error('down')) : ask());
    await expect(realm.sessions.endIdle({ ...AT_ACME, unusedFor: '1d' })).rejects.toMatchObject({
      code: 'SESSION_STORE_UNAVAILABLE',
    });
  });
});
