import { EventEmitter, getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isSessionError, type Session } from 'session-revocation';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { userTag } from '../../../src/model/token.ts';
import { size } from '../../ci-only.ts';
import { ReferenceStore } from '../../model/reference-store.ts';
import { TokenRealm } from '../jwt/support/tokens.ts';
import { DAY, HOUR, MINUTE, Realm, SECOND, settle } from '../support/realm.ts';

let steady = 1_000;

beforeEach(() => {
  steady = 1_000;
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  vi.spyOn(performance, 'now').mockImplementation(() => steady);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Lets time pass in these processes, and waits until due work is done. */
async function pass(ms: number, ...realms: readonly Realm[]): Promise<void> {
  steady += ms;
  for (const realm of realms) realm.now += ms;
  vi.advanceTimersByTime(ms);
  await settle();
  await settle();
}

/** Returns why a signal fired, or `null` if it has not fired. */
const told = (signal: AbortSignal): string | null => {
  if (!signal.aborted) return null;
  if (!isSessionError(signal.reason)) throw signal.reason;
  const { cause } = signal.reason as { cause?: { reason?: string } };
  return signal.reason.code === 'SESSION_OVER' ? (cause?.reason ?? '') : signal.reason.code;
};

const hold = (realm: Realm, session: Session, owner = new EventEmitter()): AbortSignal =>
  realm.sessions.signal(session, owner);

describe('a signal', () => {
  test.each([
    ['its user', (realm: Realm) => realm.sessions.revoke({ user: 'ann' }), 'revoked'],
    ['its account', (realm: Realm) => realm.sessions.revoke({ account: 'acme' }), 'revoked'],
    ['its membership', (realm: Realm) => realm.sessions.revoke({ user: 'ann', account: 'acme' }), 'revoked'],
    ['the realm', (realm: Realm) => realm.sessions.revoke({ realm: true }), 'revoked'],
    ['it', (realm: Realm, { id }: Session) => realm.sessions.end(id, { user: 'ann' }), 'ended'],
    ['its secret', (realm: Realm, session: Session) => realm.sessions.renew(session), 'superseded'],
  ] as const)(
    'fires at once when this process ends %s, and within the interval when another one does',
    async (_, end, why) => {
      for (const elsewhere of [false, true]) {
        const realm = new Realm();
        const other = new Realm({}, realm.store);
        const { session } = await realm.signIn('ann', { account: 'acme' });
        const { session: bobs } = await realm.signIn('bob', { account: 'else' });
        const [signal, others] = [hold(realm, session), hold(realm, bobs)];
        await settle();
        expect(told(signal)).toBe(null);
        await end(elsewhere ? other : realm, session);
        await settle();
        await settle();
        if (elsewhere) await pass(5 * SECOND, realm, other);
        expect(told(signal)).toBe(why);
        if (!(await realm.word((await realm.signIn('bob')).token))) throw new Error('never');
        expect(told(others)).toBe(_ === 'the realm' ? 'revoked' : null);
      }
    },
  );

  test('fires for a session that ended before it was asked for', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    await new Realm({}, realm.store).sessions.revoke({ user: 'ann' });
    const signal = hold(realm, session);
    await settle();
    await settle();
    expect(told(signal)).toBe('revoked');
  });

  test('fires for a session that ends while it is read', async () => {
    const realm = new Realm();
    const other = new Realm({}, realm.store);
    const { session } = await realm.signIn();
    let answer = (): void => {};
    realm.around = async (call, ask) => {
      if (call !== 'find') return ask();
      const read = await ask();
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return read;
    };
    const [first] = [hold(realm, session)];
    await settle();
    await other.sessions.revoke({ user: 'ann' });
    // The second signal is requested while the older read is under way.
    const second = hold(realm, session);
    realm.around = (_, ask) => ask();
    answer();
    await settle();
    await settle();
    expect([told(first), told(second)]).toEqual(['revoked', 'revoked']);
  });

  test('fires when the session expires, and not while it is used', async () => {
    const realm = new Realm({ lifetime: { absolute: '1d', idle: '1h' }, signal: { every: '5m' } });
    const { session, token } = await realm.signIn();
    const signal = hold(realm, session);
    for (let minutes = 0; minutes < 120; minutes += 30) {
      await pass(30 * MINUTE, realm);
      expect(await realm.word(token)).toBe('live');
      await settle();
    }
    expect(told(signal)).toBe(null);
    await pass(HOUR + 5 * MINUTE, realm);
    expect(told(signal)).toBe('expired');
  });

  test('is not read in each interval over a store that tells its changes', async () => {
    const store = new ReferenceStore();
    const changed: string[] = [];
    Object.assign(store.powers, {
      changes: {
        since: (position: string | null) => ({
          tags: position === null ? null : changed.slice(Number(position)),
          position: `${changed.length}`,
        }),
      },
    });
    const realm = new Realm({ signal: { every: '1s' } }, store);
    const { session } = await realm.signIn();
    const signal = hold(realm, session);
    for (let times = 0; times < 3; times++) await pass(SECOND, realm);
    realm.calls.length = 0;
    for (let times = 0; times < 10; times++) await pass(SECOND, realm);
    expect(new Set(realm.calls)).toEqual(new Set(['changes.since']));
    await new Realm({}, store).sessions.revoke({ user: 'ann' });
    changed.push(userTag('default', 'ann'));
    await pass(SECOND, realm);
    expect(told(signal)).toBe('revoked');
  });

  test('does not fire in an outage before giveUpAfter, and then says that nothing is known', async () => {
    const realm = new Realm({ signal: { every: '1s', giveUpAfter: '1m' } });
    const { session } = await realm.signIn();
    const signal = hold(realm, session);
    await settle();
    realm.around = () => Promise.reject(new Error('down'));
    for (let seconds = 0; seconds < 59; seconds++) await pass(SECOND, realm);
    expect(told(signal)).toBe(null);
    for (let seconds = 0; seconds < 3; seconds++) await pass(SECOND, realm);
    expect(told(signal)).toBe('SESSION_STORE_UNAVAILABLE');
  });

  test('does not fire after a sleep by an attempt from before it', async () => {
    const realm = new Realm({ signal: { every: '1s', giveUpAfter: '1m' } });
    const { session } = await realm.signIn();
    const signal = hold(realm, session);
    await settle();
    let fail = (): void => {};
    realm.around = () => new Promise((_, reject) => (fail = () => reject(new Error('cut'))));
    await pass(SECOND, realm);
    // The machine sleeps, so only the wall clock advances.
    realm.now += DAY;
    fail();
    await settle();
    expect(told(signal)).toBe(null);
    realm.around = (_, ask) => ask();
    await pass(SECOND, realm);
    expect(told(signal)).toBe(null);
  });

  test('lets go of what has closed, and leaves no listener behind', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    const [socket, job] = [new EventEmitter(), new AbortController()];
    const signals = [hold(realm, session, socket), realm.sessions.signal(session, job.signal)];
    socket.emit('close');
    job.abort();
    await settle();
    realm.calls.length = 0;
    await pass(MINUTE, realm);
    expect(realm.calls).toEqual([]);
    expect(signals.map(told)).toEqual([null, null]);
    expect(vi.getTimerCount()).toBe(0);

    const [open, running] = [new EventEmitter(), new AbortController()];
    const fired = [hold(realm, session, open), realm.sessions.signal(session, running.signal)];
    await realm.sessions.revoke({ user: 'ann' });
    await settle();
    await settle();
    expect(fired.map(told)).toEqual(['revoked', 'revoked']);
    expect([open.listenerCount('close'), getEventListeners(running.signal, 'abort')]).toEqual([0, []]);
  });

  test.each([
    ['an aborted signal', AbortSignal.abort()],
    ['a destroyed socket', Object.assign(new EventEmitter(), { destroyed: true })],
    ['a closed response', Object.assign(new EventEmitter(), { closed: true })],
    ['a closed WebSocket', Object.assign(new EventEmitter(), { readyState: 3 })],
  ])('of %s never fires', async (_, owner) => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    const signal = realm.sessions.signal(session, owner);
    await realm.sessions.revoke({ user: 'ann' });
    await settle();
    expect(told(signal)).toBe(null);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([undefined, null, {}, 7, new EventTarget()])('needs an owner, and %j is none', async (owner) => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    expect(() => realm.sessions.signal(session, owner as never)).toThrow(
      /sessions\.signal\(session, owner\).*belongs to/,
    );
    expect(() => realm.sessions.signal({} as never, new EventEmitter())).toThrow(TypeError);
  });

  test.each([
    [{ every: '99ms' }, /signal\.every/],
    [{ every: '6m' }, /signal\.every/],
    [{ giveUpAfter: 999 }, /signal\.giveUpAfter/],
    [{ interval: '1s' }, /"interval"/],
    [7, /signal/],
  ])('refuses the option %j', (signal, message) => {
    expect(() => new Realm({ signal: signal as never })).toThrow(message);
  });

  test('fires although an older read, for a socket that has closed, had found the end', async () => {
    const realm = new Realm({ signal: { every: '1s' } });
    const { session } = await realm.signIn();
    await new Realm({}, realm.store).sessions.revoke({ user: 'ann' });
    let answer = (): void => {};
    realm.around = async (_, ask) => {
      const read = await ask();
      await new Promise<void>((resolve) => (answer = resolve));
      return read;
    };
    const socket = new EventEmitter();
    hold(realm, session, socket);
    await settle();
    socket.emit('close');
    const signal = hold(realm, session);
    realm.around = () => Promise.reject(new Error('down'));
    answer();
    await settle();
    expect(told(signal)).toBe(null);
    realm.around = (_, ask) => ask();
    await pass(SECOND, realm);
    expect(told(signal)).toBe('revoked');
  });

  test('is forgotten when the sessions are closed', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    const socket = new EventEmitter();
    const signal = hold(realm, session, socket);
    await realm.sessions.close();
    expect([told(signal), vi.getTimerCount(), socket.listenerCount('close')]).toEqual([null, 0, 0]);
    expect(() => hold(realm, session)).toThrow(/close/);
  });

  test('does not fire by a read that is under way when the sessions are closed', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    await new Realm({}, realm.store).sessions.revoke({ user: 'ann' });
    let answer = (): void => {};
    realm.around = async (call, ask) => {
      if (call === 'find')
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      return ask();
    };
    const signal = hold(realm, session);
    await settle();
    const closed = realm.sessions.close();
    answer();
    await closed;
    await settle();
    expect(told(signal)).toBe(null);
  });

  test('of 10,000 sockets fires in slices', async () => {
    const realm = new Realm();
    const sessions: Session[] = [];
    for (let at = 0; at < 100; at++) sessions.push((await realm.signIn(`user ${at}`)).session);
    const signals = Array.from({ length: 10_000 }, (_, at) => hold(realm, sessions[at % 100] as Session));
    await settle();
    let [fired, most, inTurn] = [0, 0, 0];
    for (const signal of signals) {
      signal.addEventListener('abort', () => {
        fired++;
        if (inTurn++ === 0) setImmediate(() => (inTurn = 0));
        most = Math.max(most, inTurn);
      });
    }
    await realm.sessions.revoke({ realm: true });
    for (let turns = 0; turns < 1_000 && fired < 10_000; turns++) await settle();
    expect(fired).toBe(10_000);
    expect(most).toBeLessThanOrEqual(400);
  });

  test('leaves nothing behind when sockets come and go', async () => {
    // Mocks keep all their calls, and the test would count them as leaked memory.
    vi.restoreAllMocks();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const realm = new Realm();
    const { session } = await realm.signIn();
    const open = async (times: number): Promise<number> => {
      for (let at = 0; at < times; at++) {
        const socket = new EventEmitter();
        hold(realm, session, socket);
        socket.emit('close');
        if (at % 1_000 === 0) await settle();
      }
      await settle();
      realm.calls.length = 0;
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await open(5_000);
    const after = await open(size('signals: sockets that come and go'));
    // A leaked socket and its signal would take about 1,000 bytes.
    expect(after - before).toBeLessThan(2e6);
  });
});

/** Calls `run` once for each sequence of choices: `choose(n)` returns a number below `n`. Returns the number of sequences. */
async function everyOrder(run: (choose: (options: number) => number) => Promise<void>): Promise<number> {
  let prefix: number[] = [];
  for (let runs = 1; ; runs++) {
    const taken: { choice: number; options: number }[] = [];
    await run((options) => {
      const choice = prefix[taken.length] ?? 0;
      taken.push({ choice, options });
      return choice;
    });
    while (taken.length > 0 && taken.at(-1)?.choice === (taken.at(-1)?.options ?? 0) - 1) taken.pop();
    if (taken.length === 0) return runs;
    prefix = taken.map(({ choice }, at) => (at === taken.length - 1 ? choice + 1 : choice));
  }
}

describe('renew({ keepSignals: true })', () => {
  /** Runs a renewal and the events of a case, in every order of the store's calls and answers. */
  async function inEveryOrder(
    around: Realm['around'],
    events: readonly ((realm: Realm, session: Session, token: string) => unknown)[],
    judge: (word: string | null, renewed: boolean, live: string) => void,
    wait = 0,
  ): Promise<void> {
    const orders = await everyOrder(async (choose) => {
      const realm = new Realm();
      const { session, token } = await realm.signIn();
      const signal = hold(realm, session);
      await settle();
      const steps: (() => unknown)[] = events.map((event) => () => event(realm, session, token));
      const turn = (): Promise<void> => new Promise((resolve) => steps.push(() => resolve()));
      realm.around = async (call, ask, given) => {
        await turn();
        try {
          return await around(call, ask, given);
        } finally {
          await turn();
        }
      };
      const renewal = realm.sessions.renew(session, { keepSignals: true }).catch(() => null);
      for (await settle(); steps.length > 0; await settle()) void steps.splice(choose(steps.length), 1)[0]?.();
      realm.around = (_, ask) => ask();
      const renewed = await renewal;
      await pass(wait, realm);
      judge(told(signal), renewed?.ok === true, await realm.word(renewed?.ok === true ? renewed.token : null));
      // A signal that has not fired is still watched.
      await new Realm({}, realm.store).sessions.revoke({ user: 'ann' });
      await pass(5 * SECOND, realm);
      expect(told(signal)).not.toBe(null);
      await realm.sessions.close();
    });
    expect(orders).toBeGreaterThan(10);
  }

  const asks: Realm['around'] = (_, ask) => ask();
  const look = (): unknown => vi.advanceTimersByTime(5 * SECOND);
  const elsewhere = ({ store }: Realm): Realm['sessions'] => new Realm({}, store).sessions;

  test('keeps the signal of the session, also if the session is read meanwhile', () =>
    inEveryOrder(asks, [look], (word, renewed, live) => {
      expect([word, renewed, live]).toEqual([null, true, 'live']);
    }));

  test('misses no revocation by another process, before, while or after it is renewed', () =>
    inEveryOrder(
      asks,
      [look, (realm) => elsewhere(realm).revoke({ user: 'ann' })],
      (word) => expect(word).toBe('revoked'),
      5 * SECOND,
    ));

  test('fires if another process renews the session first', () =>
    inEveryOrder(
      asks,
      [
        look,
        async (realm, _, token) => {
          const other = elsewhere(realm);
          const { session } = await other.check(token);
          if (session !== null) await other.renew(session);
        },
      ],
      (word, renewed) => expect(word).toBe(renewed ? null : 'superseded'),
    ));

  test('fires if the answer to the renewal is lost, since no client has the new secret', () =>
    inEveryOrder(
      async (call, ask) => {
        const answer = await ask();
        if (call === 'renew') throw new Error('cut');
        return answer;
      },
      [look],
      (word) => expect(word).toBe('superseded'),
    ));

  test('does not fire if nothing was renewed', () =>
    inEveryOrder(
      (call, ask) => {
        if (call === 'renew') throw new Error('down');
        return ask();
      },
      [look],
      (word, renewed) => expect([word, renewed]).toEqual([null, false]),
    ));

  test('keeps the signals of this process alone', async () => {
    const realm = new Realm();
    const other = new Realm({}, realm.store);
    const { session, token } = await realm.signIn();
    const { session: theirs } = await other.sessions.check(token);
    if (theirs === null) throw new Error('it is live');
    const signals = [hold(realm, session), hold(realm, session), hold(other, theirs)];
    await realm.sessions.renew(session, { keepSignals: true });
    await settle();
    await pass(5 * SECOND, realm, other);
    expect(signals.map(told)).toEqual([null, null, 'superseded']);
  });

  test('keeps them through one renewal, and not through the next one without it', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    const socket = new EventEmitter();
    const signal = hold(realm, session, socket);
    const first = await realm.sessions.renew(session, { keepSignals: true });
    if (!first.ok) throw new Error(first.reason);
    const second = await realm.sessions.renew(first.session, { keepSignals: true });
    if (!second.ok) throw new Error(second.reason);
    await pass(5 * SECOND, realm);
    expect(told(signal)).toBe(null);
    await realm.sessions.renew(second.session);
    await settle();
    await settle();
    expect([told(signal), socket.listenerCount('close')]).toEqual(['superseded', 0]);
  });

  test('lets go of a socket that closes afterwards', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    const socket = new EventEmitter();
    hold(realm, session, socket);
    await realm.sessions.renew(session, { keepSignals: true });
    socket.emit('close');
    await settle();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('keeps those from before the tokens of the session were refreshed', async () => {
    const realm = new TokenRealm();
    const { session } = await realm.signIn();
    const { refreshToken = '', accessToken } = await realm.tokens.mint(session, { client: 'app', refresh: true });
    const judged = async (text: string): Promise<Session> => {
      const verdict = await realm.tokens.check(text);
      if (!verdict.ok) throw new Error(verdict.reason);
      return verdict.session;
    };
    const signal = hold(realm, await judged(accessToken));
    const refreshed = await realm.tokens.refresh(refreshToken, { client: 'app' });
    if (!refreshed.ok) throw new Error(refreshed.reason);
    const renewed = await realm.sessions.renew(await judged(refreshed.accessToken), { keepSignals: true });
    expect(renewed.ok).toBe(true);
    await pass(5 * SECOND, realm);
    expect(told(signal)).toBe(null);
  });

  test.each([
    [{ keepSignals: 1 }, /keepSignals must be a boolean/],
    [{ keepSignals: true, account: 'acme', fence: 'x' }, /keepSignals and account/],
  ])('refuses %j', async (request, message) => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    await expect(realm.sessions.renew(session, request as never)).rejects.toThrow(message);
  });
});
