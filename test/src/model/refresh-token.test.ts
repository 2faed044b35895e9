import { describe, expect, test } from 'vitest';
import {
  formatRefreshCredential,
  formatRefreshToken,
  hashesOf,
  hashFamily,
  hashRotating,
  lineageMark,
  newLineage,
  parseRefreshCredential,
  parseRefreshToken,
} from '../../../src/model/refresh-token.ts';
import {
  accountTag,
  formatToken,
  hashSecret,
  newId,
  newSecret,
  parseToken,
  userTag,
} from '../../../src/model/token.ts';

const ref = { id: newId(), user: userTag('default', 'ann'), account: accountTag('default', 'acme') };

describe('a refresh token', () => {
  test.each([ref, { ...ref, account: null }])('is taken apart as it was put together', (of) => {
    const lineage = newLineage();
    expect(lineage.family).not.toBe(lineage.rotating);
    const token = formatRefreshToken(of, lineage);
    expect(parseRefreshToken(token)).toEqual({ ref: of, secrets: lineage });
    expect(parseToken(token)).toBeNull();
    expect(parseRefreshToken(formatToken(of, lineage.family))).toBeNull();
  });
});

describe('what is stored of it', () => {
  const lineage = newLineage();

  test('is read as it was written, and fits into every store, at any time that there may be', () => {
    const hashes = hashesOf(lineage);
    expect(parseRefreshCredential(formatRefreshCredential(hashes))).toEqual(hashes);
    for (const at of [0, 1_800_000_000_000, Number.MAX_SAFE_INTEGER]) {
      const former = Array.from({ length: 6 }, () => lineageMark(hashFamily(newSecret())));
      const later = { ...hashes, previous: { rotating: hashRotating(newSecret()), at }, former };
      expect(parseRefreshCredential(formatRefreshCredential({ ...hashes, former }))).toEqual({ ...hashes, former });
      const text = formatRefreshCredential(later);
      expect(parseRefreshCredential(text)).toEqual(later);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(255);
    }
  });

  test.each([
    ['', 'the hash of nothing'],
    [hashSecret(newSecret()), 'that of an opaque secret'],
    [`${hashSecret('a')}.`, 'half of one'],
    [`${hashSecret('a')}.${hashSecret('b')}.${hashSecret('c')}`, 'one without a time'],
    [`${hashSecret('a')}.${hashSecret('b')}.${hashSecret('c')}.1.`, 'more'],
    [`${hashSecret('a')}.${hashSecret('b')}~${hashSecret('c')}`, 'a lineage before it with too long a mark'],
  ])('is not %j: %s', (text) => expect(parseRefreshCredential(text)).toBeNull());

  test('proves of one sort of secret nothing of another', () => {
    const secret = newSecret();
    expect(new Set([hashSecret(secret), hashFamily(secret), hashRotating(secret)]).size).toBe(3);
    expect(parseRefreshCredential(hashSecret(secret))).toBeNull();
  });
});
