import { describe, expect, test } from 'vitest';
import {
  accountTag,
  deviceTag,
  formatToken,
  hashSecret,
  isSessionId,
  newId,
  newIncarnation,
  newSecret,
  newVersion,
  parseToken,
  realmTag,
  sameHash,
  userTag,
} from '../../../src/model/token.ts';
import { size } from '../../ci-only.ts';
import { fc } from '../support/fast-check.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;
const ref = { id: newId(), user: userTag('default', 'ann'), account: accountTag('default', 'acme') };

describe('SES-1: secrets and ids are random', () => {
  test('a secret has 256 bits, an id 128, and neither is a UUID', () => {
    const [secret, id] = [newSecret(), newId()];
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(Buffer.from(id, 'base64url')).toHaveLength(16);
    expect(`${secret} ${id}`).not.toMatch(UUID);
  });

  const COUNT = size('model: secrets without a duplicate');
  test(`${COUNT} have no duplicate, and every bit is as often 0 as 1`, () => {
    const [secrets, ids] = [new Set<string>(), new Set<string>()];
    const ones = new Array<number>(256).fill(0);
    for (let at = 0; at < COUNT; at++) {
      const secret = newSecret();
      secrets.add(secret);
      ids.add(newId());
      if (at >= 5000) continue;
      for (const [byte, value] of Buffer.from(secret, 'base64url').entries()) {
        for (let bit = 0; bit < 8; bit++) if ((value >> bit) & 1) ones[byte * 8 + bit]! += 1;
      }
    }
    expect([secrets.size, ids.size]).toEqual([COUNT, COUNT]);
    // The limit is eight standard deviations from the mean of 5,000 coin throws.
    for (const count of ones) expect(Math.abs(count - 2500)).toBeLessThan(283);
  });

  test('incarnations and first versions are random, too', () => {
    expect(new Set(Array.from({ length: 1000 }, newIncarnation)).size).toBe(1000);
    const versions = Array.from({ length: 1000 }, newVersion);
    expect(new Set(versions).size).toBe(1000);
    for (const version of versions) expect(Number.isSafeInteger(version + 2 ** 50)).toBe(true);
  });
});

describe('SES-2: a token says nothing', () => {
  test('but fixed-length parts without the name of user, account or realm, or a time', () => {
    const token = formatToken(
      {
        id: newId(),
        user: userTag('shop-in-town', 'annabelle@example.org'),
        account: accountTag('shop-in-town', 'acme-limited'),
      },
      newSecret(),
    );
    expect(token).toMatch(/^sr1(\.[\w-]{22}){3}\.[\w-]{43}$/);
    const decoded = token.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    // Each word is too long to appear by chance.
    for (const text of [token, ...decoded])
      for (const word of ['annabelle', 'example.org', 'acme-limited', 'shop-in-town']) expect(text).not.toContain(word);
  });
});

describe('tags', () => {
  test('are 128 bits of SHA-256, the same every time', () => {
    expect(userTag('default', 'ann')).toMatch(/^[\w-]{22}$/);
    expect(userTag('default', 'ann')).toBe(userTag('default', 'ann'));
  });

  test('tell populations, realms and names apart, whatever they are made of', () => {
    const names = ['ann', 'Ann', 'ann ', 'a', 'nn', '', '","', '"', ']', '}x', 'caf\u00e9', 'cafe\u0301', '\u{1f600}'];
    const tags = names.flatMap((name) => [
      realmTag(name),
      ...names.flatMap((realm) => [userTag(realm, name), accountTag(realm, name), deviceTag(realm, name)]),
    ]);
    expect(new Set(tags).size).toBe(tags.length);
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (a, b, c, d) => {
        expect(userTag(a, b) === userTag(c, d)).toBe(a === c && b === d);
      }),
    );
  });
});

describe('SES-5: a token is input like any other', () => {
  test('comes apart as it was put together', () => {
    for (const account of [ref.account, null]) {
      const secret = newSecret();
      expect(parseToken(formatToken({ ...ref, account }, secret))).toEqual({ ref: { ...ref, account }, secret });
    }
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 1],
    ['an array of a doubled header', [formatToken(ref, newSecret())]],
    ['an object', { toString: () => formatToken(ref, newSecret()) }],
    ['empty text', ''],
    ['10 kB', 'x'.repeat(10_240)],
    ['10 MB that begin well', `${formatToken(ref, newSecret())}${'x'.repeat(10_485_760)}`],
    ['quotes', `${formatToken(ref, newSecret()).slice(0, -1)}'`],
    ['a NUL', `${formatToken(ref, newSecret()).slice(0, -1)}\0`],
    ['a new line behind it', `${formatToken(ref, newSecret())}\n`],
    ['a space before it', ` ${formatToken(ref, newSecret())}`],
    ['other scripts', formatToken(ref, `${newSecret().slice(0, -1)}\u00e9`)],
    ['digits of another script', formatToken(ref, `${newSecret().slice(0, -1)}\u0661`)],
    ['another version', formatToken(ref, newSecret()).replace('sr1', 'sr2')],
    ['upper case', formatToken(ref, newSecret()).replace('sr1', 'SR1')],
    ['a part too few', formatToken(ref, newSecret()).split('.').slice(0, 4).join('.')],
    ['a part too many', `${formatToken(ref, 'x'.repeat(20))}.${'x'.repeat(22)}`],
    ['no user', formatToken({ ...ref, user: '' }, newSecret())],
    ['padding', `${formatToken(ref, newSecret()).slice(0, -1)}=`],
  ])('is malformed where it is %s', (_, token) => {
    expect(parseToken(token)).toBeNull();
  });

  test('never throws, and takes only what it would write itself', () => {
    const [alphabet] = ['sr1.-_AZaz09\0\u00e9 \'"'];
    const nearly = fc
      .array(fc.constantFrom(...(alphabet ?? '')), { minLength: 90, maxLength: 120 })
      .map((parts) => parts.join(''));
    const edited = fc.tuple(fc.nat(120), fc.string({ maxLength: 3 })).map(([at, text]) => {
      const token = formatToken(ref, newSecret());
      return token.slice(0, at) + text + token.slice(at + text.length);
    });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string(), nearly, edited), (value) => {
        const parsed = parseToken(value);
        if (parsed !== null) expect(formatToken(parsed.ref, parsed.secret)).toBe(value);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    '',
    'x',
    'x'.repeat(21),
    'x'.repeat(23),
    `${'x'.repeat(21)}.`,
    `${'x'.repeat(22)}\n`,
    '\u00e9'.repeat(22),
  ])('an id that could be none is told before a store is asked: %j', (id) => {
    expect(isSessionId(id)).toBe(false);
  });
});

describe('OPS-5: hashes', () => {
  test('are SHA-256 in base64url', () => {
    expect(hashSecret('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });

  test('are the same only where every character is', () => {
    const hash = hashSecret('abc');
    expect(sameHash(hash, hashSecret('abc'))).toBe(true);
    expect(sameHash(hash, hash.slice(0, -1))).toBe(false);
    for (const at of hash.split('').keys()) {
      expect(sameHash(hash, `${hash.slice(0, at)}${hash[at] === 'x' ? 'y' : 'x'}${hash.slice(at + 1)}`)).toBe(false);
    }
  });
});
