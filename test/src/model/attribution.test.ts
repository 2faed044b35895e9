import { describe, expect, test } from 'vitest';
import { ATTRIBUTION_KEYS, NO_ATTRIBUTION, parseAttribution } from '../../../src/model/attribution.ts';

describe('an attribution', () => {
  test('is who, why, a remark and from where', () => {
    const attribution = { by: 'admin-1', reason: 'offboarding', note: 'ticket 7', fromDevice: 'Safari on iOS' };
    expect(parseAttribution(attribution)).toEqual(attribution);
    expect(Object.keys(attribution)).toEqual(ATTRIBUTION_KEYS);
  });

  test.each([{}, { by: undefined, reason: null }])('of %o says nothing', (input) => {
    expect(parseAttribution(input)).toEqual(NO_ATTRIBUTION);
  });

  test('takes nothing else along', () => {
    expect(parseAttribution({ by: 'ann', user: 'bob', token: 'sr1.x' })).toEqual({ ...NO_ATTRIBUTION, by: 'ann' });
  });

  test.each(ATTRIBUTION_KEYS)('OPS-8: %s is a text of at most 256 harmless characters', (part) => {
    expect(parseAttribution({ [part]: 'x'.repeat(256) })[part as 'by']).toHaveLength(256);
    for (const value of [7, {}, ['ann'], '', 'x'.repeat(257), 'a\nb', 'a\u2028b', '\ud800', '\u001b[31m']) {
      expect(() => parseAttribution({ [part]: value })).toThrow(new RegExp(`^${part} `));
      expect(() => parseAttribution({ [part]: value })).toThrow(TypeError);
    }
  });
});
