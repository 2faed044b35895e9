import { AssertionError } from 'node:assert';
import { describe, expect, test, vi } from 'vitest';
import { createSessions, type SessionStore } from '../../src/index.ts';
import { bind, define } from '../../src/testing/harness/contract.ts';
import type { Power } from '../../src/testing/harness/contract-store.ts';
import { Interleaver } from '../../src/testing/harness/interleaver.ts';
import {
  type Concern,
  type ContractStore,
  DEFINITIONS,
  type StoreContractOptions,
  storeContract,
} from '../../src/testing/index.ts';
import { emptyData, referenceStore } from './reference-store.ts';

const create = (): ContractStore => ({ store: referenceStore() });

// Runs one case as a suite of its own.
const play = (run: Parameters<typeof define>[1][string]['run'], made: () => ContractStore) =>
  bind(define('text', { it: { title: 'MUST work', run } }), { create: made }, createSessions)[0]!.run();

describe('the cases', () => {
  test('have ids of their own, that begin with what they are about, and titles that say what a store must do', () => {
    expect(new Set(DEFINITIONS.map(({ id }) => id)).size).toBe(DEFINITIONS.length);
    for (const { id, title, concern } of DEFINITIONS) {
      expect(id).toMatch(/^[a-z]+\/[a-z]+(-[a-z]+)*$/);
      expect(id.split('/')[0]).toBe(concern);
      expect(title).toMatch(/^MUST [^.]+$/);
    }
    expect(new Set(DEFINITIONS.map(({ title }) => title)).size).toBe(DEFINITIONS.length);
  });

  test('are about all of these', () => {
    const cases: Record<Concern, number> = {
      ...{ lifecycle: 18, listing: 9, renewal: 16, expiry: 5, epochs: 14, text: 6, revocation: 13, fences: 5 },
      ...{
        users: 7,
        administration: 8,
        audit: 31,
        outbox: 18,
        policies: 9,
        transactions: 10,
        diagnosis: 4,
        changes: 9,
      },
      ...{ isolation: 7, limits: 10, races: 22, loss: 7, pruning: 9, secrets: 2, failure: 15, memberships: 12 },
    };
    for (const [concern, many] of Object.entries(cases)) {
      expect(DEFINITIONS.filter((one) => one.concern === concern).length, concern).toBeGreaterThanOrEqual(many);
    }
  });

  test('need nothing but a store: no test runner', () => {
    const [first] = storeContract({ create });
    expect(Object.keys(first!)).toEqual(['id', 'concern', 'title', 'skip', 'run']);
    expect(Object.isFrozen(first)).toBe(true);
  });
});

describe('skip', () => {
  test('leaves a case out with the reason in its title, and does not run it', async () => {
    const made = vi.fn(create);
    const cases = storeContract({ create: made, skip: { 'epochs/create': 'no such thing here' } });
    const skipped = cases.find(({ id }) => id === 'epochs/create')!;
    expect(skipped.skip).toBe('no such thing here');
    expect(skipped.title).toMatch(/^MUST .* # SKIP no such thing here$/);
    await skipped.run();
    expect(made).not.toHaveBeenCalled();
    const others = cases.filter(({ id, skip }) => skip !== null && id !== 'epochs/create');
    expect([...new Set(others.map(({ concern }) => concern))]).toEqual([
      'audit',
      'policies',
      'outbox',
      'transactions',
      'diagnosis',
      'changes',
    ]);
  });

  test.each(['epochs/crate', 'toString', '__proto__'])('of %s, that there is not, is misuse', (id) => {
    const skip = Object.fromEntries([[id, 'a reason']]);
    expect(() => storeContract({ create, skip })).toThrow(
      new TypeError(`skip names "${id}", and there is no such case`),
    );
  });

  test.each(['', ' ', undefined, true])('for the reason %o is misuse', (reason) => {
    const skip = { 'epochs/create': reason as string };
    expect(() => storeContract({ create, skip })).toThrow(new TypeError('skip must give a reason for epochs/create'));
  });
});

describe('powers', () => {
  const powers = ['audit', 'outbox', 'policies', 'transactions', 'diagnosis', 'changes'] as const;
  const titleOf = (id: string, claimed: StoreContractOptions['powers']) =>
    storeContract({ create, powers: claimed }).find((one) => one.id === id)!;

  test('are needed by what is about them, save for whether they are declared', () => {
    for (const { id, concern, needs } of DEFINITIONS) {
      const isAbout = powers.some((power) => power === concern) && !id.endsWith('/declared');
      expect(needs.length > 0, id).toBe(isAbout);
      if (isAbout) expect(needs, id).toContain(concern);
    }
  });

  test('that are not claimed leave their cases out, with the reason in the title, and run nothing', async () => {
    const made = vi.fn(create);
    const cases = storeContract({
      create: made,
      powers: ['outbox', 'policies', 'transactions', 'diagnosis', 'changes'],
    });
    for (const [at, { needs }] of DEFINITIONS.entries()) {
      const { skip, title, run } = cases[at]!;
      expect(skip).toBe(needs.includes('audit') ? 'the adapter does not claim the power audit' : null);
      expect(title.endsWith(' # SKIP the adapter does not claim the power audit')).toBe(skip !== null);
      if (skip !== null) await run();
    }
    expect(made).not.toHaveBeenCalled();
    expect(cases.filter(({ skip }) => skip !== null).length).toBeGreaterThan(20);
  });

  test.each(powers)('%s: claimed and not declared fails, and so does declared and not claimed', async (power) => {
    const { powers: declared } = referenceStore();
    const without = () => ({ ...create().store, powers: { ...declared, [power]: undefined } });
    const declares = (claimed: readonly Power[], store: SessionStore) =>
      storeContract({ create: () => ({ store }), powers: claimed })
        .find(({ id }) => id === `${power}/declared`)!
        .run();
    await expect(declares([power], referenceStore())).resolves.toBeUndefined();
    await expect(declares([], without())).resolves.toBeUndefined();
    await expect(declares([power], without())).rejects.toThrow(`the adapter claims the power ${power}`);
    await expect(declares([], referenceStore())).rejects.toThrow(`the adapter does not claim the power ${power}`);
    const none = { ...referenceStore(), powers: undefined };
    await expect(declares([power], none)).rejects.toThrow(`the adapter claims the power ${power}`);
  });

  test('of a case that needs two are both named, one after the other', () => {
    expect(titleOf('policies/entries', []).skip).toBe('the adapter does not claim the power policies');
    expect(titleOf('policies/entries', ['policies']).skip).toBe('the adapter does not claim the power audit');
    expect(titleOf('policies/entries', powers).skip).toBeNull();
  });

  test('that there are not are misuse', () => {
    const stray = ['audit', 'feed'] as unknown as StoreContractOptions['powers'];
    expect(() => storeContract({ create, powers: stray })).toThrow(new TypeError('there is no power "feed"'));
  });

  test("come with a reason of the adapter's own where it skips the case", () => {
    const skip = { 'audit/text': 'no emoji here' };
    expect(storeContract({ create, skip }).find(({ id }) => id === 'audit/text')!.skip).toBe('no emoji here');
  });
});

describe('around each case', () => {
  function watched() {
    const order: string[] = [];
    const handle = (name: string) => ({
      ...referenceStore(emptyData()),
      setup: () => void order.push(`set up ${name}`),
      close: () => void order.push(`close ${name}`),
    });
    return {
      order,
      made: { store: handle('one'), second: () => handle('two'), dispose: () => void order.push('dispose') },
    };
  }

  test('stores are set up, closed, and disposed of', async () => {
    const { order, made } = watched();
    await play(
      async (bench) => void (await bench.second()),
      () => made,
    );
    expect(order).toEqual(['set up one', 'set up two', 'close one', 'close two', 'dispose']);
  });

  test('also where it fails, and its own failure is the one that is told', async () => {
    const { order, made } = watched();
    const failure = new AssertionError({ message: 'broken' });
    const broken = { ...made, dispose: () => Promise.reject(new Error('cannot be disposed of')) };
    const run = () => Promise.reject(failure);
    await expect(play(run, () => broken)).rejects.toBe(failure);
    await expect(play(run, () => made)).rejects.toBe(failure);
    expect(order.slice(-2)).toEqual(['close one', 'dispose']);
  });

  test('what fails in tidying up fails the case', async () => {
    const dispose = () => Promise.reject(new Error('cannot be disposed of'));
    await expect(
      play(
        async () => {},
        () => ({ ...create(), dispose }),
      ),
    ).rejects.toThrow('cannot be disposed of');
  });

  test('a case that closes the stores itself does not close them twice', async () => {
    const { order, made } = watched();
    await play(
      (bench) => bench.closeStores(),
      () => made,
    );
    expect(order).toEqual(['set up one', 'close one', 'dispose']);
  });
});

describe('the interleaver', () => {
  // Returns the order in which the interleaver answers three tasks with two calls each.
  async function orderOf(seed: number): Promise<string> {
    const seen: string[] = [];
    const order = new Interleaver(seed);
    const store = order.over({ ...referenceStore(), end: ({ id }) => seen.push(id) > 0 });
    const task = (id: string) => async () => {
      for (let times = 0; times < 2; times++)
        await store.end({ id, user: '' }, { at: 0, by: null, reason: null, fromDevice: null }, []);
      return id;
    };
    expect(await order.run(task('a'), task('b'), task('c'))).toEqual(['a', 'b', 'c']);
    return seen.join('');
  }

  test('gives the same order for the same seed, and all orders for many', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 1500; seed++) orders.add(await orderOf(seed));
    expect(orders.size).toBe(90);
    expect(await orderOf(7)).toBe(await orderOf(7));
  });

  test('hands on what a store throws, and what a task throws', async () => {
    const order = new Interleaver(1);
    const store = order.over({
      ...referenceStore(),
      touch: () => {
        throw new Error('down');
      },
    });
    await expect(order.run(async () => store.touch([], () => 0))).rejects.toThrow('down');
    await expect(order.run(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
    expect(await order.run(async () => store.list('', '', { ended: true, now: 0, limit: 1 }))).toEqual([
      { found: [], more: false },
    ]);
  });
});
