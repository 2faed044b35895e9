import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { LentConnection, MysqlClient } from '../../adapters/engines/mysql/clients/client.ts';
import { transact, Undone } from '../../adapters/engines/mysql/connection.ts';

/** A client that records its commands. `COMMIT` fails once with each of `failures`. */
function recorded(failures: readonly unknown[] = []) {
  const told: string[] = [];
  const left = [...failures];
  const connection: LentConnection = {
    rows: async () => [],
    write: async () => 0,
    async command(sql) {
      told.push(sql);
      if (sql === 'COMMIT' && left.length > 0) throw left.shift();
    },
    release: () => void told.push('release'),
    discard: () => void told.push('discard'),
  };
  const client = { lend: async () => connection } as unknown as MysqlClient<never>;
  return { client, told };
}

const lost = (errno: number): Error => Object.assign(new Error('lost'), { errno });
const UNDONE = ['START TRANSACTION', 'ROLLBACK', 'release'];
const DONE = ['START TRANSACTION', 'COMMIT', 'release'];

describe('a write', () => {
  test.each([1213, 1205, 1020])(
    'that lost to another transaction, by error %i, is undone and done again',
    async (errno) => {
      const { client, told } = recorded();
      const step = vi.fn(async () => 'done').mockRejectedValueOnce(lost(errno));
      expect(await transact(client, step)).toBe('done');
      expect(told).toEqual([...UNDONE, ...DONE]);
    },
  );

  test('whose COMMIT lost is done again', async () => {
    const { client, told } = recorded([lost(1213)]);
    expect(await transact(client, async () => 'done')).toBe('done');
    expect(told).toEqual(['START TRANSACTION', 'COMMIT', 'ROLLBACK', 'release', ...DONE]);
  });

  test('locks no gaps where it asks for that, at each try', async () => {
    const { client, told } = recorded();
    const step = vi.fn(async () => 'done').mockRejectedValueOnce(lost(1213));
    expect(await transact(client, step, { readCommitted: true })).toBe('done');
    const first = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED';
    expect(told).toEqual([first, ...UNDONE, first, ...DONE]);
  });

  test('is tried five times at the most', async () => {
    const { client, told } = recorded();
    const step = vi.fn(() => Promise.reject(lost(1213)));
    await expect(transact(client, step)).rejects.toMatchObject({ errno: 1213 });
    expect(told).toEqual(Array(5).fill(UNDONE).flat());
  });

  test('that failed by itself is undone, and not tried again', async () => {
    const { client, told } = recorded();
    const step = vi.fn(() => Promise.reject(lost(1146)));
    await expect(transact(client, step)).rejects.toMatchObject({ errno: 1146 });
    expect(told).toEqual(UNDONE);
  });

  test('that cannot be done is undone, and says why', async () => {
    const { client, told } = recorded();
    expect(await transact<string>(client, () => Promise.reject(new Undone('conflict')))).toBe('conflict');
    expect(told).toEqual(UNDONE);
  });

  test.each([
    [1205, 1],
    [1213, 5],
  ])('that waited for a lock for two seconds waits for no other one: error %i, tries %i', async (errno, tries) => {
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    onTestFinished(() => clock.mockRestore());
    const { client, told } = recorded();
    const step = vi.fn(() => {
      now += 2001;
      return Promise.reject(lost(errno));
    });
    await expect(transact(client, step)).rejects.toMatchObject({ errno });
    expect(told).toEqual(Array(tries).fill(UNDONE).flat());
  });
});
