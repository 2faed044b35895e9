import type { SessionStore } from 'session-revocation';
import { describe, expect, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { BROKEN_STORES } from '../contract/broken-stores/index.ts';
import { type Data, emptyData, referenceStore, type SyncStore } from '../contract/reference-store.ts';
import { violationsOf } from './laws.ts';
import type { Operation } from './operation.ts';
import { IDLE_RULES, RULES } from './population.ts';
import { RACY_STORES } from './racy-stores.ts';
import type { Violation, ViolationKind } from './violation.ts';
import { Work } from './work.ts';

const PROCESSES = 3;

/** Each process does so many things, and what they did is judged; then so many more. None of that hangs on time. */
const PIECE = 150;
const MAX_PIECES = 12;
const MAX_CROWDS = 60;

const TEST_TIMEOUT = 1_800_000;

/** The laws that races break; see {@link RACY_STORES}. */
const RACES: Readonly<Record<string, ViolationKind>> = {
  'add looks, then writes': 'limit',
  'advance looks, then writes': 'survivor',
  'renew looks, then writes': 'forked secret',
  'touch writes the whole row': 'resurrection',
  'one advance of fifty is lost': 'survivor',
  'a session is found as it was': 'survivor',
};

/** The laws that are broken where sessions expire. */
const IDLE_FAULTS: Readonly<Record<string, ViolationKind>> = {
  'a note counts as of its use': 'resurrection',
  'touch loses uses': 'needless refusal',
};

/** What is broken in the stores that the contract suite is tried on, and the law that it breaks. */
const FAULTS: Readonly<Record<string, ViolationKind>> = {
  'advance asks nobody': 'unexplained end',
  'advance forgets suspensions': 'suspended',
  'a membership is advanced in the record of the user': 'unexplained end',
  'an advance of a membership is of all of them': 'unexplained end',
  'find takes one membership for another': 'unexplained end',
  'advance forgets who is kept': 'unexplained end',
  'advance of one kind is of all': 'unexplained end',
  'advance rotates nothing': 'old secret',
  'add ends nobody': 'limit',
  'add ends everybody': 'unexplained end',
  'end ends all of the user': 'unexplained end',
  'renew extends the absolute lifetime': 'absolute moved',
  'renew stamps with the present': 'survivor',
  'touch revives': 'resurrection',
  'prune removes every record': 'unexplained end',
};

/** A handle whose verbs take a moment before and after they are done, so that others come in between. */
function slowly(store: SessionStore): SessionStore {
  const moment = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const slow =
    <Given extends readonly unknown[], Answer>(verb: (...given: Given) => Answer) =>
    async (...given: Given): Promise<Awaited<Answer>> => {
      await moment();
      const answer = await verb(...given);
      await moment();
      return answer;
    };
  return {
    ...store,
    readEpochs: slow(store.readEpochs),
    ensureEpochs: slow(store.ensureEpochs),
    add: slow(store.add),
    find: slow(store.find),
    list: slow(store.list),
    touch: slow(store.touch),
    renew: slow(store.renew),
    end: slow(store.end),
    advance: slow(store.advance),
    prune: slow(store.prune),
  };
}

/** Several processes in one, each with a handle and a clock of its own. */
class Crowd {
  readonly #works: readonly Work[];

  readonly #idle: boolean;

  /** Where sessions expire, time passes with what is done. */
  constructor(handle: () => SessionStore, seed = 7, idle = false) {
    this.#idle = idle;
    let ticks = 0;
    const time = idle ? () => ++ticks : undefined;
    this.#works = Array.from({ length: PROCESSES }, (_, process): Work => {
      const options = {
        process,
        processes: PROCESSES,
        seed,
        actors: 3,
        generation: Number.POSITIVE_INFINITY,
        idle,
        time,
      };
      return new Work(slowly(handle()), options, (held) => {
        for (const [at, other] of this.#works.entries()) if (at !== process) other.hear(held);
      });
    });
  }

  get history(): readonly Operation[] {
    return this.#works.flatMap(({ operations }) => operations);
  }

  get violations(): readonly Violation[] {
    return violationsOf(this.history, this.#idle ? IDLE_RULES : RULES);
  }

  /** Does one piece more. */
  async runOn(): Promise<void> {
    await Promise.all(this.#works.map((work) => work.runOn(PIECE)));
  }
}

/** The kinds of what is found wrong: as soon as one is the expected one, it is enough. */
async function findWrong(
  open: () => () => SessionStore,
  expected: ViolationKind,
  idle = false,
): Promise<readonly ViolationKind[]> {
  let kinds: readonly ViolationKind[] = [];
  // It may take several tries until the wrong two meet. A new crowd each time: a long history takes long to judge.
  for (let seed = 1; seed <= MAX_CROWDS && !kinds.includes(expected); seed++) {
    const crowd = new Crowd(open(), seed, idle);
    for (let piece = 0; piece < MAX_PIECES && !kinds.includes(expected); piece++) {
      await crowd.runOn();
      kinds = crowd.violations.map(({ kind }) => kind);
    }
  }
  return kinds;
}

const TYPES = ['start', 'check', 'list', 'rotate', 'end', 'revoke', 'prune'] as const;

test('a sound store breaks no law', { timeout: TEST_TIMEOUT }, async () => {
  const data = emptyData();
  const crowd = new Crowd(() => referenceStore(data));
  const isMissing = (type: Operation['type']): boolean =>
    !crowd.history.some((one) => one.type === type && one.failed === null);
  for (let piece = 0; piece < MAX_PIECES; piece++) await crowd.runOn();
  // What nobody did shows nothing.
  for (let piece = 0; piece < 10 * MAX_PIECES && TYPES.some(isMissing); piece++) await crowd.runOn();
  expect(TYPES.filter(isMissing)).toEqual([]);
  expect(crowd.violations).toEqual([]);
});

test('a sound store breaks no law where sessions expire', { timeout: TEST_TIMEOUT }, async () => {
  const data = emptyData();
  const crowd = new Crowd(() => referenceStore(data), 7, true);
  for (let piece = 0; piece < MAX_PIECES; piece++) await crowd.runOn();
  const refusals = crowd.history.map((one) => ('refused' in one ? one.refused : null));
  // An answer that no worker got shows nothing.
  expect(refusals).toEqual(expect.arrayContaining(['expired', 'limit']));
  expect(crowd.violations).toEqual([]);
});

/** The reference store, broken like this, for any number of processes. */
function broken(
  fault: ((store: SyncStore, data: Data) => Partial<SessionStore>) | undefined,
): () => () => SessionStore {
  if (fault === undefined) throw new TypeError('no store is broken like this');
  return () => {
    const data = emptyData();
    return () => {
      const store = referenceStore(data);
      return { ...store, ...fault(store, data) };
    };
  };
}

describe('what is broken is found', { timeout: TEST_TIMEOUT }, () => {
  // That they are found by the contract suite is tried in every run.
  test.runIf(includes('concurrency: broken stores, by several workers')).each(Object.entries(FAULTS))(
    '%s: %s',
    async (name, expected) => {
      expect(await findWrong(broken(BROKEN_STORES[name]), expected)).toContain(expected);
    },
  );

  test.each(Object.entries(IDLE_FAULTS))('%s: %s, where sessions expire', async (name, expected) => {
    expect(await findWrong(broken(RACY_STORES[name] ?? BROKEN_STORES[name]), expected, true)).toContain(expected);
  });

  test.each(Object.entries(RACES))('%s: %s', async (name, expected) => {
    expect(await findWrong(broken(RACY_STORES[name]), expected)).toContain(expected);
  });
});
