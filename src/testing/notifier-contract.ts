import assert from 'node:assert/strict';
import { createSessions } from '../create-sessions.ts';
import type { Notifier } from '../freshness/notifier.ts';
import type { SessionStore } from '../store/store.ts';
import { withoutChanges } from './harness/wrappers.ts';

/** The notifiers of one case of {@link notifierContract}. */
export interface NotifierPlace {
  /** The notifier of one process of an app. */
  readonly one: Notifier;
  /** The notifier of another process of the same app: another connection, and the same channel. */
  readonly other: Notifier;
  /** The notifier of another app: the same server, and another channel. */
  readonly foreign: Notifier;
  /** Closes the connections. */
  end?(): unknown;
}

/** Options of {@link notifierContract}. */
export interface NotifierContractOptions {
  /** Opens the three notifiers, for one case. */
  create(): NotifierPlace | Promise<NotifierPlace>;
  /** Creates a store for the last case, in which two processes share it, such as `memoryStore()`. */
  createStore(): SessionStore;
  /** The time in ms after which a message counts as lost. Default 10,000. */
  readonly timeout?: number | undefined;
}

/** One case of the contract. */
export interface NotifierCase {
  /** `notifier/name`. Ids are frozen: an id never gets another meaning. */
  readonly id: string;
  /** The requirement, such as `MUST …`. */
  readonly title: string;
  /** Rejects with an `AssertionError` if the notifier breaks the contract. */
  run(): Promise<void>;
}

const TIMEOUT = 10_000;

/** Collects the messages that a listener hears. */
class Heard {
  readonly messages: unknown[] = [];
  readonly #timeout: number;
  readonly #waiting = new Set<() => void>();

  constructor({ timeout = TIMEOUT }: NotifierContractOptions) {
    this.#timeout = timeout;
  }

  readonly listener = (message: unknown): void => {
    this.messages.push(message);
    for (const look of [...this.#waiting]) look();
  };

  /** Resolves once this message was heard. */
  async hears(message: string): Promise<void> {
    if (this.messages.includes(message)) return;
    let look: () => void = () => {};
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        look = () => {
          if (this.messages.includes(message)) resolve();
        };
        this.#waiting.add(look);
        timer = setTimeout(
          () => reject(new assert.AssertionError({ message: `"${cut(message)}" did not arrive` })),
          this.#timeout,
        );
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }
}

const cut = (message: string): string => (message.length > 40 ? `${message.slice(0, 40)}…` : message);

type Run = (place: NotifierPlace, options: NotifierContractOptions) => Promise<void>;

const CASES: Readonly<Record<string, readonly [title: `MUST ${string}`, run: Run]>> = {
  arrives: [
    'MUST carry a message to another process that listens',
    async ({ one, other }, options) => {
      const heard = new Heard(options);
      await other.subscribe(heard.listener);
      await one.publish('first');
      await heard.hears('first');
      await one.publish('second');
      await heard.hears('second');
      assert.equal(heard.messages.filter((message) => message === 'first').length, 1, 'it arrived twice');
    },
  ],
  'longest-message': [
    'MUST carry 7,000 characters of printable ASCII as they are',
    async ({ one, other }, options) => {
      const printable = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('');
      const message = printable.repeat(74).slice(0, 7_000);
      const heard = new Heard(options);
      await other.subscribe(heard.listener);
      await one.publish(message);
      await heard.hears(message);
    },
  ],
  'several-listeners': [
    'MUST call every listener of a process, and after one has stopped the others',
    async ({ one, other }, options) => {
      const [first, second] = [new Heard(options), new Heard(options)];
      const stop = await other.subscribe(first.listener);
      await other.subscribe(second.listener);
      await one.publish('for both');
      await Promise.all([first.hears('for both'), second.hears('for both')]);
      await stop();
      await one.publish('for the second');
      await second.hears('for the second');
      assert.deepEqual(first.messages, ['for both']);
    },
  ],
  'listens-again': [
    'MUST be silent after all listeners have stopped, and listen again for the next one',
    async ({ one, other }, options) => {
      const before = new Heard(options);
      const stop = await other.subscribe(before.listener);
      await one.publish('before');
      await before.hears('before');
      await stop();
      const after = new Heard(options);
      await other.subscribe(after.listener);
      await one.publish('after');
      await after.hears('after');
      assert.deepEqual(before.messages, ['before']);
      assert.deepEqual(after.messages, ['after']);
    },
  ],
  channels: [
    'MUST keep the messages of one channel from another',
    async ({ one, other, foreign }, options) => {
      const [heard, elsewhere] = [new Heard(options), new Heard(options)];
      await other.subscribe(heard.listener);
      await foreign.subscribe(elsewhere.listener);
      await foreign.publish('foreign');
      await one.publish('own');
      await heard.hears('own');
      // The own message was sent first, on the same server.
      assert.deepEqual(heard.messages, ['own']);
      assert.ok(!elsewhere.messages.includes('own'), 'the other channel heard it');
    },
  ],
  'both-ways': [
    'MUST let a process listen and publish at the same time',
    async ({ one, other }, options) => {
      const [here, there] = [new Heard(options), new Heard(options)];
      await one.subscribe(here.listener);
      await other.subscribe(there.listener);
      await Promise.all([one.publish('there'), other.publish('here')]);
      await Promise.all([here.hears('here'), there.hears('there')]);
    },
  ],
  revocation: [
    'MUST make a revocation known to another process long before its memory is too old',
    async ({ one, other }, { createStore, timeout = TIMEOUT }) => {
      // Only the message may tell of the revocation.
      const store = withoutChanges(createStore());
      // A store object has one memory, so each process needs its own.
      const process = (notifier: Notifier) =>
        createSessions({ store: { ...store, close: () => {} }, freshness: { maxStaleness: '5m', notifier } });
      const [first, second] = [process(one), process(other)];
      try {
        await Promise.all([first.setup(), second.setup()]);
        await listening(timeout, first, second);
        const started = await first.start({ user: 'ann', fence: await first.fence({ user: 'ann' }) });
        assert.ok(started.ok);
        const { token } = started;
        assert.ok((await second.check(token)).ok);
        await first.revoke({ user: 'ann' });
        await soon(timeout, async () => !(await second.check(token)).ok, 'the other process still accepts the session');
      } finally {
        await Promise.all([first.close(), second.close()]);
      }
    },
  ],
};

type Sessions = ReturnType<typeof createSessions>;

const listening = (timeout: number, ...all: readonly Sessions[]): Promise<void> =>
  soon(
    timeout,
    async () => {
      const health = await Promise.all(all.map((sessions) => sessions.health()));
      return health.every(({ freshness }) => freshness?.notifier?.listens === true);
    },
    'the notifier does not listen',
  );

async function soon(timeout: number, isSo: () => Promise<boolean>, otherwise: string): Promise<void> {
  const until = performance.now() + timeout;
  while (!(await isSo())) {
    assert.ok(performance.now() < until, otherwise);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/**
 * Returns the contract of a notifier, as cases for any test runner. Each case opens its own notifiers.
 * @param options how a case opens its notifiers and its store, and how long it waits.
 * @example
 * ```ts
 * import test from 'node:test';
 * import { memoryStore } from 'session-revocation/memory';
 * import { threadsNotifier } from 'session-revocation/notifiers';
 * import { notifierContract } from 'session-revocation/testing';
 *
 * const create = () => ({
 *   one: threadsNotifier({ channel: 'a' }),
 *   other: threadsNotifier({ channel: 'a' }),
 *   foreign: threadsNotifier({ channel: 'b' }),
 * });
 * for (const { id, title, run } of notifierContract({ create, createStore: memoryStore })) {
 *   test(`${id}: ${title}`, run);
 * }
 * ```
 */
export const notifierContract = (options: NotifierContractOptions): readonly NotifierCase[] =>
  Object.entries(CASES).map(([name, [title, run]]) => ({
    id: `notifier/${name}`,
    title,
    async run() {
      const place = await options.create();
      try {
        await run(place, options);
      } finally {
        await place.end?.();
      }
    },
  }));
