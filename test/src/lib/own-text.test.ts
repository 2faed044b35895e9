import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { ownText } from '../../../src/lib/own-text.ts';
import { TEXTS } from '../../../src/testing/harness/texts.ts';

test.each(TEXTS)('%j is copied exactly', (text) => {
  expect(ownText(`before ${text} after`.slice(7, -6))).toBe(text);
});

test('a copy retains no longer text', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  const before = process.memoryUsage().heapUsed;
  const kept = Array.from({ length: 1_000 }, (_, nth) => ownText(`${nth} ${'x'.repeat(100_000)}`.slice(0, 30)));
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
  expect(kept).toHaveLength(1_000);
});
