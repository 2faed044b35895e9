import { describe, expect, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { bind } from '../../src/testing/harness/contract.ts';
import { type ContractCase, DEFINITIONS, storeContract } from '../../src/testing/index.ts';
import { size } from '../ci-only.ts';
import { BROKEN_CORES, breakCore } from './broken-cores.ts';
import { BROKEN_STORES, breakStore } from './broken-stores/index.ts';
import { CORES_FAIL, STORES_FAIL } from './failures.ts';
import { emptyData, referenceStore } from './reference-store.ts';
import { beginOn } from './reference-transaction.ts';

const sound = () => {
  const data = emptyData();
  return { store: referenceStore(data), second: () => referenceStore(data), begin: () => beginOn(data) };
};

/** Timeout of a case, in ms. A case may run a thousand races, and a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

const powers = ['audit', 'outbox', 'policies', 'transactions', 'diagnosis', 'changes'] as const;

const ids = DEFINITIONS.map(({ id }) => id);

describe('the reference store', { timeout: TEST_TIMEOUT }, () => {
  const interleavings = size('contract: orders of a race, in memory');
  for (const { id, title, run } of storeContract({ create: sound, powers, interleavings }))
    test(`${id}: ${title}`, run);
});

describe('the table of failures', () => {
  test('has every case, and no other, so that no case is without something that it fails on', () => {
    const failing = Object.values({ ...STORES_FAIL, ...CORES_FAIL }).flat();
    expect([...new Set(failing)].sort()).toEqual([...ids].sort());
  });

  test('has every broken store and core, with a case that it fails', () => {
    expect(Object.keys(STORES_FAIL).sort()).toEqual(Object.keys(BROKEN_STORES).sort());
    expect(Object.keys(CORES_FAIL).sort()).toEqual(Object.keys(BROKEN_CORES).sort());
    for (const failing of Object.values({ ...STORES_FAIL, ...CORES_FAIL })) expect(failing).not.toEqual([]);
  });
});

// The case must fail by an assertion. An accidental error does not count.
async function expectFailure(cases: readonly ContractCase[], id: string): Promise<void> {
  const one = cases.find((each) => each.id === id);
  const failure: unknown = await one?.run().then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ code: 'ERR_ASSERTION' });
  // The message tells the broken promise, why it matters, the last calls, and where to look.
  const { message, stack = '' } = failure as Error;
  expect(message.startsWith(`${id}: the store ${one?.title}. It does not: `)).toBe(true);
  expect(message).toMatch(/\nWhy it matters: [A-Z].+\.\nAsked last: [a-z].+\.\nLook at: .+\.$/);
  // A case about a declared power needs no call.
  if (!id.endsWith('/declared')) expect(message).not.toContain('Asked last: nothing');
  expect(stack).toContain(message);
}

describe('a store is found out', { timeout: TEST_TIMEOUT }, () => {
  for (const [name, failing] of Object.entries(STORES_FAIL)) {
    const cases = storeContract({ create: () => breakStore(name), powers, interleavings: 100 });
    test.each(failing)(`${name}: %s`, (id) => expectFailure(cases, id));
  }
});

describe('a core is found out', { timeout: TEST_TIMEOUT }, () => {
  for (const [name, failing] of Object.entries(CORES_FAIL)) {
    const cases = bind(DEFINITIONS, { create: sound, powers, interleavings: 100 }, breakCore(name, createSessions));
    test.each(failing)(`${name}: %s`, (id) => expectFailure(cases, id));
  }
});
