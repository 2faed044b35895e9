import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCompact } from '../../../src/jwt/compact.ts';
import { encode } from './support/tokens.ts';

const HEADER = { alg: 'EdDSA', kid: 'k1', typ: 'at+jwt' };
const CLAIMS = { iss: 'https://id.example', sub: 'ann', deep: [{ a: 1, b: { a: 2 } }] };
const SIGNATURE = 'A'.repeat(86);

const tokenOf = (header: unknown, claims: unknown = CLAIMS, signature = SIGNATURE): string =>
  `${encode(header)}.${encode(claims)}.${signature}`;

describe('parseCompact', () => {
  test('takes a token apart', () => {
    expect(parseCompact(tokenOf(HEADER))).toEqual({ header: HEADER, claims: CLAIMS });
    expect(parseCompact(tokenOf({ alg: 'ES256' }, {}))).toEqual({ header: { alg: 'ES256' }, claims: {} });
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an array of a doubled header', [tokenOf(HEADER)]],
    ['an object that looks like one', { toString: () => tokenOf(HEADER), length: 10 }],
    ['nothing at all', ''],
    ['one part', encode(HEADER)],
    ['two parts', `${encode(HEADER)}.${encode(CLAIMS)}`],
    ['four parts', `${tokenOf(HEADER)}.AAAA`],
    ['five, as an encrypted token has', `${tokenOf(HEADER)}.AAAA.AAAA`],
    ['an empty header', `.${encode(CLAIMS)}.${SIGNATURE}`],
    ['no claims', `${encode(HEADER)}..${SIGNATURE}`],
    ['no signature', tokenOf(HEADER, CLAIMS, '')],
    ['10 MB', tokenOf(HEADER, CLAIMS, 'A'.repeat(10_485_760))],
  ])('JWT-14: refuses %s', (_, jwt) => expect(parseCompact(jwt)).toBeNull());

  test('JWT-14: reads 8,192 characters, and no more', () => {
    const before = tokenOf(HEADER, CLAIMS, '').length;
    const ofLength = (length: number): string => tokenOf(HEADER, CLAIMS, 'A'.repeat(length - before));
    const isToken = (length: number): boolean => (length - before) % 4 !== 1;
    for (const length of [8190, 8191, 8192].filter(isToken)) expect(parseCompact(ofLength(length))).not.toBeNull();
    for (const length of [8193, 8194, 8195]) expect(parseCompact(ofLength(length))).toBeNull();
    expect([8190, 8191, 8192].filter(isToken).length).toBeGreaterThan(1);
    expect([8193, 8194].some(isToken)).toBe(true);
  });

  test.each([' ', '\n', '\0', '=', '+', '/', '~', '\u00e9', '\u0661', '%2E', ',', '"'])(
    'JWT-14: refuses %j, wherever it stands',
    (text) => {
      const jwt = tokenOf(HEADER);
      for (const at of [0, 5, jwt.indexOf('.'), jwt.lastIndexOf('.'), jwt.length]) {
        expect(parseCompact(jwt.slice(0, at) + text + jwt.slice(at))).toBeNull();
      }
    },
  );

  test('JWT-10: refuses another spelling of the same bytes, in every part', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    let refused = 0;
    for (const length of [85, 86, 87]) {
      const jwt = tokenOf(HEADER, { iss: 'x' }, 'A'.repeat(length));
      for (const [at, part] of jwt.split('.').entries()) {
        for (const last of alphabet) {
          const parts = jwt.split('.');
          parts[at] = part.slice(0, -1) + last;
          const isCanonical = parts.every((each) => Buffer.from(each, 'base64url').toString('base64url') === each);
          if (isCanonical) continue;
          expect(parseCompact(parts.join('.')), `${part.slice(0, -1)}${last}`).toBeNull();
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(200);
  });

  test('accepts one spelling for each signature of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (bytes) => {
        expect(parseCompact(tokenOf(HEADER, CLAIMS, Buffer.from(bytes).toString('base64url')))).not.toBeNull();
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  test.each([
    ['jwk', { kty: 'OKP', crv: 'Ed25519', x: 'x' }],
    ['jku', 'https://evil.example/jwks.json'],
    ['x5u', 'https://evil.example/cert.pem'],
    ['x5c', ['MIIB']],
    ['x5t', 'x'],
    ['x5t#S256', 'x'],
    ['crit', ['exp']],
    ['b64', false],
    ['zip', 'DEF'],
    ['enc', 'A256GCM'],
    ['epk', {}],
    ['p2c', 1],
    ['nonce', 'x'],
    ['__proto__', {}],
    ['constructor', 'x'],
    ['ALG', 'EdDSA'],
  ])('JWT-3: refuses a header with %s', (name, value) => {
    // Written as text, because `__proto__` in an object literal would set the prototype.
    const header = `${JSON.stringify(HEADER).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`;
    expect(JSON.parse(header)).toBeTypeOf('object');
    expect(parseCompact(tokenOf(header))).toBeNull();
  });

  test.each<[string, unknown]>([
    ['without alg', { kid: 'k1' }],
    ['whose alg is an array', { alg: ['EdDSA'] }],
    ['whose kid is a number', { alg: 'EdDSA', kid: 1 }],
    ['whose kid is an object', { alg: 'EdDSA', kid: { $ne: null } }],
    ['whose kid has 257 characters', { alg: 'EdDSA', kid: 'k'.repeat(257) }],
    ['whose typ is null', { alg: 'EdDSA', typ: null }],
    ['that holds another token', { ...HEADER, cty: 'JWT' }],
    ['that holds another token, in other letters', { ...HEADER, cty: 'application/jwt' }],
    ['that is an array', [HEADER]],
    ['that is a string', '"EdDSA"'],
    ['that is null', 'null'],
    ['that is no JSON', '{"alg":"EdDSA",}'],
    ['that is followed by something', `${JSON.stringify(HEADER)} {}`],
    ['that begins with a byte order mark', `\ufeff${JSON.stringify(HEADER)}`],
  ])('refuses a header %s', (_, header) => expect(parseCompact(tokenOf(header))).toBeNull());

  test.each([
    ['an array', '[{"iss":"x"}]'],
    ['a string', '"x"'],
    ['null', 'null'],
    ['a number', '1'],
    ['no JSON', '{iss:"x"}'],
    ['no text', ''],
  ])('refuses claims that are %s', (_, claims) => expect(parseCompact(tokenOf(HEADER, claims))).toBeNull());

  test('refuses claims that are not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"iss":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(parseCompact(`${encode(HEADER)}.${bytes.toString('base64url')}.${SIGNATURE}`)).toBeNull();
  });

  test.each([
    '{"sub":"ann","sub":"bob"}',
    '{"sub":"ann","s\\u0075b":"bob"}',
    '{"sub":"ann","deep":{"a":1,"b":[{"c":1,"c":2}]}}',
    '{"sub":"ann","__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
    '{"a":{"a":1},"b":{"a":1,"a":1}}',
    '{"x":"\\":\\"","x":1}',
  ])('refuses members that occur twice, of which two readers make two things: %s', (claims) => {
    expect(() => JSON.parse(claims)).not.toThrow();
    expect(parseCompact(tokenOf(HEADER, claims))).toBeNull();
  });

  test('refuses them in the header, too', () => {
    expect(parseCompact(tokenOf('{"alg":"EdDSA","alg":"none"}'))).toBeNull();
  });

  test.each([
    '{"a":{"x":1},"b":{"x":1}}',
    '{"a":":","b":"\\":","c":"\\\\","d":["::",{}],"e":"{\\"a\\":1,\\"a\\":2}"}',
    '{"__proto__":1,"constructor":2,"toString":3}',
    '{"a":[],"b":{},"c":[[[{}]]]}',
  ])('reads what only looks like it: %s', (claims) => {
    expect(parseCompact(tokenOf(HEADER, claims))?.claims).toEqual(JSON.parse(claims));
  });

  test('counts members like JSON.parse, for any JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 }), { maxKeys: 5 }), (claims) => {
        fc.pre(JSON.stringify(claims).length < 4000);
        expect(parseCompact(tokenOf(HEADER, claims))?.claims).toEqual(JSON.parse(JSON.stringify(claims)));
      }),
      { seed: 11, numRuns: 500 },
    );
  });

  test('reads what is nested as deep as it may be long', () => {
    const deep = (json: string): string => tokenOf(HEADER, json);
    expect(parseCompact(deep(`{"a":${'['.repeat(2900)}${']'.repeat(2900)}}`))).not.toBeNull();
    expect(parseCompact(deep(`${'{"a":'.repeat(900)}1${'}'.repeat(900)}`))).not.toBeNull();
  });
});
