import { adapterHandle } from 'session-revocation/adapter';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { MINUTE, Realm, SECOND } from '../support/realm.ts';

afterEach(() => vi.restoreAllMocks());

/** Opens a process that remembers sessions for a minute, and a tool on the same store. Their clocks agree. */
async function processes() {
  const steady = { ms: 1_000 };
  vi.spyOn(performance, 'now').mockImplementation(() => steady.ms);
  const realm = new Realm({ freshness: { maxStaleness: '1m' } });
  const tool = new Realm({}, realm.store);
  await realm.sessions.setup();
  const pass = (ms: number): void => {
    steady.ms += ms;
    realm.now += ms;
    tool.now += ms;
  };
  const handle = adapterHandle(tool.sessions);
  return { realm, tool, pass, handle };
}

/** Signs in and checks the token once, so that the process remembers the session. */
async function remembered(realm: Realm, user: string): Promise<string> {
  const { token } = await realm.signIn(user);
  expect(await realm.word(token)).toBe('live');
  return token;
}

describe('lowering the bound', () => {
  test('tells the old one until no process accepts by what it read before', async () => {
    const { realm, tool, pass, handle } = await processes();
    const [early, late] = [await remembered(realm, 'early'), await remembered(realm, 'late')];
    const told: number[] = [];
    let readWhileLowered = '';
    const lowered = await handle.lowerStaleness(SECOND, async (ms) => {
      expect(ms).toBeGreaterThanOrEqual(MINUTE);
      expect(await handle.statedStaleness()).toEqual({ maxStaleness: MINUTE, lowering: SECOND });
      // This process still accepts sessions that it read earlier for the old bound, so the result states the old bound.
      told.push((await tool.sessions.revoke({ user: 'early' })).effectiveWithin);
      pass(SECOND + 1);
      expect(await realm.word(early)).toBe('live');
      // Sessions that it reads from now on are remembered for the new bound.
      readWhileLowered = await remembered(realm, 'new');
      await tool.sessions.revoke({ user: 'new' });
      pass(SECOND + 1);
      expect(await realm.word(readWhileLowered)).toBe('revoked');
      pass(ms - 2 * (SECOND + 1));
    });
    expect(lowered).toEqual({ before: MINUTE, maxStaleness: SECOND });
    expect(told).toEqual([MINUTE]);
    const { effectiveWithin } = await tool.sessions.revoke({ user: 'late' });
    expect(effectiveWithin).toBe(SECOND);
    expect(await realm.word(late)).toBe('revoked');
    expect(await handle.statedStaleness()).toEqual({ maxStaleness: SECOND, lowering: null });
  });

  test('holds for a process whose option is higher, until it starts again', async () => {
    const { realm, tool, pass, handle } = await processes();
    await handle.lowerStaleness(SECOND, async (ms) => pass(ms));
    const token = await remembered(realm, 'ann');
    expect((await tool.sessions.revoke({ user: 'ann' })).effectiveWithin).toBe(SECOND);
    pass(SECOND + 1);
    expect(await realm.word(token)).toBe('revoked');

    const restarted = new Realm({ freshness: { maxStaleness: '1m' } }, realm.store);
    await restarted.sessions.setup();
    expect((await tool.sessions.revoke({ user: 'ann' })).effectiveWithin).toBe(MINUTE);
  });

  test('that was interrupted is completed by the next one', async () => {
    const { pass, handle } = await processes();
    const interrupted = handle.lowerStaleness(SECOND, () => Promise.reject(new Error('interrupted')));
    await expect(interrupted).rejects.toThrow('interrupted');
    expect(await handle.statedStaleness()).toEqual({ maxStaleness: MINUTE, lowering: SECOND });
    const again = await handle.lowerStaleness(5 * SECOND, async (ms) => pass(ms));
    expect(again).toEqual({ before: MINUTE, maxStaleness: 5 * SECOND });
    expect(await handle.statedStaleness()).toEqual({ maxStaleness: 5 * SECOND, lowering: null });
  });

  test('to 0 has processes read the store at every check', async () => {
    const { realm, pass, handle } = await processes();
    await handle.lowerStaleness(0, async (ms) => pass(ms));
    const token = await remembered(realm, 'ann');
    realm.calls.length = 0;
    await realm.word(token);
    expect(realm.calls).toEqual(['find']);
  });

  test('does nothing where it is no lower, and where no process has remembered', async () => {
    const { handle } = await processes();
    const never = () => Promise.reject(new Error('it waited'));
    expect(await handle.lowerStaleness(MINUTE, never)).toEqual({ before: MINUTE, maxStaleness: MINUTE });
    const unused = adapterHandle(new Realm({}).sessions);
    expect(await unused.statedStaleness()).toEqual({ maxStaleness: 0, lowering: null });
    expect(await unused.lowerStaleness(SECOND, never)).toEqual({ before: 0, maxStaleness: 0 });
  });

  test.each([-1, 300_001, Number.NaN, '1 second'])('refuses %s', async (to) => {
    const { handle } = await processes();
    await expect(handle.lowerStaleness(to as number, async () => {})).rejects.toThrow(TypeError);
  });
});
