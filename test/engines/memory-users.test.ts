import { memoryStore } from 'session-revocation/memory';
import { expect, test } from 'vitest';
import { addNew, openRecords, person } from '../../src/testing/harness/records.ts';
import { includes } from '../ci-only.ts';

const SHOP = { realm: 'shop', account: null };

test.runIf(includes('memory: bounds of ten thousand'))(
  'passes by only so much in one page, and says that there is more',
  async () => {
    const store = memoryStore();
    await addNew(store, person('ann'));
    for (let nth = 0; nth < 10_000; nth++) await openRecords(store, person(`user ${nth}`));
    const first = await store.listUsers(SHOP, null, 5);
    expect(first).toEqual({ users: [], after: expect.any(String) });
    expect(await store.listUsers(SHOP, first.after, 5)).toEqual({ users: [person('ann').tags.user], after: null });
  },
);

test('finds the only session in an account behind many others of the user', async () => {
  const store = memoryStore();
  const member = await addNew(store, person('ann', 'acme'), { createdAt: 1 });
  for (let nth = 0; nth < 300; nth++) await addNew(store, person('ann', 'beta'));
  const of = { realm: 'shop', account: member.accountTag };
  expect(await store.listUsers(of, null, 5)).toEqual({ users: [member.userTag], after: null });
});

test('goes on only where a page left off', () => {
  const store = memoryStore();
  for (const after of ['', 'x', '-1', '1e3', '99999999999'])
    expect(() => store.listUsers(SHOP, after, 1)).toThrow('after');
});
