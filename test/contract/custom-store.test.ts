import type { SessionStore } from 'session-revocation';
import { type ContractCase, storeContract } from 'session-revocation/testing';
import { describe, expect, test } from 'vitest';
import { emptyData, mapStore } from '../../examples/custom-store/store.ts';
import { size } from '../ci-only.ts';
import { rowsOf } from '../docs/markdown.ts';

/** Timeout of a case, in ms. A case may run a thousand races, and a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

const create = () => {
  const data = emptyData();
  return { store: mapStore(data), second: () => mapStore(data) };
};

const interleavings = size('contract: orders of a race, in memory');

describe('the store in examples/custom-store', { timeout: TEST_TIMEOUT }, () => {
  for (const { id, title, skip, run } of storeContract({ create, interleavings })) {
    test.skipIf(skip !== null)(`${id}: ${title}`, run);
  }
});

type Verb = keyof ReturnType<typeof mapStore>;

/** The steps in docs/writing-a-store.md. Each is a verb, with the cases that pass once the verb exists. */
const steps = (await rowsOf('docs/writing-a-store.md')).flatMap(([verb = '', , cases = '']) => {
  const ids = [...cases.matchAll(/`([a-z]+\/[a-z-]+)`/g)].map(([, id = '']) => id);
  const name = /^`(\w+)`$/.exec(verb)?.[1];
  return name !== undefined && name in mapStore() ? [{ verb: name as Verb, ids }] : [];
});

/** Returns the contract cases for a store that has only these verbs. */
function casesWith(verbs: readonly Verb[]): readonly ContractCase[] {
  return storeContract({
    create: () => {
      const data = emptyData();
      const only = (): SessionStore => {
        const store = mapStore(data);
        return Object.fromEntries(verbs.map((verb) => [verb, store[verb]])) as unknown as SessionStore;
      };
      return { store: only(), second: only };
    },
    interleavings: 20,
  });
}

describe('docs/writing-a-store.md', { timeout: TEST_TIMEOUT }, () => {
  test('goes through all verbs, in the order of the store', () => {
    expect(steps.map(({ verb }) => verb)).toEqual(Object.keys(mapStore()));
  });

  test.each(steps.filter(({ ids }) => ids.length > 0))(
    'names cases that pass as soon as $verb is written',
    async ({ verb, ids }) => {
      const verbs = steps.map((step) => step.verb);
      const before = casesWith(verbs.slice(0, verbs.indexOf(verb)));
      const now = casesWith(verbs.slice(0, verbs.indexOf(verb) + 1));
      for (const id of ids) {
        const [early, late] = [before, now].map((cases) => cases.find((one) => one.id === id));
        await expect(early?.run(), id).rejects.toThrow();
        await expect(late?.run(), id).resolves.toBeUndefined();
      }
    },
  );

  test('names cases that there are', async () => {
    const ids = storeContract({ create }).map(({ id }) => id);
    for (const [id = ''] of await rowsOf('docs/writing-a-store.md')) {
      const name = /^`([a-z]+\/[a-z-]+)`$/.exec(id)?.[1];
      if (name !== undefined) expect(ids).toContain(name);
    }
  });
});
