import { describe, expect, test } from 'vitest';
import { newEpoch } from '../../../src/model/epoch.ts';
import { formatEpoch } from '../../../src/store/codec.ts';
import { EpochCache } from '../../../src/store/epoch-cache.ts';
import { NOW } from '../../../src/testing/harness/bench.ts';

const TAG = 'tag';

describe('a cache of epoch records', () => {
  test('decodes a text once, and freezes the value and its parts', () => {
    const cache = new EpochCache();
    const record = newEpoch(NOW);
    const decoded = cache.get(formatEpoch(record), TAG);
    expect(decoded).toEqual(record);
    expect([Object.isFrozen(decoded), Object.isFrozen(decoded.keep)]).toEqual([true, true]);
    expect(cache.get(formatEpoch(record), TAG)).toBe(decoded);
  });

  test('shares nothing with the cache of another store', () => {
    const text = formatEpoch(newEpoch(NOW));
    expect(new EpochCache().get(text, TAG)).not.toBe(new EpochCache().get(text, TAG));
  });

  test('never returns the record of an older text under the same tag', () => {
    const cache = new EpochCache();
    for (const record of [newEpoch(NOW), newEpoch(NOW)]) {
      expect(cache.get(formatEpoch(record), TAG)).toEqual(record);
    }
  });

  test('has a bounded size: it decodes a record again that it dropped', () => {
    const cache = new EpochCache();
    const text = formatEpoch(newEpoch(NOW));
    const decoded = cache.get(text, TAG);
    for (let at = 0; at < 5000; at++) cache.get(formatEpoch(newEpoch(at)), `tag ${at}`);
    expect(cache.get(text, TAG)).toEqual(decoded);
    expect(cache.get(text, TAG)).not.toBe(decoded);
  });

  test('throws for a text that is not a record, and caches nothing', () => {
    const cache = new EpochCache();
    for (let tries = 0; tries < 2; tries++) expect(() => cache.get('{}', TAG)).toThrow('malformed');
  });
});
