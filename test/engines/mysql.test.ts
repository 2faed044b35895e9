import { mysqlStore } from 'session-revocation/mysql';
import { storeContract } from 'session-revocation/testing';
import { describe, test } from 'vitest';
import { includes, size } from '../ci-only.ts';
import { isOfOrdinaryRun, isOfServer } from '../contract/shares.ts';
import { contractStores, openPool, url } from './support/mysql.ts';

/** Timeout of a case, in ms. Many times as long as the longest case takes. */
const TEST_TIMEOUT = 600_000;

const isPlayed = (id: string): boolean =>
  includes('MariaDB: the whole contract') ? isOfServer(id) : isOfOrdinaryRun(id);

describe.skipIf(url === null)('over a pool of mysql2', () => {
  const { create } = contractStores((prefix) => {
    const pool = openPool();
    return { store: () => mysqlStore(pool, { prefix }), end: () => pool.end() };
  });
  const powers = ['audit', 'outbox', 'policies', 'transactions', 'diagnosis', 'changes'] as const;
  const interleavings = size('contract: orders of a race, MariaDB by a pool of mysql2');
  for (const { id, title, skip, run } of storeContract({ create, powers, interleavings })) {
    if (isPlayed(id)) test.skipIf(skip !== null)(`${id}: ${title}`, run, TEST_TIMEOUT);
  }
});
