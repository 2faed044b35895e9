import { describe, expect, test } from 'vitest';
import { Throttle } from '../../../src/lib/throttle.ts';
import { fc } from '../support/fast-check.ts';
import { HOUR, MINUTE, NOW, SECOND } from '../support/realm.ts';

describe('a throttle', () => {
  test('lets pass one of a sort in a minute, and tells with the next one how many it kept back', () => {
    const throttle = new Throttle(100);
    expect(throttle.admit('a', NOW)).toBe(0);
    expect(throttle.admit('a', NOW)).toBeNull();
    expect(throttle.admit('a', NOW + MINUTE - 1)).toBeNull();
    expect(throttle.admit('a', NOW + MINUTE)).toBe(2);
    expect(throttle.admit('a', NOW + 2 * MINUTE)).toBe(0);
  });

  test('tells what it kept back of all sorts with whatever passes next', () => {
    const throttle = new Throttle(100);
    throttle.admit('a', NOW);
    throttle.admit('a', NOW);
    expect(throttle.admit('b', NOW)).toBe(1);
    expect(throttle.admit('c', NOW)).toBe(0);
  });

  test.each([1, 10, 100])('lets pass %i in a minute, of however many sorts', (most) => {
    const throttle = new Throttle(most);
    const admitted = (sort: number, at: number): boolean => throttle.admit(`sort ${sort}`, at) !== null;
    const sorts = Array.from({ length: 5000 }, (_, sort) => sort);
    expect(sorts.filter((sort) => admitted(sort, NOW))).toHaveLength(most);
    expect(throttle.admit('another', NOW + MINUTE)).toBe(5000 - most);
    expect(sorts.filter((sort) => admitted(sort, NOW + MINUTE))).toHaveLength(most - 1);
  });

  test('begins another minute where the clock is set back behind the beginning of this one', () => {
    const throttle = new Throttle(100);
    throttle.admit('a', NOW);
    throttle.admit('b', NOW + 30 * SECOND);
    expect(throttle.admit('b', NOW)).toBeNull();
    expect(throttle.admit('a', NOW - HOUR)).toBe(1);
    expect(throttle.admit('a', NOW - HOUR)).toBeNull();
  });

  test('neither loses nor invents one, whatever comes', () => {
    const step = fc.record({
      sort: fc.constantFrom('a', 'b', 'c'),
      wait: fc.integer({ min: -2 * MINUTE, max: MINUTE }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const throttle = new Throttle(100);
        let [now, told] = [NOW, 0];
        for (const { sort, wait } of steps) {
          now += wait;
          told += (throttle.admit(sort, now) ?? -1) + 1;
        }
        told += throttle.admit('the last', now + 2 * MINUTE) ?? Number.NaN;
        expect(told).toBe(steps.length);
      }),
    );
  });
});
