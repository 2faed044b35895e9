import { describe, expect, test } from 'vitest';
import { parseArguments, parseOptionalText, parseText, refuseUnknownKeys } from '../../../src/lib/input.ts';
import { isPlainObject } from '../../../src/lib/json.ts';
import { parseAttributes } from '../../../src/model/attributes.ts';
import { parseMethods } from '../../../src/model/authentication.ts';
import { fc } from '../support/fast-check.ts';

describe('text', () => {
  test.each(['ann', ' ', 'x'.repeat(256), '\u{1f600}'.repeat(128), 'caf\u00e9', '}x', "' OR 1=1", '%_', '\u00a0'])(
    'takes %j as it is',
    (text) => {
      expect(parseText('user', text)).toBe(text);
    },
  );

  test.each([
    [undefined, /^user must be a string, not undefined$/],
    [null, /^user must be a string, not null$/],
    [1, /not number; write String\(user\)$/],
    [['ann'], /not an array$/],
    [{ toString: () => 'ann' }, /not an object$/],
    ['', /^user must not be empty$/],
    ['x'.repeat(257), /^user has 257 characters; at most 256 are allowed$/],
    ['a\0b', /well-formed text without control characters$/],
    ['a\nb', /control characters$/],
    ['a\u2028b', /control characters$/],
    ['a\u0085b', /control characters$/],
    ['\ud800', /well-formed/],
    ['a\udc00b', /well-formed/],
  ])('OPS-8: refuses %j and says why', (value, words) => {
    expect(() => parseText('user', value)).toThrow(TypeError);
    expect(() => parseText('user', value)).toThrow(words);
  });

  test('may be left out where that is allowed; empty is not left out', () => {
    expect([undefined, null, 'x'].map((value) => parseOptionalText('by', value))).toEqual([null, null, 'x']);
    expect(() => parseOptionalText('by', '')).toThrow('by must not be empty');
  });
});

describe('methods', () => {
  test('are a frozen copy', () => {
    const given = ['pwd', 'otp'];
    const methods = parseMethods('amr', given);
    given.push('x');
    expect(methods).toEqual(['pwd', 'otp']);
    expect(Object.isFrozen(methods)).toBe(true);
    expect(parseMethods('amr', undefined)).toEqual([]);
  });

  test.each([[null], ['pwd'], [{ length: 0 }], [Array(17).fill('pwd')]])('refuses %o', (value) => {
    expect(() => parseMethods('amr', value)).toThrow(/^amr must be an array of at most 16 strings/);
  });

  test('names the one that is wrong', () => {
    expect(() => parseMethods('amr', ['pwd', 7])).toThrow('amr[1] must be a string, not number');
  });
});

describe('attributes', () => {
  test('are a copy, frozen through', () => {
    const given = { a: [1, { b: null }], c: { d: 'x' } };
    const attributes = parseAttributes('attributes', given);
    given.c.d = 'y';
    expect(attributes).toEqual({ a: [1, { b: null }], c: { d: 'x' } });
    for (const part of [attributes, attributes.a, attributes.c]) expect(Object.isFrozen(part)).toBe(true);
    expect(parseAttributes('attributes', undefined)).toEqual({});
    expect(parseAttributes('attributes', { gone: undefined, here: 1 })).toEqual({ here: 1 });
    expect(parseAttributes('attributes', Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
  });

  class Thing {}
  test.each([
    [null, /^attributes must be a plain object, not null$/],
    [[], /not an array$/],
    ['x', /not string$/],
    [new Map(), /not an object$/],
    [new Thing(), /not an object$/],
    [{ a: new Date(0) }, /^attributes must be JSON|^attributes\.a must be JSON/],
    [{ a: () => 1 }, /^attributes\.a must be JSON/],
    [{ a: 1n }, /^attributes\.a must be JSON/],
    [{ a: Number.NaN }, /^attributes\.a must be JSON/],
    [{ a: [1, Number.POSITIVE_INFINITY] }, /^attributes\.a\[1\] must be JSON/],
    [{ a: [undefined] }, /^attributes\.a\[0\] must be JSON/],
    [{ a: '\ud800' }, /^attributes\.a must be JSON/],
    [{ a: 'x\0' }, /^attributes\.a must be JSON/],
    [{ 'x\0': 1 }, /^attributes has a key that cannot be stored$/],
    [JSON.parse('{"__proto__": 1}'), /^attributes has a key that cannot be stored$/],
  ])('refuses %o and says where', (value, words) => {
    expect(() => parseAttributes('attributes', value)).toThrow(TypeError);
    expect(() => parseAttributes('attributes', value)).toThrow(words);
  });

  test('take 4,096 bytes as JSON, not characters', () => {
    const filled = (text: string) => parseAttributes('attributes', { a: text });
    expect(filled('x'.repeat(4096 - 8)).a).toHaveLength(4088);
    expect(() => filled('x'.repeat(4089))).toThrow('attributes take 4097 bytes as JSON; at most 4096 are allowed');
    expect(() => filled('\u20ac'.repeat(1400))).toThrow('attributes take 4208 bytes');
  });

  test('end 16 deep, so that a circle is refused and not followed', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(() => parseAttributes('attributes', circle)).toThrow(/16 deep/);
  });

  test('come back from JSON as they went in, whatever is taken', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string(),
          fc.jsonValue({ maxDepth: 4 }).map((one) => JSON.parse(JSON.stringify(one))),
        ),
        (value) => {
          let taken: unknown;
          try {
            taken = parseAttributes('attributes', value);
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError);
            return;
          }
          expect(JSON.parse(JSON.stringify(taken))).toEqual(taken);
        },
      ),
    );
  });
});

describe('arguments', () => {
  test('are objects of known keys', () => {
    expect(parseArguments('start', { a: 1 }, ['a', 'b'])).toEqual({ a: 1 });
    for (const value of [undefined, null, 'x', 1, []])
      expect(() => parseArguments('start', value, ['a'])).toThrow(/^start must be an object, not /);
    expect(() => parseArguments('start', { user: 'x', usr: 'y' }, ['user'])).toThrow(
      'start has an unknown option "usr"; known are user',
    );
    expect(() => refuseUnknownKeys('start', JSON.parse('{"__proto__": 1}'), ['user'])).toThrow(
      'unknown option "__proto__"',
    );
  });

  test.each([
    [{}, true],
    [Object.create(null), true],
    [[], false],
    [null, false],
    [new Date(), false],
    [() => {}, false],
    [Object.create({}), false],
  ])('%o is a plain object: %o', (value, due) => {
    expect(isPlainObject(value)).toBe(due);
  });
});
