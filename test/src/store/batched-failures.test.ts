import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { answersTo, open, REALM, refsOf, storeThat, turn } from '../support/hand-store.ts';

describe('a question of several look-ups that fails', () => {
  const down = new Error('down');

  test('is put again for each of them alone, once: a bad reference fails only itself', async () => {
    const { hand, ask, questions } = open();
    const [a, b, c, d, e] = [ask('a'), ask('b'), ask('c'), ask('bad', 'd'), ask('e')];
    await questions[0]!.reply();
    await questions[2]!.fail(new Error('one of them is bad'));
    expect(hand.asked.slice(3)).toEqual([['c'], ['bad', 'd'], ['e']]);
    await questions[3]!.reply();
    await questions[4]!.fail(down);
    await questions[5]!.reply();
    await questions[1]!.reply();
    expect([a, b, c, e].map(({ found }) => found)).toEqual([['a'], ['b'], ['c'], ['e']]);
    expect(d).toEqual({ found: null, error: down });
    expect(questions).toHaveLength(6);
  });

  test('is put again also where the store threw instead of asking', async () => {
    const { hand, ask, questions } = open();
    const [, , c, d] = [ask('a'), ask('b'), ask('c'), ask('d')];
    const throws = vi.spyOn(hand, 'find').mockImplementationOnce(() => {
      throw down;
    });
    throws.mockImplementationOnce(() => {
      throw down;
    });
    await questions[0]!.reply();
    await questions[2]!.reply();
    expect(c).toEqual({ found: null, error: down });
    expect(d.found).toEqual(['d']);
  });

  test.each([
    ['too short', answersTo(REALM, refsOf('c'))],
    ['too long', answersTo(REALM, refsOf('c', 'd', 'e'))],
    ['empty', []],
    ['no list', undefined],
    ['null', null],
    ['a text as long', 'cd'],
  ])('is one whose answer is %s', async (_, answer) => {
    const { hand, ask, questions } = open();
    const [, , c, d] = [ask('a'), ask('b'), ask('c'), ask('d')];
    await questions[0]!.reply();
    await questions[2]!.reply(answer);
    expect(hand.asked.slice(2)).toEqual([['c', 'd'], ['c'], ['d']]);
    await Promise.all(questions.slice(3).map((question) => question.reply()));
    expect([c.found, d.found]).toEqual([['c'], ['d']]);
  });

  test('does not turn a hole in the answer into "no such session"', async () => {
    const { find, ask, questions } = open();
    ask('a');
    ask('b');
    const [c, d] = [find('c'), find('d')];
    const sparse = answersTo(REALM, refsOf('c', 'd')).slice();
    delete sparse[0];
    await questions[0]!.reply();
    await questions[2]!.reply(sparse);
    expect((await c)[0]).toBeUndefined();
    expect((await d)[0]?.session.id).toBe('d');
  });

  test('of one look-up is its failure, and is not put again', async () => {
    const { hand, ask, questions } = open();
    const [a, b, c] = [ask('a'), ask('b'), ask('c')];
    await questions[0]!.fail(down);
    await questions[1]!.fail(down);
    await questions[2]!.fail(down);
    expect(hand.asked).toEqual([['a'], ['b'], ['c']]);
    for (const { error } of [a, b, c]) expect(error).toBe(down);
  });

  test('in an outage costs no more than one question more for all that it held', async () => {
    let [questions, failed] = [0, 0];
    const store = storeThat(async () => {
      questions++;
      await turn();
      throw down;
    });
    const client = async (): Promise<void> => {
      for (let round = 0; round < 20; round++) {
        try {
          await store.find(REALM, refsOf('a'));
        } catch {
          failed++;
        }
      }
    };
    await Promise.all(Array.from({ length: 64 }, client));
    expect(failed).toBe(64 * 20);
    expect(questions).toBeLessThan(64 * 20 * 1.2);
  });
});

describe('a question without an answer', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const pass = async (ms: number): Promise<void> => {
    await vi.advanceTimersByTimeAsync(ms);
    await turn();
  };

  test('keeps others waiting for a second, no longer', async () => {
    const { hand, ask, questions } = open();
    for (const id of ['a', 'b', 'c', 'd']) ask(id);
    await pass(999);
    expect(hand.asked).toEqual([['a'], ['b']]);
    await pass(1);
    expect(hand.asked).toEqual([['a'], ['b'], ['c', 'd']]);
    expect(questions).toHaveLength(3);
  });

  test('gives way again and again, for as long as somebody waits', async () => {
    const { hand, ask } = open({ maxRefs: 1 });
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) ask(id);
    await pass(1000);
    expect(hand.asked.flat()).toEqual(['a', 'b', 'c', 'd']);
    await pass(1000);
    expect(hand.asked.flat()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    await pass(1000);
    expect(hand.asked.flat()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });

  test('is given up a second after it was sent, however late somebody begins to wait', async () => {
    const { hand, ask } = open({ stalledAfter: '1s' });
    ask('a');
    await pass(600);
    ask('b');
    await pass(300);
    ask('c');
    await pass(99);
    expect(hand.asked).toEqual([['a'], ['b']]);
    await pass(1);
    expect(hand.asked).toEqual([['a'], ['b'], ['c']]);
    // "b" still has the rest of its second.
    ask('d');
    await pass(599);
    expect(hand.asked).toHaveLength(3);
    await pass(1);
    expect(hand.asked).toEqual([['a'], ['b'], ['c'], ['d']]);
  });

  test('is one where the other one still serves', async () => {
    const { hand, ask, questions } = open();
    const hung = ask('hung');
    for (let nth = 1; nth <= 50; nth++) {
      const [first, second] = [ask(`${nth}a`), ask(`${nth}b`)];
      await pass(30);
      await questions[questions.length - 1]!.reply();
      await Promise.all(questions.slice(1).map((question) => question.reply()));
      await Promise.all(questions.slice(1).map((question) => question.reply()));
      expect([first.found, second.found]).toEqual([[`${nth}a`], [`${nth}b`]]);
    }
    await questions[0]!.reply();
    expect(hung.found).toEqual(['hung']);
    expect(hand.asked.flat()).toHaveLength(101);
  });

  test('still delivers its answer when it comes late, and is not counted twice', async () => {
    const { hand, ask, questions } = open();
    const initiators = ['a', 'b', 'c', 'd'].map((id) => ask(id));
    await pass(1000);
    ask('e');
    await questions[0]!.reply();
    await questions[1]!.reply();
    expect(initiators.map(({ found }) => found)).toEqual([['a'], ['b'], null, null]);
    // "c, d" and "e" are under way, so the two late replies make no room for a third question.
    expect(hand.asked).toEqual([['a'], ['b'], ['c', 'd'], ['e']]);
    ask('f');
    await questions[1]!.reply();
    expect(hand.asked).toHaveLength(4);
    await questions[2]!.reply();
    expect(hand.asked.slice(4)).toEqual([['f']]);
    expect(initiators.map(({ found }) => found)).toEqual([['a'], ['b'], ['c'], ['d']]);
  });

  test('sends no more than two questions a second while nothing answers', async () => {
    const { hand, ask } = open({ timeout: '3s' });
    for (let ms = 0; ms < 10_000; ms += 10) {
      ask(`${ms}`);
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(hand.asked.length).toBeLessThanOrEqual(2 * 10 + 2);
  });

  test('never costs a look-up more than the timeout: what has waited so long is not sent any more', async () => {
    const { hand, ask } = open({ stalledAfter: '2s', timeout: '1500ms', maxRefs: 1 });
    const initiators = ['a', 'b', 'c', 'd'].map((id) => ask(id));
    await pass(1000);
    const young = ask('e');
    await pass(1000);
    expect(hand.asked).toEqual([['a'], ['b'], ['e']]);
    for (const { error } of initiators.slice(2)) {
      expect(error).toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE', message: expect.stringContaining('1500 ms') });
    }
    expect(young).toEqual({ found: null, error: null });
  });

  test('costs a look-up five seconds where no timeout is given', async () => {
    const { hand, ask } = open({ stalledAfter: '1m' });
    ask('a');
    ask('b');
    const [c, d] = [ask('c'), ask('d')];
    await pass(4999);
    const e = ask('e');
    await pass(1);
    await hand.questions[0]!.reply();
    for (const { error } of [c, d]) expect(error).toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    expect(hand.asked).toEqual([['a'], ['b'], ['e']]);
    expect(e.error).toBeNull();
  });

  test('is not put again for those that have waited too long when it fails', async () => {
    const { hand, ask, questions } = open({ timeout: '4s' });
    for (const id of ['a', 'b']) ask(id);
    const [c, d] = [ask('c'), ask('d')];
    await pass(1000);
    const [e, f] = [ask('e'), ask('f'), ask('g')];
    await pass(3000);
    await questions[2]!.fail(new Error('reset'));
    for (const { error } of [c, d]) expect(error).toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    expect(hand.asked.flat().filter((id) => id === 'c' || id === 'd')).toEqual(['c', 'd']);
    expect([e.error, f.error]).toEqual([null, null]);
  });

  test('keeps no process alive', () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const { ask } = open();
    for (const id of ['a', 'b', 'c']) ask(id);
    expect(timers.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([false]);
    timers.mockRestore();
  });

  test('takes a timer only where somebody waits', async () => {
    const { ask, questions } = open();
    ask('a');
    ask('b');
    expect(vi.getTimerCount()).toBe(0);
    ask('c');
    ask('d');
    expect(vi.getTimerCount()).toBe(1);
    for (let at = 0; at < 3; at++) await questions[at]!.reply();
    await pass(1000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
