import { describe, expect, test } from 'vitest';
import { BY_KEYS, NO_CAUSE, parseCause } from '../../src/cause.ts';

describe('a cause', () => {
  test('is who, why, a remark and from where', () => {
    const cause = { by: 'admin-1', reason: 'offboarding', note: 'ticket 7', from: 'Safari on iOS' };
    expect(parseCause(cause)).toEqual(cause);
    expect(Object.keys(cause)).toEqual(BY_KEYS);
  });

  test.each([{}, { by: undefined, reason: null }])('of %o says nothing', (input) => {
    expect(parseCause(input)).toEqual(NO_CAUSE);
  });

  test('takes nothing else along', () => {
    expect(parseCause({ by: 'ann', user: 'bob', token: 'sr1.x' })).toEqual({ ...NO_CAUSE, by: 'ann' });
  });

  test.each(BY_KEYS)('OPS-8: %s is a text of at most 256 harmless characters', (part) => {
    expect(parseCause({ [part]: 'x'.repeat(256) })[part as 'by']).toHaveLength(256);
    for (const value of [7, {}, ['ann'], '', 'x'.repeat(257), 'a\nb', 'a\u2028b', '\ud800', '\u001b[31m']) {
      expect(() => parseCause({ [part]: value })).toThrow(new RegExp(`^${part} `));
      expect(() => parseCause({ [part]: value })).toThrow(TypeError);
    }
  });
});
