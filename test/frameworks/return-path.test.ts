import fc from 'fast-check';
import { safeReturnPath } from 'session-revocation/express';
import { describe, expect, test } from 'vitest';

/** A fixed seed, so that every run tests the same texts. */
const SEED = 20261101;
const HOSTS = ['https://app.example.org', 'https://app.example.org:8443', 'http://localhost:3000'];

/** Pieces of text with which an attacker would redirect a browser. */
const piece = fc.constantFrom(
  ...['/', '//', '\\', '.', '..', '/./', '/../', '%2e', '%2F', '%5C', '%00', '%09', '%0a', ':', '@', '?', '#', ';'],
  ...['\t', '\n', '\r', '\0', ' ', '\u00a0', '\u2028', '\u3002', '\uff0f', '\uff3c', '\ud800', '\ufeff', '\u200b'],
  ...['evil.example', 'https:', 'http://evil.example', 'javascript:', 'data:', 'a', '[::1]', '127.0.0.1'],
);
const astray = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));

describe('safeReturnPath', () => {
  test('never leaves the host, for any input', () => {
    fc.assert(
      fc.property(fc.oneof(astray, fc.string({ unit: 'binary' }), fc.webUrl()), (path) => {
        const safe = safeReturnPath(path);
        expect(safe).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/);
        expect(HOSTS.map((host) => new URL(safe, host).origin)).toEqual(HOSTS);
        // The result is normalized: a second pass changes nothing.
        expect(safeReturnPath(safe)).toBe(safe);
      }),
      { numRuns: 3000, seed: SEED },
    );
  });

  test('keeps what is a path', () => {
    const segment = fc.stringMatching(/^[a-z0-9_~-]{1,8}$/);
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1 }), fc.option(segment), (segments, query) => {
        const path = `/${segments.join('/')}${query === null ? '' : `?q=${query}`}`;
        expect(safeReturnPath(path, '/fallback')).toBe(path);
      }),
      { seed: SEED },
    );
  });

  test.each([undefined, null, 1, {}, ['/a'], Symbol('a')])('falls back for what is no text: %s', (path) => {
    expect(safeReturnPath(path, '/fallback')).toBe('/fallback');
  });
});
