import { describe, expect, test } from 'vitest';
import { formatGrant, parseGrant } from '../../../src/store/codec.ts';

const app = { id: 'app', name: 'The app', scope: 'read write', kept: 'cookie' } as const;

describe('the text of a client', () => {
  test.each([app, { ...app, scope: null, kept: null }, { ...app, id: '"', name: '\u{1f600}\\' }])(
    'gives the client back: %o',
    (client) => expect(parseGrant(formatGrant(client))).toEqual(client),
  );

  test('has at most 4,096 bytes for the largest client that the core writes', () => {
    const largest = {
      id: '\u20ac'.repeat(256),
      name: '"'.repeat(256),
      scope: 's'.repeat(1024),
      kept: 'cookie',
    } as const;
    expect(Buffer.byteLength(formatGrant(largest))).toBeLessThanOrEqual(4096);
  });

  test.each([
    ['no JSON', 'app'],
    ['no object', '"app"'],
    ['null', 'null'],
    ['an array', '["app","The app",null,null]'],
    ['without an id', JSON.stringify({ ...app, id: undefined })],
    ['with an empty id', JSON.stringify({ ...app, id: '' })],
    ['with a number for a name', JSON.stringify({ ...app, name: 7 })],
    ['without a scope', JSON.stringify({ ...app, scope: undefined })],
    ['with a malformed scope', JSON.stringify({ ...app, scope: 'read  write' })],
    ['with an empty scope', JSON.stringify({ ...app, scope: '' })],
    ['kept in another place', JSON.stringify({ ...app, kept: 'storage' })],
    ['without a place', JSON.stringify({ ...app, kept: undefined })],
  ])('is an error where it is %s', (_, text) => {
    expect(() => parseGrant(text)).toThrow();
  });
});
