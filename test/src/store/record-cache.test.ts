import { describe, expect, test } from 'vitest';
import { newEpoch } from '../../../src/model/epoch.ts';
import { formatEpoch, formatGrant } from '../../../src/store/codec.ts';
import { RecordCache } from '../../../src/store/record-cache.ts';
import { NOW } from '../../../src/testing/harness/bench.ts';

const app = { id: 'app', name: 'The app', scope: 'read write', kept: 'cookie' } as const;

describe('a cache of records', () => {
  test.each<[what: string, text: string, decode: (records: RecordCache, text: string) => unknown]>([
    ['an epoch record', formatEpoch(newEpoch(NOW)), (records, text) => records.epoch(text)],
    ['an epoch record with its tag', formatEpoch(newEpoch(NOW)), (records, text) => records.epoch(text, 'tag')],
    ['a grant', formatGrant(app), (records, text) => records.grant(text)],
    ['a JSON value', '["pwd","otp"]', (records, text) => records.json(text)],
  ])('decodes the text of %s once, and freezes the value', (_, text, decode) => {
    const records = new RecordCache();
    const decoded = decode(records, text);
    expect(decoded).toEqual(JSON.parse(text));
    expect(Object.isFrozen(decoded)).toBe(true);
    expect(decode(records, text)).toBe(decoded);
  });

  test('freezes the parts of a value', () => {
    expect(Object.isFrozen(new RecordCache().epoch(formatEpoch(newEpoch(NOW))).keep)).toBe(true);
  });

  test('shares nothing with the cache of another store', () => {
    const text = formatEpoch(newEpoch(NOW));
    const [one, other] = [new RecordCache(), new RecordCache()];
    expect(one.epoch(text)).not.toBe(other.epoch(text));
    expect(one.session('id')).toBe(one.session('id'));
    expect(one.session('id')).not.toBe(other.session('id'));
  });

  test('never returns the record of an older text under the same tag', () => {
    const records = new RecordCache();
    const [older, newer] = [newEpoch(NOW), newEpoch(NOW)];
    expect(records.epoch(formatEpoch(older), 'tag')).toEqual(older);
    expect(records.epoch(formatEpoch(newer), 'tag')).toEqual(newer);
  });

  test('has a bounded size: it decodes a record again that it dropped', () => {
    const records = new RecordCache();
    const first = formatEpoch(newEpoch(NOW));
    const decoded = records.epoch(first);
    for (let at = 0; at < 5000; at++) records.epoch(formatEpoch(newEpoch(at)));
    expect(records.epoch(first)).toEqual(decoded);
    expect(records.epoch(first)).not.toBe(decoded);
  });

  test('throws for a text that is not a record, and caches nothing', () => {
    const records = new RecordCache();
    for (let tries = 0; tries < 2; tries++) {
      expect(() => records.epoch('{}', 'tag')).toThrow('malformed');
      expect(() => records.grant('{}')).toThrow('malformed');
      expect(() => records.json('{')).toThrow(SyntaxError);
    }
  });
});
