import type { SessionStore } from 'session-revocation';
import { batched } from 'session-revocation/adapter';
import { memoryStore } from 'session-revocation/memory';
import { sqliteStore } from 'session-revocation/sqlite';
import { expect, test } from 'vitest';
import { usedTag } from '../../../src/model/token.ts';
import { isFirstUse } from '../../../src/store/first-use.ts';
import { MINUTE, NOW } from '../support/realm.ts';

test.each<[string, () => SessionStore]>([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
  ['memory, in batches', () => batched(memoryStore())],
])('of many uses at once one is the first: %s', async (_, open) => {
  const store = open();
  await store.setup?.();
  const use = (jti: string): Promise<boolean> =>
    isFirstUse({ store }, usedTag('default', 'client', jti), NOW, NOW + MINUTE);
  const uses = await Promise.all(Array.from({ length: 20 }, () => use('one')));
  expect(uses.filter(Boolean)).toHaveLength(1);
  expect(await use('one')).toBe(false);
  expect(await use('another')).toBe(true);
  await store.close?.();
});
