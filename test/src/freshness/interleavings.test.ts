import { afterEach, describe, expect, test } from 'vitest';
import { Memory } from '../../../src/freshness/memory.ts';
import { momentOf } from '../../../src/freshness/moment.ts';
import type { Reading } from '../../../src/freshness/recollection.ts';
import type { Changes } from '../../../src/store/powers.ts';
import { includes } from '../../ci-only.ts';
import { BROKEN, BROKEN_AGES, BROKEN_LOGS, BROKEN_ORDERS } from './simulation/broken.ts';

/** In ms. Each step takes 1 ms. */
const MAX_STALENESS = 4;
const [SESSION, USER] = ['a session', 'a user'];

// Restores the method of the prototype.
afterEach(() => void Reflect.deleteProperty(performance, 'now'));

type Step = (world: World) => void;

/** A process and its store. Another process revokes one session in the store. */
class World {
  now = 0;
  revokedAt: number | null = null;
  readonly memory: Memory;
  readonly told: string[] = [];
  /** The positions below this one are unknown after a loss of the change log. */
  kept = 0;
  /** The request for changes that is under way. `answer` is set when the store executes it. */
  question: { readonly position: string | null; answer: Changes | null; resolve(answer: Changes): void } | null = null;

  constructor() {
    this.memory = new Memory({
      since: (position) =>
        new Promise((resolve) => {
          this.question = { position, answer: null, resolve };
        }),
    });
    this.memory.allow(1_000);
  }

  /** Returns the value that memory accepts now, or `undefined`. The same code recalls epochs and sessions. */
  get accepted(): object | undefined {
    const { epochs, log } = this.memory;
    const now = momentOf(this.now);
    return epochs.recall(SESSION, MAX_STALENESS, now, log?.age(now) ?? null);
  }
}

/** The steps of a read: it is sent, executed and answered. */
function read(): readonly Step[] {
  let reading: Reading | null = null;
  let isLive = false;
  return [
    ({ memory, now }) => {
      reading = memory.reading(now);
    },
    ({ revokedAt }) => {
      isLive = revokedAt === null;
    },
    ({ memory }) => {
      if (reading !== null && isLive) memory.epochs.remember(SESSION, [], reading, [USER], MAX_STALENESS);
    },
  ];
}

/** The steps of a request for changes: it is sent, executed and answered. */
const QUESTION: readonly Step[] = [
  ({ memory, now }) => memory.log?.askSoon(0, momentOf(now)),
  (world) => {
    const { question, told, kept } = world;
    if (question === null) return;
    const seen = Number(question.position ?? -1);
    question.answer = { tags: seen < kept ? null : told.slice(seen), position: `${told.length}` };
  },
  ({ question }) => {
    if (question?.answer) question.resolve(question.answer);
  },
];

const REVOCATION: readonly Step[] = [
  (world) => {
    world.revokedAt = world.now;
    world.told.push(USER);
  },
];

const LOSS: readonly Step[] = [
  (world) => {
    world.kept = world.told.length;
  },
];

/** Yields every interleaving of these sequences. Each sequence keeps its own order. */
function* ordersOf(lengths: readonly number[], begun: readonly number[] = []): Generator<readonly number[]> {
  let isOver = true;
  for (const [line, length] of lengths.entries()) {
    if (length === 0) continue;
    isOver = false;
    yield* ordersOf(lengths.with(line, length - 1), [...begun, line]);
  }
  if (isOver) yield begun;
}

/** Tries every interleaving. Returns their number, and one in which memory accepted too late. */
async function tryAll(
  makeLines: () => readonly (readonly Step[])[],
): Promise<{ orders: number; found: string | null }> {
  let world = new World();
  // This is no mock of Vitest, because a mock would record every call.
  performance.now = () => world.now;
  let orders = 0;
  for (const order of ordersOf(makeLines().map(({ length }) => length))) {
    orders++;
    world = new World();
    const lines = makeLines();
    const at = lines.map(() => 0);
    // Time also passes after the last step.
    for (const line of [...order, ...Array<null>(MAX_STALENESS + 1).fill(null)]) {
      world.now++;
      if (line !== null) {
        lines[line]?.[at[line]!++]?.(world);
        for (let turn = 0; turn < 4; turn++) await null;
      }
      const { revokedAt } = world;
      if (world.accepted !== undefined && revokedAt !== null && world.now - revokedAt > MAX_STALENESS)
        return { orders, found: order.join(' ') };
    }
  }
  return { orders, found: null };
}

/** In some interleavings, a first request and a first read fill memory before the revocation begins. */
const QUESTIONS: readonly Step[] = [...QUESTION, ...QUESTION];
const inTurn = (): readonly Step[] => [...read(), ...read()];

type Lines = () => readonly (readonly Step[])[];
const SMALL: Readonly<Record<string, Lines>> = { 'two reads in turn': () => [QUESTIONS, inTurn(), REVOCATION] };
const WITH_LOSS: Lines = () => [QUESTIONS, inTurn(), REVOCATION, LOSS];
const ALL: Readonly<Record<string, Lines>> = {
  ...SMALL,
  'two reads at once': () => [QUESTIONS, read(), read(), REVOCATION],
  'two reads in turn, and a loss': WITH_LOSS,
};

describe('every order of reads, questions about changes, and a revocation', () => {
  test.each(Object.entries(includes('freshness: orders of two reads at once') ? ALL : SMALL))(
    'accepts nothing later than maxStaleness: %s',
    { timeout: 900_000 },
    async (_, lines) => {
      const { orders, found } = await tryAll(lines);
      expect(found).toBe(null);
      expect(orders).toBeGreaterThan(10_000);
    },
  );

  test.each([
    ['a read that was sent before a notice is remembered', BROKEN],
    ['the age counts from the answer, and not from the moment of sending', BROKEN_AGES],
    ['a lost position is no notice', BROKEN_LOGS],
    ['a lost position empties memory, and reads that are under way are remembered', BROKEN_ORDERS],
    ['the first answer about changes is no notice', BROKEN_ORDERS],
  ] as const)('finds an order that accepts too late where %s', { timeout: 900_000 }, async (fault, faults) => {
    const mend = (faults as Readonly<Record<string, () => () => void>>)[fault]!();
    try {
      expect((await tryAll(WITH_LOSS)).found).not.toBe(null);
    } finally {
      mend();
    }
  });
});
