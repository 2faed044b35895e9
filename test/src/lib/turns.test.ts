import { expect, test } from 'vitest';
import { Turns } from '../../../src/lib/turns.ts';
import { settle } from '../support/realm.ts';

test('works of one key run in their order, one at a time, and those of others beside them', async () => {
  const turns = new Turns();
  const log: string[] = [];
  const ends: (() => void)[] = [];
  const work = (name: string) => () => {
    log.push(name);
    return new Promise<string>((resolve) => ends.push(() => resolve(name)));
  };
  const done = [turns.take('ann', work('a1')), turns.take('ann', work('a2')), turns.take('bob', work('b1'))];
  await settle();
  expect(log).toEqual(['a1', 'b1']);
  ends[0]?.();
  await settle();
  expect(log).toEqual(['a1', 'b1', 'a2']);
  for (const end of ends) end();
  expect(await Promise.all(done)).toEqual(['a1', 'a2', 'b1']);
});

test('a work that fails lets the next one run, and nothing is kept of a key whose works are over', async () => {
  const turns = new Turns();
  const failed = turns.take('ann', () => Promise.reject(new Error('failed')));
  const next = turns.take('ann', async () => 'next');
  expect(turns.isBusy('ann')).toBe(true);
  await expect(failed).rejects.toThrow('failed');
  expect(await next).toBe('next');
  await settle();
  expect(turns.isBusy('ann')).toBe(false);
});
