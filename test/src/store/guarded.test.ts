import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { isPromise } from '../../../src/lib/awaitable.ts';
import { SessionError } from '../../../src/lib/errors.ts';
import { newEpoch } from '../../../src/model/epoch.ts';
import type { SessionRecord } from '../../../src/model/session.ts';
import { guardStore } from '../../../src/store/guarded.ts';
import type { FoundSession, SessionStore } from '../../../src/store/store.ts';

const VERBS = [
  'readEpochs',
  'ensureEpochs',
  'add',
  'find',
  'list',
  'touch',
  'renew',
  'end',
  'advance',
  'listUsers',
  'memberships',
  'deleteSessions',
  'prune',
] as const;
type Verb = (typeof VERBS)[number];

const ref = { id: 'i', user: 'u' };
const record = newEpoch(0);
const session = {
  ...{
    id: 'i',
    userTag: 'u',
    accountTag: null,
    credential: 'h',
    kind: 'browser',
    ended: null,
    expiresAt: 1,
    idle: null,
    client: null,
    serial: 0,
    createdAt: 0,
    authenticatedAt: 0,
    lastUsedAt: 0,
  },
  stamps: { realm: record.base, user: record.base, account: null, member: null },
} as unknown as SessionRecord;
const found: FoundSession = { session, epochs: { realm: record, user: record, account: null, member: null } };

// A store whose methods all answer like this.
const answering = (answer: (verb: Verb) => unknown): SessionStore =>
  Object.fromEntries(VERBS.map((verb) => [verb, () => answer(verb)])) as unknown as SessionStore;

const POWERS = {
  audit: ['append', 'read', 'forget', 'prune'],
  policies: ['get', 'set'],
} as const;
const POWER_VERBS = Object.entries(POWERS).flatMap(([power, verbs]) => verbs.map((verb) => [power, verb] as const));

// A store whose methods, and those of its powers, all answer like this.
const powerful = (answer: () => unknown): SessionStore => {
  const powers = Object.entries(POWERS).map(([power, verbs]) => [
    power,
    Object.fromEntries(verbs.map((verb) => [verb, answer])),
  ]);
  return { ...answering(answer), powers: Object.fromEntries(powers) } as SessionStore;
};

const askPower = async (store: SessionStore, power: string, verb: string, timeout = 10): Promise<unknown> => {
  const powers = guardStore(store, timeout).powers as Record<string, Record<string, () => unknown>>;
  return powers[power]![verb]!();
};

const GIVEN: { readonly [verb in Verb]?: unknown } = { find: [ref], advance: { record } };

const ask = async (store: SessionStore, verb: Verb, timeout = 10): Promise<unknown> =>
  (guardStore(store, timeout)[verb] as (...given: unknown[]) => unknown)('realm', GIVEN[verb] ?? [], []);

const UNAVAILABLE = { name: 'SessionError', code: 'SESSION_STORE_UNAVAILABLE', status: 503 };

describe('OPS-1: every verb of a guarded store', () => {
  test.each(VERBS)('%s: is unavailable where the store throws, with the cause', async (verb) => {
    const cause = new Error('down');
    const store = answering(() => {
      throw cause;
    });
    await expect(ask(store, verb)).rejects.toMatchObject({ ...UNAVAILABLE, cause });
  });

  test.each(VERBS)('%s: is unavailable where the store rejects, with the cause', async (verb) => {
    const cause = 'not even an error';
    await expect(
      ask(
        answering(() => Promise.reject(cause)),
        verb,
      ),
    ).rejects.toMatchObject({ ...UNAVAILABLE, cause });
  });

  test.each(VERBS)('%s: is unavailable where no answer comes before the timeout', async (verb) => {
    const store = answering(() => new Promise(() => {}));
    await expect(ask(store, verb)).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: expect.stringContaining('no answer within 10 ms from the session store'),
      cause: new Error(`${verb} did not answer in time`),
    });
  });

  test.each(VERBS)('%s: takes no notice of an answer or a failure that comes too late', async (verb) => {
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 20));
    await expect(
      ask(
        answering(() => late),
        verb,
      ),
    ).rejects.toMatchObject(UNAVAILABLE);
    await expect(late).rejects.toThrow('late');
  });

  test.each(VERBS)('%s: hands on an error of this package as it is', async (verb) => {
    const error = new SessionError('SESSION_STORE_NOT_SET_UP', 'run setup()');
    await expect(
      ask(
        answering(() => Promise.reject(error)),
        verb,
      ),
    ).rejects.toBe(error);
  });

  test('answers at once where the store does: an embedded one costs no promise', () => {
    const guarded = guardStore(
      answering(() => [found]),
      10,
    );
    expect(guarded.find('realm', [ref])).toEqual([found]);
  });

  test('takes whatever can be waited for', async () => {
    // biome-ignore lint/suspicious/noThenProperty: some clients answer with their own sort of promise
    const thenable = { then: (done: (answer: unknown) => void) => done([found]) };
    expect(
      await ask(
        answering(() => thenable),
        'find',
      ),
    ).toEqual([found]);
    expect([thenable, Promise.resolve()].map((one: unknown) => isPromise(one))).toEqual([true, true]);
    expect([null, undefined, {}, 'x'].map((one) => isPromise<unknown>(one))).toEqual([false, false, false, false]);
  });

  test('lets a store be closed that cannot be', async () => {
    await expect(
      (async () =>
        guardStore(
          answering(() => []),
          10,
        ).close?.())(),
    ).resolves.toBeUndefined();
  });
});

describe('the timer of the timeout', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['came', async () => 0],
    ['failed', () => Promise.reject(new Error('down'))],
    ['made no sense', async () => 'x'],
  ])('keeps the process running until the answer %s, and no longer', async (_, answer) => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => timers.mockRestore());
    const guarded = guardStore(answering(answer), 60_000);
    const asked = Promise.resolve(guarded.deleteSessions('u', 1)).catch(() => {});
    const timer = timers.mock.results.at(-1)?.value as NodeJS.Timeout;
    onTestFinished(() => clearTimeout(timer));
    expect(timer.hasRef()).toBe(true);
    await asked;
    expect(timer.hasRef()).toBe(false);
    const again = Promise.resolve(guarded.deleteSessions('u', 1)).catch(() => {});
    expect(timer.hasRef()).toBe(true);
    await again;
    expect([timer.hasRef(), timers.mock.calls.length]).toEqual([false, 1]);
  });
});

describe('OPS-1: every verb of a power', () => {
  const cause = new Error('down');

  test.each(POWER_VERBS)('%s.%s: is unavailable where the store throws, rejects or hangs', async (power, verb) => {
    const throwing = powerful(() => {
      throw cause;
    });
    const rejecting = powerful(() => Promise.reject(cause));
    for (const store of [throwing, rejecting]) {
      const message = expect.stringMatching(/^the session store failed, see the cause\./);
      await expect(askPower(store, power, verb)).rejects.toMatchObject({ ...UNAVAILABLE, cause, message });
    }
    const hanging = powerful(() => new Promise(() => {}));
    await expect(askPower(hanging, power, verb)).rejects.toMatchObject(UNAVAILABLE);
  });

  test.each<[string, string, unknown[], unknown[]]>([
    ['audit', 'append', [undefined], []],
    [
      ...(['audit', 'read'] as const),
      [{ entries: [], more: false }],
      [undefined, [], { entries: [] }, { entries: [null], more: false }, { entries: {}, more: false }],
    ],
    ['audit', 'forget', [0, 7], [undefined, -1, 1.5, '1', Number.NaN]],
    ['audit', 'prune', [0, 7], [undefined, -1, 1.5, '1', Number.NaN]],
    ['policies', 'get', [null, '', '{}'], [undefined, 1, {}]],
    ['policies', 'set', ['set', 'conflict'], [undefined, true, 'done']],
  ])('%s.%s: is taken where it makes sense, and nowhere else', async (power, verb, sound, unsound) => {
    for (const answer of sound) {
      expect(
        await askPower(
          powerful(() => answer),
          power,
          verb,
        ),
      ).toEqual(answer);
    }
    for (const answer of unsound) {
      for (const store of [powerful(() => answer), powerful(async () => answer)]) {
        await expect(askPower(store, power, verb)).rejects.toMatchObject(UNAVAILABLE);
      }
    }
  });

  test('is there only where the store declares the power', () => {
    const { powers } = guardStore(
      answering(() => undefined),
      10,
    );
    expect([powers?.audit, powers?.policies]).toEqual([undefined, undefined]);
  });
});

describe('OPS-1: what the verbs answer', () => {
  test.each<[Verb, unknown[], unknown[]]>([
    ['add', ['added', 'conflict'], [undefined, true, 'not-live']],
    ['renew', ['renewed', 'not-live', 'conflict'], [undefined, 'added']],
    ['advance', ['advanced', 'not-live', 'conflict'], [undefined, 'renewed']],
    ['end', [true, false], [undefined, 1, 'true']],
    [
      'listUsers',
      [
        { users: [], after: null },
        { users: ['a'], after: 'a' },
      ],
      [undefined, [], { users: ['a'] }, { users: [1], after: null }, { users: ['a'], after: 1 }],
    ],
    [
      'memberships',
      [
        { accounts: [], after: null },
        { accounts: ['a'], after: 'a' },
      ],
      [undefined, [], { accounts: ['a'] }, { accounts: [1], after: null }, { accounts: ['a'], after: 1 }],
    ],
    ['deleteSessions', [0, 7], [undefined, -1, 1.5, '1', Number.NaN]],
    [
      'prune',
      [{ sessions: 0, epochs: 0, more: false, after: null }],
      [undefined, {}, { sessions: 0, epochs: 0, more: false }, { sessions: '0', epochs: 0, more: false, after: null }],
    ],
  ])('%s: is taken where it makes sense, and nowhere else', async (verb, sound, unsound) => {
    for (const answer of sound) {
      expect(
        await ask(
          answering(() => answer),
          verb,
        ),
      ).toEqual(answer);
    }
    for (const answer of unsound) {
      await expect(
        ask(
          answering(async () => answer),
          verb,
        ),
      ).rejects.toMatchObject(UNAVAILABLE);
    }
  });
});

describe('OPS-1: the answer to readEpochs and ensureEpochs', () => {
  const there = { record, version: 7 };
  const request = { create: record, version: 1, keepUntil: null };
  const guarded = (answer: unknown): SessionStore =>
    guardStore(
      answering(() => answer),
      10,
    );
  const read = async (answer: unknown) => guarded(answer).readEpochs(['a', 'b']);
  const ensure = async (answer: unknown) =>
    guarded(answer).ensureEpochs(
      ['a', 'b'].map((tag) => ({ tag, ...request })),
      0,
    );

  test.each([[[there, there]], [[there, null]], [[null, null]]])(
    'may lack records that are only read: %o',
    async (answer) => {
      for (const given of [answer, Promise.resolve(answer)]) expect(await read(given)).toEqual(answer);
    },
  );

  test.each([[[there, null]], [[null, null]]])('may not lack records that are ensured: %o', async (answer) => {
    for (const given of [answer, Promise.resolve(answer)]) {
      await expect(ensure(given)).rejects.toMatchObject(UNAVAILABLE);
    }
    expect(await ensure([there, there])).toEqual([there, there]);
  });

  test.each([
    [[there]],
    [[there, there, there]],
    [[there, undefined]],
    [[there, { record: null, version: 1 }]],
    [[there, { record, version: '1' }]],
  ])('is taken for an outage where it makes no sense: %o', async (answer) => {
    for (const ask of [read, ensure]) {
      await expect(ask(answer)).rejects.toMatchObject(UNAVAILABLE);
      await expect(ask(Promise.resolve(answer))).rejects.toMatchObject(UNAVAILABLE);
    }
  });
});

describe('OPS-1: what find answers', () => {
  const changed = (changes: Record<string, unknown>) => ({ ...found, session: { ...session, ...changes } });

  test.each([
    ['a session', [found]],
    ['none', [null]],
    ['one that never expires', [changed({ expiresAt: null })]],
  ])('may be %s', async (_, answer) => {
    for (const store of [answering(() => answer), answering(async () => answer)])
      expect(await ask(store, 'find')).toEqual(answer);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['no array', { 0: found, length: 1 }],
    ['too few', []],
    ['too many', [found, found]],
    ['undefined for null', [undefined]],
    ['text', ['found']],
    ['a session without records', [{ session }]],
    ['records without a session', [{ epochs: found.epochs }]],
    ['another session', [changed({ id: 'j' })]],
    ["another user's session", [changed({ userTag: 'v' })]],
    ['a session without credential', [changed({ credential: undefined })]],
    ['a time as text', [changed({ lastUsedAt: '0' })]],
    ['a time that is no number', [changed({ lastUsedAt: Number.NaN })]],
    ['an expiry that is no number', [changed({ expiresAt: Number.NaN })]],
    ['a creation that is no number', [changed({ createdAt: Number.NaN })]],
    ['an authentication that is no number', [changed({ authenticatedAt: Number.NaN })]],
    ['a serial that is no number', [changed({ serial: Number.NaN })]],
    ['a lifetime without end', [changed({ idle: Infinity })]],
    ['an expiry as text', [changed({ expiresAt: '1' })]],
    ['an expiry that is missing', [changed({ expiresAt: undefined })]],
    ['a lifetime as text', [changed({ idle: '1' })]],
    ['a client that is missing', [changed({ client: undefined })]],
    ['a client that is text', [changed({ client: 'app' })]],
    ['a client without a name', [changed({ client: { id: 'app', scope: null, kept: null } })]],
    ['a tombstone that is missing', [changed({ ended: undefined })]],
    ...(['realm', 'user', 'account', 'member'] as const).flatMap((scope): [string, unknown][] =>
      [undefined, 'text', {}, { ...record, counter: '1' }, { ...record, keep: null }].map((wrong) => [
        `a record of the ${scope} of another shape: ${JSON.stringify(wrong)}`,
        [{ ...found, epochs: { ...found.epochs, [scope]: wrong } }],
      ]),
    ),
  ])('is no answer where it is %s', async (_, answer) => {
    for (const store of [answering(() => answer), answering(async () => answer)]) {
      await expect(ask(store, 'find')).rejects.toMatchObject(UNAVAILABLE);
    }
  });
});

test('a record that some store might not hold is refused by its code, and not handed to the store', async () => {
  const asked: string[] = [];
  const store = {
    advance() {
      asked.push('advance');
      return 'advanced';
    },
  } as unknown as SessionStore;
  const guarded = guardStore(store, 1_000);
  const advance = (kinds: number) => {
    const entries = Array.from({ length: kinds }, (_, nth) => [`kind ${nth} ${'x'.repeat(100)}`, record.base] as const);
    const large = { ...record, kinds: Object.fromEntries(entries) };
    return guarded.advance('u', { record: large, ifVersion: 1, now: 0, keepUntil: null, audit: [] });
  };
  expect(advance(1_000)).toBe('advanced');
  expect(() => advance(100_000)).toThrow(expect.objectContaining({ code: 'SESSION_RECORD_TOO_LARGE' }));
  expect(asked).toEqual(['advance']);
});
