import { describe, expect, test } from 'vitest';
import { formatCursor, parseCursor, parseLimit } from '../../../src/lib/page.ts';
import { fc } from '../support/fast-check.ts';

describe('a cursor', () => {
  test('comes back as the place that it was of', () => {
    const id = fc.stringMatching(/^[\w-]{22}$/);
    fc.assert(
      fc.property(fc.record({ at: fc.maxSafeNat(), id }), (place) => {
        expect(parseCursor(formatCursor(place))).toEqual(place);
      }),
    );
  });

  test.each([undefined, null])('of %o is the beginning', (cursor) => {
    expect(parseCursor(cursor)).toBeUndefined();
  });

  test('of whatever else is misuse, and nothing else is thrown', () => {
    fc.assert(
      fc.property(
        fc.anything().filter((value) => value !== undefined && value !== null),
        (value) => {
          expect(() => parseCursor(value)).toThrow(new TypeError('cursor must be what the last page gave'));
        },
      ),
    );
  });
});

describe('a limit', () => {
  test('is 100 where none is given, and at most 1,000', () => {
    expect([undefined, 1, 1000].map((limit) => parseLimit(limit))).toEqual([100, 1, 1000]);
    expect([undefined, 1].map((limit) => parseLimit(limit, 7))).toEqual([7, 1]);
    for (const limit of [0, 1001, 1.5, -1, '7', null, Number.NaN, 2 ** 53]) {
      expect(() => parseLimit(limit)).toThrow(/^limit is .*; allowed are whole numbers from 1 to 1000$/);
    }
  });
});
