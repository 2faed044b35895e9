import { describe, expect, test } from 'vitest';
import { DecodeCache } from '../../../src/lib/decode-cache.ts';
import { Lru } from '../../../src/lib/lru.ts';

describe('DecodeCache', () => {
  const fill = (lately: Lru<number>, names: number, start = 0): void => {
    for (let nth = 0; nth < names; nth++) lately.set(`${start + nth}`, nth);
  };
  const kept = (lately: Lru<number>, names: number): number =>
    Array.from({ length: names }, (_, nth) => lately.get(`${nth}`)).filter((value) => value !== undefined).length;

  test('holds at least half of the most, and never more than that', () => {
    const lately = new Lru<number>(100);
    fill(lately, 50);
    expect(kept(lately, 50)).toBe(50);
    fill(lately, 1_000, 1_000);
    expect(kept(lately, 50)).toBe(0);
    const left = Array.from({ length: 1_000 }, (_, nth) => lately.get(`${1_000 + nth}`));
    const found = left.filter((value) => value !== undefined).length;
    expect(found).toBeGreaterThanOrEqual(50);
    expect(found).toBeLessThanOrEqual(100);
  });

  test('holds what is asked for again', () => {
    const lately = new Lru<number>(100);
    lately.set('wanted', 7);
    for (let round = 0; round < 20; round++) {
      fill(lately, 40, round * 40);
      expect(lately.get('wanted')).toBe(7);
    }
  });
});

describe('Recent', () => {
  test('knows what a text means, and nothing of another under the same name', () => {
    const recent = new DecodeCache<{ readonly at: number }>(10, 20);
    const meaning = recent.put('{"at":1}', { at: 1 }, 'id');
    expect(Object.isFrozen(meaning)).toBe(true);
    expect(recent.get('{"at":1}', 'id')).toBe(meaning);
    expect(recent.get('{"at":2}', 'id')).toBe(undefined);
    expect(recent.get('{"at":1}')).toBe(undefined);
  });

  test('does not remember what is too long', () => {
    const recent = new DecodeCache<string>(10, 20);
    recent.put('x'.repeat(21), 'long');
    recent.put('x'.repeat(20), 'short');
    expect(recent.get('x'.repeat(21))).toBe(undefined);
    expect(recent.get('x'.repeat(20))).toBe('short');
  });
});
