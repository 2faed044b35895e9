import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../../src/lib/duration.ts';
import { parseLifetime } from '../../../src/model/lifetime.ts';
import { fc } from '../support/fast-check.ts';

const YEARS_100 = 100 * 365 * 86_400_000;

describe('a duration', () => {
  test.each([
    [1, 1],
    [1500, 1500],
    ['1ms', 1],
    ['2s', 2000],
    ['15m', 900_000],
    ['3h', 10_800_000],
    ['30d', 2_592_000_000],
    ['2w', 1_209_600_000],
    ['007s', 7000],
    [YEARS_100, YEARS_100],
  ])('%o is %i ms', (given, ms) => {
    expect(parseDuration('idle', given)).toBe(ms);
  });

  test.each([
    ...[undefined, null, true, {}, [], [1], new Date(0), 1n, Symbol('x'), Number.NaN, Number.POSITIVE_INFINITY],
    ...[
      0,
      -1,
      0.5,
      1.5,
      YEARS_100 + 1,
      2 ** 53,
      '',
      '1',
      'm',
      '15 m',
      '15M',
      '1.5h',
      '-1h',
      '1e3s',
      '0x1s',
      '15min',
      ' 15m',
      '15m\n',
    ],
    ...['5215w', '999999999999999d', `${'9'.repeat(400)}s`, '\u0661m', '1y'],
  ])('%o is none: the option, what was given and what is allowed are named', (given) => {
    expect(() => parseDuration('lifetime.idle', given)).toThrow(TypeError);
    expect(() => parseDuration('lifetime.idle', given)).toThrow(
      /^lifetime\.idle is .*; allowed are milliseconds, .*'15m'.*, not 0$/s,
    );
  });

  test('may be 0 only where that is said', () => {
    expect(parseDuration('touchEvery', 0, { min: 0 })).toBe(0);
    expect(parseDuration('touchEvery', '0s', { min: 0 })).toBe(0);
    expect(() => parseDuration('touchEvery', -1, { min: 0 })).toThrow(/100 years$/);
  });

  test('outside of the range of an option is an error that names the range', () => {
    const parse = (value: unknown, range: object) => () => parseDuration('timeout', value, range);
    expect(parse('2m', { max: 60e3 })).toThrow(/^timeout is 120000 ms; allowed are 1 to 60000 ms$/);
    expect(parse(0, { min: 2, max: 60e3 })).toThrow(/^timeout is 0 ms; allowed are 2 to 60000 ms$/);
    expect(parse('1s', { min: 2e3 })).toThrow(/^timeout is 1000 ms; at least 2000 ms are needed$/);
    expect(parse('1m', { min: 2e3, max: 60e3 })()).toBe(60e3);
  });

  test('is a whole number of milliseconds or an error that stays short, whatever is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.double(), fc.stringMatching(/^\d{0,20}(ms|s|m|h|d|w|x)$/)), (given) => {
        try {
          const ms = parseDuration('x', given);
          expect(Number.isSafeInteger(ms) && ms > 0 && ms <= YEARS_100).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          if (typeof given === 'string') expect((error as Error).message.length).toBeLessThan(300);
        }
      }),
    );
  });
});

describe('a lifetime', () => {
  const defaults = { absolute: 10, idle: 5 };

  test('takes the default for what is left out, and null for never', () => {
    expect(parseLifetime('lifetime', {}, defaults)).toEqual(defaults);
    expect(parseLifetime('lifetime', { absolute: undefined, idle: null }, defaults)).toEqual({
      absolute: 10,
      idle: null,
    });
    expect(parseLifetime('lifetime', { absolute: null, idle: '1s' }, defaults)).toEqual({ absolute: null, idle: 1000 });
  });

  test('names the part that is wrong; 0 is not taken for the default', () => {
    expect(() => parseLifetime('kinds.api.lifetime', { idle: 0 }, defaults)).toThrow(
      /^kinds\.api\.lifetime\.idle is 0;/,
    );
    expect(() => parseLifetime('lifetime', { absolute: '' as never }, defaults)).toThrow(/^lifetime\.absolute is "";/);
  });

  test('is resolved once and frozen', () => {
    expect(Object.isFrozen(parseLifetime('lifetime', {}, defaults))).toBe(true);
  });
});
