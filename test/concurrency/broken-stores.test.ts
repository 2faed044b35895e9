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

/** How many operations each process does before the laws judge the history. Independent of the machine's speed. */
const PIECE = 150;
const MAX_PIECES = 12;
const MAX_CROWDS = 60;

const TEST_TIMEOUT = 1_800_000;

/** The racy stores, each with the law that it breaks. See {@link RACY_STORES}. */
const RACES: Readonly<Record<string, ViolationKind>> = {
  'add looks, then writes': 'limit',
  'advance looks, then writes': 'survivor',
  'renew looks, then writes': 'forked secret',
  'touch writes the whole row': 'resurrection',
  'one advance of fifty is lost': 'survivor',
  'a session is found as it was': 'survivor',
};

/** The faults that show only if sessions expire, each with the law that it breaks. */
const IDLE_FAULTS: Readonly<Record<string, ViolationKind>> = {
  'a note counts as of its use': 'resurrection',
  'touch loses uses': 'needless refusal',
};

/** The broken stores of the contract suite, each with the law that it breaks. */
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

/** Returns a handle whose verbs yield to other processes before and after their work. */
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

/** Several simulated processes, each with its own store handle and `Sessions`. */
class Crowd {
  readonly #works: readonly Work[];

  readonly #idle: boolean;

  /** With `idle`, sessions expire, and the clock advances by 1 ms whenever it is read. */
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

  /** Runs another `PIECE` operations in each process. */
  async runOn(): Promise<void> {
    await Promise.all(this.#works.map((work) => work.runOn(PIECE)));
  }
}

/** Returns the kinds of violations found. Stops as soon as the expected one is among them. */
async function findWrong(
  open: () => () => SessionStore,
  expected: ViolationKind,
  idle = false,
): Promise<readonly ViolationKind[]> {
  let kinds: readonly ViolationKind[] = [];
  // Two operations may need several tries to collide. Each try starts a new crowd: judging a long history is slow.
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
  // Goes on until every type of operation was answered. Types that never occurred would prove nothing.
  for (let piece = 0; piece < 10 * MAX_PIECES && TYPES.some(isMissing); piece++) await crowd.runOn();
  expect(TYPES.filter(isMissing)).toEqual([]);
  expect(crowd.violations).toEqual([]);
});

test('a sound store breaks no law where sessions expire', { timeout: TEST_TIMEOUT }, async () => {
  const data = emptyData();
  const crowd = new Crowd(() => referenceStore(data), 7, true);
  for (let piece = 0; piece < MAX_PIECES; piece++) await crowd.runOn();
  const refusals = crowd.history.map((one) => ('refused' in one ? one.refused : null));
  // Without these answers the run would not have tested expiry and limits.
  expect(refusals).toEqual(expect.arrayContaining(['expired', 'limit']));
  expect(crowd.violations).toEqual([]);
});

/** Returns a function that creates a broken reference store. Its result opens one handle per call. */
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
  // The contract suite finds these stores in every run, so this slower search is optional.
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
