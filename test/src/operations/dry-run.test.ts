import type { EndIdleResult, ListedSession, RevokeResult, Session, WouldEnd } from 'session-revocation';
import { describe, expect, test } from 'vitest';
import { CHROME_ON_MAC, DAY, Realm } from '../support/realm.ts';

const AT_ACME = { user: 'ann', account: 'acme' };
const MARK = { by: 'admin', reason: 'x', note: 'y', fromDevice: 'z' };
const OPTIONS = { audit: true, kinds: { api: { survives: ['user', 'member'] } }, lifetime: { idle: null } } as const;

/** Opens a realm with sessions on several devices, in several accounts and of several kinds. Some are over. */
async function lived(options = {}) {
  const realm: Realm = new Realm({ ...OPTIONS, ...options });
  const idle = await realm.signIn('ann', { account: 'acme', kind: 'mcp' });
  const over = await realm.signIn('ann', AT_ACME);
  await realm.sessions.end(over.session.id, { user: 'ann' });
  realm.now += 20 * DAY;
  const mine = await realm.signIn('ann', { ...AT_ACME, userAgent: CHROME_ON_MAC });
  const others = [
    await realm.signIn('ann', AT_ACME),
    await realm.signIn('ann', { ...AT_ACME, kind: 'api' }),
    await realm.signIn('ann', { account: 'beta' }),
    await realm.signIn('ann'),
    await realm.signIn('bob', { account: 'acme' }),
    await realm.signIn('bob', { kind: 'api' }),
  ];
  const all = [idle, over, mine, ...others];
  return { realm, mine: mine.session, all: all.map(({ session }) => session) };
}

const livingIds = async ({ sessions }: Realm): Promise<string[]> => {
  const pages = await Promise.all(['ann', 'bob'].map((user) => sessions.list({ user })));
  return pages.flatMap((page) => page.sessions.map(({ id }) => id));
};

type Act = (realm: Realm, dryRun: boolean | undefined, mine: Session) => Promise<RevokeResult | EndIdleResult>;
const namedBy = (result: RevokeResult | EndIdleResult): WouldEnd | null =>
  'wouldEnd' in result ? result.wouldEnd : null;

const ACTS: Readonly<Record<string, Act>> = {
  'revoke user': ({ sessions }, dryRun) => sessions.revoke({ user: 'ann' }, { dryRun, ...MARK }),
  'revoke user, of all kinds': ({ sessions }, dryRun) => sessions.revoke({ user: 'ann' }, { dryRun, kinds: 'all' }),
  'revoke user, api': ({ sessions }, dryRun) => sessions.revoke({ user: 'ann' }, { dryRun, kinds: ['api'] }),
  'revoke member': ({ sessions }, dryRun) => sessions.revoke(AT_ACME, { dryRun }),
  'revoke account': ({ sessions }, dryRun) => sessions.revoke({ account: 'acme' }, { dryRun }),
  'revoke realm': ({ sessions }, dryRun) => sessions.revoke({ realm: true }, { dryRun }),
  'revoke nobody': ({ sessions }, dryRun) => sessions.revoke({ user: 'carl' }, { dryRun }),
  'revoke others': ({ sessions }, dryRun, keep) => sessions.revoke({ user: 'ann' }, { dryRun, keep }),
  'revoke others of a member': ({ sessions }, dryRun, keep) => sessions.revoke(AT_ACME, { dryRun, keep }),
  'revoke in my name': ({ sessions }, dryRun, ifLive) => sessions.revoke({ user: 'ann' }, { dryRun, ifLive }),
  'revoke api in my name': ({ sessions }, dryRun, ifLive) =>
    sessions.revoke({ user: 'ann' }, { dryRun, ifLive, kinds: ['api'] }),
  'suspend user': ({ sessions }, dryRun) => sessions.suspend({ user: 'ann' }, { dryRun }),
  'suspend account': ({ sessions }, dryRun) => sessions.suspend({ account: 'acme' }, { dryRun }),
  'trigger others': ({ sessions }, dryRun, keep) => sessions.trigger('passwordChanged', { user: 'ann', keep, dryRun }),
  'trigger others, of nobody': ({ sessions }, dryRun) => sessions.trigger('roleChanged', { ...AT_ACME, dryRun }),
  'trigger everywhere': ({ sessions }, dryRun, keep) =>
    sessions.trigger('passwordReset', { user: 'ann', keep, dryRun }),
  'endIdle of an account': ({ sessions }, dryRun) =>
    sessions.endIdle({ account: 'acme', unusedFor: '10d' }, { dryRun }),
  'endIdle of a user': ({ sessions }, dryRun) => sessions.endIdle({ user: 'ann', unusedFor: '1m' }, { dryRun }),
};
const acts = Object.entries(ACTS).map(([name, act]) => ({ name, act }));

describe('D5: a dry run', () => {
  test.each(acts)('of $name names what then ends, and nothing else', async ({ act }) => {
    const { realm, mine } = await lived();
    const before = await livingIds(realm);
    const wouldEnd = namedBy(await act(realm, true, mine));
    expect(await livingIds(realm)).toEqual(before);
    await act(realm, undefined, mine);
    const after = new Set(await livingIds(realm));
    expect(wouldEnd?.more).toBe(false);
    expect(wouldEnd?.sessions.map(({ id }) => id).sort()).toEqual(before.filter((id) => !after.has(id)).sort());
  });

  test.each(acts)('of $name changes nothing, and tells nobody', async ({ name, act }) => {
    const { realm, mine } = await lived();
    const heard = realm.hearAll();
    const dump = realm.store.dump();
    realm.calls.length = 0;
    const result = await act(realm, true, mine);
    expect([realm.store.dump(), heard]).toEqual([dump, []]);
    expect(realm.calls.filter((call) => !['find', 'list', 'listUsers'].includes(call))).toEqual([]);
    if (!name.startsWith('endIdle')) {
      expect(result).toMatchObject({ revoked: false, kept: null, token: null, reason: 'dry-run', revocation: null });
    } else expect(result).toMatchObject({ ended: 0 });
  });

  test.each(acts)('of $name that is false is none', async ({ act }) => {
    const { realm, mine } = await lived();
    const before = await livingIds(realm);
    const result = await act(realm, false, mine);
    expect(namedBy(result)).toBeNull();
    expect(result).not.toHaveProperty('reason');
    const { realm: other, mine: theirs } = await lived();
    const named = namedBy(await act(other, true, theirs));
    expect(before.length - (await livingIds(realm)).length).toBe(named?.sessions.length);
  });

  test.each(['yes', 'false', 1, 0, null, {}])('of %o is misuse: it must not pass for the real one', async (dryRun) => {
    const { realm, mine, all } = await lived();
    const before = await livingIds(realm);
    for (const { act } of acts) await expect(act(realm, dryRun as boolean, mine)).rejects.toThrow(TypeError);
    const given = { user: 'ann', dryRun: dryRun as boolean };
    await expect(realm.sessions.end(all[0]!.id, given)).rejects.toThrow(TypeError);
    await expect(realm.sessions.resume({ user: 'ann' }, { dryRun: given.dryRun })).rejects.toThrow(TypeError);
    await expect(realm.sessions.forgetUser('ann', { dryRun: given.dryRun })).rejects.toThrow(TypeError);
    expect(await livingIds(realm)).toEqual(before);
  });

  test('shows rows as a list does', async () => {
    const { realm } = await lived();
    const result = await realm.sessions.revoke({ realm: true }, { dryRun: true });
    const rows: readonly ListedSession[] = namedBy(result)?.sessions ?? [];
    const { sessions } = await realm.sessions.list({ user: 'bob' });
    expect(rows.filter(({ user }) => user === 'bob')).toEqual(sessions);
    expect(rows).toHaveLength(8);
  });

  test('names a thousand at the most, and says that there are more', async () => {
    const realm = new Realm();
    for (let at = 0; at < 1000; at++) await realm.signIn(`user ${at % 7}`, { account: 'acme' });
    const run = async () => {
      const { wouldEnd } = await realm.sessions.endIdle({ account: 'acme', unusedFor: '1d' }, { dryRun: true });
      return [wouldEnd?.sessions.length, wouldEnd?.more];
    };
    realm.now += DAY;
    expect(await run()).toEqual([1000, false]);
    realm.now -= DAY;
    await realm.signIn('ann', { account: 'acme' });
    realm.now += DAY;
    expect(await run()).toEqual([1000, true]);
  });
});

describe('a dry run over a store that answers at once', () => {
  /** Counts the turns of the event loop before each `list` call. In these turns, the process can do other work. */
  async function turnsBeforeLists(realm: Realm, scope: { user: string } | { account: string }): Promise<number[]> {
    let turns = 0;
    const before: number[] = [];
    realm.around = (call, ask) => {
      if (call !== 'list') return ask();
      before.push(turns);
      setImmediate(() => turns++);
      return ask();
    };
    await realm.sessions.revoke(scope, { dryRun: true });
    return before;
  }

  test('gives other work a turn between two pages of a user', async () => {
    const realm = new Realm();
    for (let session = 0; session < 501; session++) await realm.signIn('ann');
    expect(await turnsBeforeLists(realm, { user: 'ann' })).toEqual([0, 1]);
  });

  test('gives other work a turn after a few users', async () => {
    const realm = new Realm();
    for (let user = 0; user < 100; user++) await realm.signIn(`user-${user}`, { account: 'acme' });
    const turns = await turnsBeforeLists(realm, { account: 'acme' });
    expect(turns).toHaveLength(100);
    expect(turns.at(-1)).toBeGreaterThan(50);
  });
});

describe('of somebody whose session is over', () => {
  test('a dry run does not name what then is not ended', async () => {
    const { realm, mine } = await lived();
    await realm.sessions.end(mine.id, { user: 'ann' });
    for (const request of [{ keep: mine }, { ifLive: mine }]) {
      expect(await realm.sessions.revoke({ user: 'ann' }, { ...request, dryRun: true })).toMatchObject({
        ...{ revoked: false, reason: 'not-live' },
      });
    }
  });

  test('a trigger goes on, and so does its dry run', async () => {
    const { realm, mine } = await lived();
    await realm.sessions.end(mine.id, { user: 'ann' });
    const before = await livingIds(realm);
    const result = await realm.sessions.trigger('passwordChanged', { user: 'ann', keep: mine, dryRun: true });
    const named = namedBy(result)?.sessions.map(({ id }) => id) ?? [];
    await realm.sessions.trigger('passwordChanged', { user: 'ann', keep: mine });
    const after = new Set(await livingIds(realm));
    expect(named.sort()).toEqual(before.filter((id) => !after.has(id)).sort());
  });
});

describe('resume', () => {
  test('of what is not suspended names nobody, as it then ends nobody', async () => {
    const { realm } = await lived();
    for (const scope of [{ user: 'ann' }, AT_ACME, { account: 'acme' }, { realm: true }] as const) {
      const dry = await realm.sessions.resume(scope, { dryRun: true });
      expect(dry).toMatchObject({ revoked: false, reason: 'dry-run', wouldEnd: { sessions: [], more: false } });
    }
    expect(await livingIds(realm)).toHaveLength(8);
  });

  test('of what is suspended says that it would, and leaves it so', async () => {
    const { realm } = await lived();
    await realm.sessions.suspend({ user: 'ann' });
    const none = { sessions: [], more: false };
    expect(await realm.sessions.resume({ user: 'ann' }, { dryRun: true })).toMatchObject({
      ...{ revoked: false, reason: 'dry-run', wouldEnd: none },
    });
    const fence = await realm.sessions.fence({ user: 'ann' });
    expect(await realm.sessions.start({ user: 'ann', fence })).toMatchObject({ reason: 'suspended' });
  });

  test.each([{ user: 'ann' }, { user: 'nobody' }, { account: 'acme' }, { account: 'none' }, { realm: true }] as const)(
    'dry, changes nothing: %o',
    async (scope) => {
      const { realm } = await lived();
      const dump = realm.store.dump();
      await realm.sessions.resume(scope, { dryRun: true });
      expect(realm.store.dump()).toBe(dump);
    },
  );
});

describe('end', () => {
  test('dry, says whether there is such a session, and changes nothing', async () => {
    const { realm, all, mine } = await lived();
    const [, over] = all;
    const heard = realm.hearAll();
    const dump = realm.store.dump();
    const dry = async (id: string, user = 'ann') => (await realm.sessions.end(id, { user, dryRun: true })).ended;
    expect([await dry(mine.id), await dry(over!.id), await dry(mine.id, 'bob'), await dry('x'.repeat(22))]).toEqual([
      ...[true, false, false, false],
    ]);
    expect([realm.store.dump(), heard]).toEqual([dump, []]);
    expect(await realm.sessions.end(mine.id, { user: 'ann' })).toMatchObject({ ended: true });
  });
});

describe('forgetUser', () => {
  test('dry, counts the living and changes nothing', async () => {
    const { realm } = await lived();
    const heard = realm.hearAll();
    const dump = realm.store.dump();
    expect(await realm.sessions.forgetUser('ann', { dryRun: true })).toEqual({
      sessions: 6,
      entries: 0,
      effectiveWithin: 0,
    });
    expect(await realm.sessions.forgetUser('carl', { dryRun: true })).toEqual({
      sessions: 0,
      entries: 0,
      effectiveWithin: 0,
    });
    expect([realm.store.dump(), heard]).toEqual([dump, []]);
    expect(await livingIds(realm)).toHaveLength(8);
  });
});
