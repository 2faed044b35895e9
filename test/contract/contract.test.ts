import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStore } from 'session-revocation/memory';
import { sqliteStore } from 'session-revocation/sqlite';
import { type StoreContractOptions, storeContract } from 'session-revocation/testing';
import { describe, test } from 'vitest';
import { includes, size } from '../ci-only.ts';
import { drivers } from '../engines/support/sqlite-drivers.ts';
import { isOfStatements } from './shares.ts';

/** Timeout of a case, in ms. A case may run a thousand races, and a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

function suite(name: string, options: StoreContractOptions, only: (id: string) => boolean = () => true): void {
  describe(name, { timeout: TEST_TIMEOUT }, () => {
    const powers = ['audit', 'outbox', 'policies', 'diagnosis', 'changes'] as const;
    const cases = storeContract({ powers, ...options });
    for (const { id, title, skip, run } of cases) if (only(id)) test.skipIf(skip)(`${id}: ${title}`, run);
  });
}

const most = size('contract: orders of a race, in memory');
suite('memory', { create: () => ({ store: memoryStore() }), interleavings: most });
suite('sqlite', { create: () => ({ store: sqliteStore(':memory:') }), interleavings: most });

const isWhole = includes('SQLite: the whole contract in a file');
const inFile = (id: string): boolean => isWhole || isOfStatements(id) || /^(races|epochs|users|changes)\//.test(id);

// In a file, with a second connection. Every write waits for the disk, so the tests run fewer races.
for (const { name, open } of includes('SQLite: a second driver') ? drivers : drivers.slice(0, 1)) {
  const create = () => {
    const folder = mkdtempSync(join(tmpdir(), 'sessions-'));
    const connect = () => sqliteStore(open(join(folder, 'sessions.db')));
    return { store: connect(), second: connect, dispose: () => rmSync(folder, { recursive: true }) };
  };
  const interleavings = size('contract: orders of a race, SQLite in a file');
  suite(`sqlite in a file, ${name}`, { create, interleavings }, inFile);
}
