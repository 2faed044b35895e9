import { memoryStore } from 'session-revocation/memory';
import { storeContract } from 'session-revocation/testing';
import { describe, expect, test } from 'vitest';
import { createSessions } from '../../../src/create-sessions.ts';
import type { SessionRef } from '../../../src/model/session.ts';
import { type BatchOptions, batched } from '../../../src/store/batched.ts';
import type { EpochRequest, SessionStore, VersionedEpoch } from '../../../src/store/store.ts';
import { withoutChanges } from '../../../src/testing/harness/wrappers.ts';
import { includes } from '../../ci-only.ts';
import { isOfOrdinaryRun } from '../../contract/shares.ts';
import { answersTo, open, REALM, refOf, refsOf, storeThat, turn } from '../support/hand-store.ts';

describe('a look-up', () => {
  test('goes out at once, in the same step, while fewer than two are under way', () => {
    const { hand, ask } = open();
    ask('a');
    ask('b');
    expect(hand.asked).toEqual([['a'], ['b']]);
    ask('c');
    expect(hand.asked).toEqual([['a'], ['b']]);
  });

  test('that waits goes out with all others that wait, in their order, as a reply comes in', async () => {
    const { hand, ask, questions } = open();
    const initiators = ['a', 'b', 'c', 'd', 'e'].map((id) => ask(id));
    await questions[1]!.reply();
    expect(hand.asked).toEqual([['a'], ['b'], ['c', 'd', 'e']]);
    await questions[2]!.reply();
    await questions[0]!.reply();
    expect(initiators.map(({ found }) => found)).toEqual([['a'], ['b'], ['c'], ['d'], ['e']]);
  });

  test('of several references stays whole and gets its own part of the answer, in its order', async () => {
    const { hand, ask, questions } = open();
    const initiators = [ask('a', 'b'), ask('c'), ask('d', 'e', 'f'), ask('g'), ask('h', 'd')];
    await questions[0]!.reply();
    expect(hand.asked).toEqual([['a', 'b'], ['c'], ['d', 'e', 'f', 'g', 'h', 'd']]);
    for (const question of questions) await question.reply();
    expect(initiators.map(({ found }) => found)).toEqual([['a', 'b'], ['c'], ['d', 'e', 'f'], ['g'], ['h', 'd']]);
  });

  test('asked in response to a reply goes with those that wait, not before them', async () => {
    const { hand, find, ask, questions } = open();
    const [first, second] = [find('a'), find('b')];
    const again = first.then(async () => {
      // An app needs some microtasks between a reply and its next look-up.
      for (let step = 0; step < 50; step++) await null;
      return find('a2');
    });
    ask('c');
    await questions[0]!.reply();
    expect(hand.asked).toEqual([['a'], ['b'], ['c', 'a2']]);
    for (const question of questions) await question.reply();
    await Promise.all([again, second]);
  });

  test('goes out at once again where a reply left nobody waiting', async () => {
    const { hand, ask, questions } = open();
    ask('a');
    await questions[0]!.reply();
    ask('b');
    ask('c');
    expect(hand.asked).toEqual([['a'], ['b'], ['c']]);
  });

  test('is one of a share where many wait and two questions may go', async () => {
    const { hand, ask, questions } = open();
    const ids = Array.from({ length: 42 }, (_, nth) => `${nth}`);
    for (const id of ids) ask(id);
    void questions[0]!.reply();
    await questions[1]!.reply();
    expect(hand.asked).toEqual([['0'], ['1'], ids.slice(2, 22), ids.slice(22)]);
  });

  test('is not parted from the others where few wait', async () => {
    const { hand, ask, questions } = open();
    for (const id of ['a', 'b', 'c', 'd']) ask(id);
    void questions[0]!.reply();
    await questions[1]!.reply();
    expect(hand.asked).toEqual([['a'], ['b'], ['c', 'd']]);
  });
});

test('sixty-four that come back at once share questions: at most one for every sixteen checks', async () => {
  let [questions, checks] = [0, 0];
  const store = storeThat(async (realm, refs) => {
    questions++;
    await turn();
    return answersTo(realm, refs);
  });
  const client = async (id: string): Promise<void> => {
    for (let round = 0; round < 50; round++) {
      await store.find(REALM, [refOf(id)]);
      checks++;
    }
  };
  await Promise.all(Array.from({ length: 64 }, (_, nth) => client(`${nth}`)));
  expect(checks).toBe(3200);
  expect(questions).toBeLessThan(3200 / 16);
});

describe('the size of a question', () => {
  test('has a limit, in references', async () => {
    const { hand, ask, questions } = open({ maxRefs: 3 });
    for (const ids of [['a'], ['b'], ['c'], ['d', 'e'], ['f', 'g'], ['h']]) ask(...ids);
    await questions[0]!.reply();
    await questions[1]!.reply();
    expect(hand.asked).toEqual([['a'], ['b'], ['c', 'd', 'e'], ['f', 'g', 'h']]);
  });

  test('gives way to a look-up that is larger: it goes alone', async () => {
    const { hand, ask, questions } = open({ maxRefs: 2 });
    const initiators = [['a'], ['b'], ['c', 'd', 'e'], ['f'], ['g', 'h', 'i']].map((ids) => ask(...ids));
    for (let at = 0; at < 5; at++) await questions[at]!.reply();
    expect(hand.asked).toEqual([['a'], ['b'], ['c', 'd', 'e'], ['f'], ['g', 'h', 'i']]);
    expect(initiators.map(({ found }) => found)).toEqual(hand.asked);
  });
});

test('realms share no question, and do not wait for each other', async () => {
  const { hand, store, questions } = open();
  const found = ['x', 'y', 'x', 'y', 'x', 'y'].map(async (realm, nth) => store.find(realm, [refOf(`${nth}`)]));
  expect(hand.asked).toEqual([['0'], ['1'], ['2'], ['3']]);
  await Promise.all([questions[0]!.reply(), questions[1]!.reply()]);
  expect(questions.slice(4).map(({ realm, ids }) => [realm, ids])).toEqual([
    ['x', ['4']],
    ['y', ['5']],
  ]);
  for (const question of questions) await question.reply();
  expect((await Promise.all(found)).map(([each]) => each?.session.realm)).toEqual(['x', 'y', 'x', 'y', 'x', 'y']);
});

describe('a store that answers at once', () => {
  test('is passed through, with its answer and with what it throws', () => {
    const answer = answersTo(REALM, refsOf('a'));
    expect(storeThat(() => answer).find(REALM, refsOf('a'))).toBe(answer);
    const error = new Error('down');
    const store = storeThat(() => {
      throw error;
    });
    for (let nth = 0; nth < 5; nth++) expect(() => store.find(REALM, refsOf('a'))).toThrow(error);
  });

  test('only sometimes serves those that waited all the same', async () => {
    const replies: (() => void)[] = [];
    let promises = 2;
    const store = storeThat((realm, refs) => {
      const found = answersTo(realm, refs);
      if (promises-- <= 0) return found;
      return new Promise((resolve) => replies.push(() => resolve(found)));
    });
    const found = ['a', 'b', 'c', 'd'].map(async (id) => store.find(REALM, refsOf(id)));
    replies[0]!();
    expect((await found[3])?.[0]?.session.id).toBe('d');
    expect((await found[2])?.[0]?.session.id).toBe('c');
    replies[1]!();
    expect((await found[1])?.[0]?.session.id).toBe('b');
    expect(store.find(REALM, refsOf('e'))).not.toBeInstanceOf(Promise);
  });
});

describe('the records of sign-ins', () => {
  interface Call {
    readonly tags: readonly string[];
    readonly now: number;
    reply(): Promise<void>;
    fail(): Promise<void>;
  }

  function openEnsuring() {
    const calls: Call[] = [];
    const ensureEpochs = (requests: readonly EpochRequest[], now: number): Promise<readonly VersionedEpoch[]> =>
      new Promise((resolve, reject) => {
        const tags = requests.map(({ tag }) => tag);
        const reply = (): Promise<void> => {
          resolve(tags.map((tag) => ({ tag }) as unknown as VersionedEpoch));
          return turn();
        };
        const fail = (): Promise<void> => {
          reject(new Error(`failed: ${tags}`));
          return turn();
        };
        calls.push({ tags, now, reply, fail });
      });
    const store = batched({ ensureEpochs } as unknown as SessionStore);
    const ensure = async (now: number, ...tags: string[]): Promise<unknown> => {
      const requests = tags.map((tag) => ({ tag, keepUntil: now }) as EpochRequest);
      return (await store.ensureEpochs(requests, now)).map((one) => (one as unknown as { tag: string }).tag);
    };
    return { calls, ensure };
  }

  test('that wait go out together, also where they name one record, and each gets its own', async () => {
    const { calls, ensure } = openEnsuring();
    const answers = ['a', 'b', 'c', 'd'].map((user, at) => ensure(at, 'realm', user));
    expect(calls.map(({ tags }) => tags)).toEqual([
      ['realm', 'a'],
      ['realm', 'b'],
    ]);
    await calls[0]!.reply();
    expect(calls[2]).toMatchObject({ tags: ['realm', 'c', 'realm', 'd'], now: 3 });
    await calls[1]!.reply();
    await calls[2]!.reply();
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'd'].map((user) => ['realm', user]));
  });

  test('are asked for once more, alone, where the shared question failed', async () => {
    const { calls, ensure } = openEnsuring();
    const answers = ['a', 'b', 'c', 'd'].map((user) => ensure(0, user));
    const outcomes = Promise.allSettled(answers);
    await calls[0]!.reply();
    await calls[1]!.reply();
    await calls[2]!.fail();
    expect(calls.slice(3).map(({ tags }) => tags)).toEqual([['c'], ['d']]);
    await calls[3]!.fail();
    await calls[4]!.reply();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('everything else', () => {
  const VERBS = {
    ...{ setup: 0, readEpochs: 1, add: 2, list: 3, touch: 2, renew: 1, end: 3 },
    ...{ advance: 2, listUsers: 3, memberships: 3, deleteSessions: 2, prune: 1, close: 0 },
  };

  test.each(Object.entries(VERBS))(
    '%s passes through, with its arguments, its answer and its object',
    (verb, arity) => {
      class Own {
        readonly #answer = Symbol(verb);
        given: unknown[] = [];
        [verb](...given: unknown[]): symbol {
          this.given = given;
          return this.#answer;
        }
        get answer(): symbol {
          return this.#answer;
        }
      }
      const own = new Own();
      const store = batched(own as unknown as SessionStore) as unknown as Record<
        string,
        (...given: unknown[]) => unknown
      >;
      const given = Array.from({ length: arity }, () => ({}));
      const { [verb]: detached } = store;
      expect(detached!(...given)).toBe(own.answer);
      expect(own.given).toHaveLength(arity);
      for (const [at, each] of given.entries()) expect(own.given[at]).toBe(each);
    },
  );

  test('is left out where the store leaves it out', async () => {
    const store = batched({} as unknown as SessionStore);
    expect(await store.setup?.()).toBeUndefined();
    expect(await store.close?.()).toBeUndefined();
    expect(store.powers).toBeUndefined();
  });

  test('passes the powers, which are the same', () => {
    const powers = { audit: {}, policies: {}, transactions: {}, diagnosis: {} };
    expect(batched({ powers } as unknown as SessionStore).powers).toBe(powers);
  });
});

describe('options', () => {
  const store = memoryStore();

  test.each([0, -1, 1.5, 10_001, Number.NaN, '5', null])('refuse most: %j', (most) => {
    expect(() => batched(store, { maxRefs: most } as BatchOptions)).toThrow(TypeError);
  });

  test.each(['stalledAfter', 'timeout'])('refuse a %s of no length or of over ten minutes', (name) => {
    for (const value of [0, '0s', -1, '11m', 'soon', Number.NaN]) {
      expect(() => batched(store, { [name]: value } as BatchOptions)).toThrow(TypeError);
    }
    expect(() => batched(store, { [name]: '10m' } as BatchOptions)).not.toThrow();
  });

  test('refuse what they do not know, and what are none', () => {
    expect(() => batched(store, { size: 5 } as BatchOptions)).toThrow(TypeError);
    expect(() => batched(store, 5 as BatchOptions)).toThrow(TypeError);
  });
});

test('a burst of checks is answered token by token', async () => {
  const memory = memoryStore();
  let questions = 0;
  const slow = new Proxy(memory, {
    get(_, name) {
      if (name !== 'find') {
        const own: unknown = Reflect.get(memory, name);
        return typeof own === 'function' ? own.bind(memory) : own;
      }
      return async (realm: string, refs: readonly SessionRef[]) => {
        questions++;
        await turn();
        return memory.find(realm, refs);
      };
    },
  });
  const sessions = createSessions({ store: batched(slow) });
  const tokens: string[] = [];
  for (let nth = 0; nth < 50; nth++) {
    const user = `user-${nth}`;
    const started = await sessions.start({ user, fence: await sessions.fence({ user }) });
    tokens.push(started.ok ? started.token : '');
  }
  await sessions.revoke({ user: 'user-7' });
  questions = 0;
  const verdicts = await Promise.all(tokens.map((token) => sessions.check(token)));
  expect(verdicts.map((verdict) => verdict.session?.user ?? verdict)).toEqual(
    tokens.map((_, nth) => (nth === 7 ? expect.objectContaining({ reason: 'revoked' }) : `user-${nth}`)),
  );
  expect(questions).toBe(3);
  await sessions.close();
});

test('a check whose caller gave up is not sent, however much longer the queue would wait', async () => {
  const answers: ((found: null[]) => void)[] = [];
  let asked = 0;
  const memory = memoryStore();
  const stuck = new Proxy(memory, {
    get(_, name) {
      const own: unknown = Reflect.get(memory, name);
      if (name !== 'find') return typeof own === 'function' ? own.bind(memory) : own;
      return (_realm: string, refs: readonly SessionRef[]) => {
        asked += refs.length;
        return new Promise((resolve) => answers.push(() => resolve(refs.map(() => null))));
      };
    },
  });
  const sessions = createSessions({ store: batched(stuck, { stalledAfter: '10m', timeout: '10m' }), timeout: '50ms' });
  const { token } = (await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) })) as {
    readonly token: string;
  };
  const checks = await Promise.allSettled(Array.from({ length: 10 }, () => sessions.check(token)));
  expect(checks.map(({ status }) => status)).toEqual(checks.map(() => 'rejected'));
  expect(asked).toBe(2);
  for (const answer of answers) answer([]);
  await turn();
  expect(asked).toBe(2);
  const late = sessions.check(token);
  expect(asked).toBe(3);
  answers.at(-1)?.([]);
  expect(await late).toMatchObject({ ok: false, reason: 'unknown' });
});

describe('the contract, of a store whose look-ups take their time', () => {
  const create = () => {
    const memory = withoutChanges(memoryStore());
    const slow = new Proxy(memory, {
      get(_, name) {
        const own: unknown = Reflect.get(memory, name);
        if (typeof own !== 'function') return own;
        if (name !== 'find') return own.bind(memory);
        return async (realm: string, refs: readonly SessionRef[]) => {
          await null;
          const found = await memory.find(realm, refs);
          await null;
          return found;
        };
      },
    });
    return { store: batched(slow) };
  };
  const isWhole = includes('store: the whole contract, asked in batches');
  for (const { id, title, skip, run } of storeContract({
    create,
    powers: ['audit', 'outbox', 'policies', 'diagnosis'],
    interleavings: 5,
  })) {
    if (isWhole || isOfOrdinaryRun(id)) test.skipIf(skip !== null)(`${id}: ${title}`, run);
  }
});
