import { setTimeout as wait } from 'node:timers/promises';
import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { NotDelivered, transmit, Undeliverable } from 'session-revocation/transmitters';
import { describe, expect, test } from 'vitest';
import { formatState, parseState } from '../../adapters/transmitters/message-state.ts';
import { adapterHandle } from '../../src/adapter.ts';
import { around } from '../../src/testing/harness/wrappers.ts';
import { until } from '../services/until.ts';
import { IssuingRealm, NotedDelivery, QUEUE } from './support/issuing.ts';

const USERS = Array.from({ length: 30 }, (_, at) => `user-${at}`);

describe('transmit', () => {
  test('delivers what was queued, in order and once, and leaves nothing behind', async () => {
    const realm = new IssuingRealm();
    const delivery = new NotedDelivery();
    await realm.revoke(...USERS);
    expect(await realm.to(delivery).flush()).toEqual({ delivered: 30, dead: 0 });
    expect(delivery.users).toEqual(USERS);
    expect(await realm.waiting()).toEqual([]);
    expect(new Set(delivery.messages.map(({ id }) => id)).size).toBe(30);
  });

  test('tells what ended, who did it, and when', async () => {
    const realm = new IssuingRealm();
    const delivery = new NotedDelivery();
    const session = await realm.signIn('ann', 'acme');
    const before = Date.now();
    await realm.sessions.end(session, { user: 'ann', by: 'root', reason: 'laptop-stolen' });
    await realm.to(delivery).flush();
    const nothing = { scope: null, kinds: null, kept: null, token: null };
    expect(delivery.messages).toEqual([
      {
        ...{ ...nothing, type: 'session.ended', realm: 'default', user: 'ann', account: 'acme', session },
        ...{ reason: 'laptop-stolen', initiator: 'admin', id: expect.stringMatching(/^[\w-]{22}$/) },
        at: expect.any(Number),
      },
    ]);
    expect(delivery.messages[0]!.at).toBeGreaterThanOrEqual(before);
  });

  test('delivers each revocation of this process at once after `start`, and those of other processes within `every`', async () => {
    const store = memoryStore();
    const [realm, other] = [new IssuingRealm({ store }), new IssuingRealm({ store })];
    const delivery = new NotedDelivery();
    const slow = realm.to(delivery, { every: '1h' });
    slow.start();
    slow.start();
    await realm.revoke('ann');
    await until('the message of this process', () => delivery.users.includes('ann'));
    await slow.close();
    const quick = realm.to(delivery, { every: '50ms' });
    quick.start();
    await other.revoke('bob');
    await until('the message of the other process', () => delivery.users.includes('bob'));
    expect(delivery.users).toEqual(['ann', 'bob']);
  });

  test('notices a revocation that comes between the last reading of a queue and the pause', async () => {
    let [reads, answer] = [0, (): void => {}];
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const store = around(memoryStore(), async (verb, ask) => {
      const found = await ask();
      if (verb === 'outbox.read' && ++reads === 1) await answered;
      return found;
    });
    const realm = new IssuingRealm({ store });
    const delivery = new NotedDelivery();
    realm.to(delivery, { every: '1h' }).start();
    await until('the reading of an empty queue', () => reads === 1);
    await realm.revoke('ann');
    answer();
    await until('the message', () => delivery.users.length === 1);
  });

  test('keeps the queues of two receivers apart: one that fails holds nothing back from the other', async () => {
    const realm = new IssuingRealm({ outbox: ['bad', 'good'] });
    const good = new NotedDelivery();
    const bad = new NotedDelivery(() => {
      throw new Error('no');
    });
    await realm.revoke('ann', 'bob');
    const receivers = { good, bad };
    expect(await realm.to(good, { receivers, pauses: ['1h'] }).flush()).toEqual({ delivered: 2, dead: 0 });
    expect(await realm.usersIn('bad')).toEqual(['ann', 'bob']);
    expect(bad.users).toEqual(['ann']);
  });

  test('repeats an attempt that failed, with the same id, and holds back the messages behind it', async () => {
    const realm = new IssuingRealm();
    let left = 2;
    const delivery = new NotedDelivery(() => {
      if (left-- > 0) throw new Error('not yet');
    });
    await realm.revoke('ann', 'bob');
    expect(await realm.to(delivery).flush()).toEqual({ delivered: 2, dead: 0 });
    expect(delivery.users).toEqual(['ann', 'ann', 'ann', 'bob']);
    expect(new Set(delivery.messages.map(({ id }) => id)).size).toBe(2);
    expect(realm.failures).toMatchObject([
      { receiver: QUEUE, attempts: 1, isDead: false, error: { message: 'not yet' }, id: delivery.messages[0]!.id },
      { attempts: 2, isDead: false },
    ]);
  });

  test('sets a message aside after the last attempt, and goes on with the next', async () => {
    const realm = new IssuingRealm();
    const delivery = new NotedDelivery(({ user }) => {
      if (user === 'ann') throw new Error('broken');
    });
    await realm.revoke('ann', 'bob');
    expect(await realm.to(delivery).flush()).toEqual({ delivered: 1, dead: 1 });
    expect(delivery.users).toEqual(['ann', 'ann', 'ann', 'bob']);
    expect(await realm.waiting()).toEqual([]);
    expect(await realm.dead()).toEqual(['ann']);
    const [dead] = await realm.waiting(`${QUEUE}.dead`);
    expect(parseState(dead!.state)).toMatchObject({ attempts: 3, lease: null, error: 'broken' });
    expect(realm.failures.map(({ isDead }) => isDead)).toEqual([false, false, true]);
  });

  test('sets a message aside at once that is undeliverable', async () => {
    const realm = new IssuingRealm();
    const delivery = new NotedDelivery(() => {
      throw new Undeliverable('refused for good');
    });
    await realm.revoke('ann');
    expect(await realm.to(delivery).flush()).toEqual({ delivered: 0, dead: 1 });
    expect(await realm.dead()).toEqual(['ann']);
  });

  test('waits between attempts: the pause of the option, or the longer one that the receiver asks for', async () => {
    for (const [asked, pauses, expected] of [
      [0, ['1h'], 3_600_000],
      [5_000, [0], 5_000],
      [Number.NaN, [7], 7],
      [0.5, [0], 1],
      [Number.POSITIVE_INFINITY, [0], 86_400_000],
    ] as const) {
      const realm = new IssuingRealm();
      const delivery = new NotedDelivery(() => {
        throw new NotDelivered('busy', asked);
      });
      await realm.revoke('ann');
      const transmitter = realm.to(delivery, { pauses });
      await transmitter.flush();
      expect(delivery.users).toEqual(['ann']);
      const [message] = await realm.waiting();
      expect(parseState(message!.state)).toMatchObject({ attempts: 1, pause: expected, lease: null });
    }
  });

  test('a job that a scheduler starts goes by the clock of the job before it', async () => {
    const realm = new IssuingRealm();
    const delivery = new NotedDelivery();
    await realm.revoke('ann');
    const { outbox } = adapterHandle(realm.sessions);
    const [message] = await realm.waiting();
    const ago = async (ms: number, ifState: string, lease: string | null): Promise<string> => {
      const state = formatState({ attempts: 1, lease, pause: 60_000, error: 'no', at: Date.now() - ms });
      expect(await outbox.change({ queue: QUEUE, id: message!.id, ifState, state })).toBe(true);
      return state;
    };
    let state = await ago(1_000, '', null);
    expect((await realm.to(delivery).flush()).delivered).toBe(0);
    // The attempt of another job is under way, as far as its clock can be trusted.
    state = await ago(60_000, state, 'a worker');
    expect((await realm.to(delivery).flush()).delivered).toBe(0);
    state = await ago(2 * 3_600_000, state, 'a worker');
    expect((await realm.to(delivery).flush()).delivered).toBe(1);
  });

  test('ends an attempt at the time limit, also if the delivery does not heed the signal', async () => {
    const realm = new IssuingRealm();
    const reasons: unknown[] = [];
    const delivery = new NotedDelivery((_, signal) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      return new Promise(() => {});
    });
    await realm.revoke('ann');
    expect(await realm.to(delivery, { pauses: [] }).flush()).toEqual({ delivered: 0, dead: 1 });
    expect(realm.failures).toMatchObject([{ error: { message: 'no answer within 1000 ms' }, isDead: true }]);
    expect(reasons).toMatchObject([{ message: 'no answer within 1000 ms' }]);
  });

  test('a queue whose delivery is paused keeps its messages', async () => {
    const realm = new IssuingRealm();
    let isPaused = true;
    const delivery = Object.assign(new NotedDelivery(), { isPaused: async () => isPaused });
    await realm.revoke('ann');
    const transmitter = realm.to(delivery);
    transmitter.start();
    await wait(200);
    expect([delivery.users, await realm.usersIn()]).toEqual([[], ['ann']]);
    isPaused = false;
    await until('the delivery', () => delivery.users.length === 1);
  });

  test('sets text aside that is no event', async () => {
    const store = memoryStore();
    const realm = new IssuingRealm({ store });
    const delivery = new NotedDelivery();
    await realm.revoke('ann');
    const garbled = around(store, async (verb, ask) => {
      const answer = await ask();
      if (verb !== 'outbox.read') return answer;
      const { messages, after } = answer as { messages: readonly object[]; after: string | null };
      return { messages: messages.map((message) => ({ ...message, body: '7' })), after } as never;
    });
    const reader = new IssuingRealm({ store: garbled });
    expect(await reader.to(delivery).flush()).toEqual({ delivered: 0, dead: 1 });
    expect(delivery.messages).toEqual([]);
  });
});

describe('several workers of one queue', () => {
  test('lose nothing, keep the order, and deliver each message once', async () => {
    const store = memoryStore();
    const realm = new IssuingRealm({ store });
    const heard: (string | null)[] = [];
    const workers = [0, 1, 2].map(() => {
      const delivery = new NotedDelivery(async ({ user }) => {
        await wait(Math.random() * 3);
        heard.push(user);
      });
      return new IssuingRealm({ store }).to(delivery, { every: '50ms' });
    });
    for (const worker of workers) worker.start();
    await realm.revoke(...USERS);
    await until('the last message', async () => (await realm.waiting()).length === 0);
    expect(heard).toEqual(USERS);
  });

  test('keep the order, and lose nothing, while attempts fail', async () => {
    const store = memoryStore();
    const realm = new IssuingRealm({ store });
    const accepted: (string | null)[] = [];
    const workers = [0, 1, 2].map(() => {
      const delivery = new NotedDelivery(async ({ user }) => {
        await wait(Math.random() * 3);
        if (Math.random() < 0.4) throw new Error('not now');
        accepted.push(user);
      });
      return new IssuingRealm({ store }).to(delivery, { pauses: Array(32).fill(0) });
    });
    await realm.revoke(...USERS);
    for (const worker of workers) worker.start();
    await until('the last message', async () => (await realm.waiting()).length === 0);
    expect(accepted).toEqual(USERS);
    expect(await realm.dead()).toEqual([]);
  });

  test('one takes over the message of another that hangs, and what that one notes late changes nothing', async () => {
    const store = memoryStore();
    const realm = new IssuingRealm({ store });
    let thaw = (): void => {};
    const thawed = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    const hanging = new NotedDelivery(() => thawed);
    // From its first attempt on, nothing that the process does gets through.
    const frozen = around(store, async (verb, ask) => {
      if (verb === 'outbox.change' && hanging.messages.length > 0) await thawed;
      return ask();
    });
    await realm.revoke('ann', 'bob');
    const late = new IssuingRealm({ store: frozen, timeout: '1m' }).to(hanging).flush();
    await until('the attempt', () => hanging.messages.length === 1);

    const delivery = new NotedDelivery();
    const begun = performance.now();
    realm.to(delivery).start();
    await until('the takeover', () => delivery.messages.length === 2);
    expect(performance.now() - begun).toBeGreaterThan(2_900);
    expect(delivery.users).toEqual(['ann', 'bob']);
    expect(delivery.messages[0]!.id).toBe(hanging.messages[0]!.id);
    await realm.revoke('eve');
    await until('the next message', () => delivery.messages.length === 3);
    thaw();
    expect(await late).toEqual({ delivered: 0, dead: 0 });
    expect([await realm.waiting(), await realm.dead()]).toEqual([[], []]);
  });
});

describe('an outage of the store', () => {
  test('between acceptance and the note of it: the message is delivered once more, with the same id', async () => {
    let fails = false;
    const store = around(memoryStore(), (verb, ask) => {
      if (fails && verb.startsWith('outbox.')) throw new Error('connection refused');
      return ask();
    });
    const realm = new IssuingRealm({ store });
    const delivery = new NotedDelivery(() => {
      fails = delivery.messages.length === 1;
    });
    await realm.revoke('ann', 'bob');
    const transmitter = realm.to(delivery);
    transmitter.start();
    await until('the failure', () => realm.failures.length > 0);
    expect(realm.failures[0]).toMatchObject({ id: null, error: { code: 'SESSION_STORE_UNAVAILABLE' }, isDead: false });
    fails = false;
    await until('the end', async () => (await realm.waiting()).length === 0);
    expect(delivery.users).toEqual(['ann', 'ann', 'bob']);
    expect(delivery.messages[0]!.id).toBe(delivery.messages[1]!.id);
  });

  test('before the attempt: `flush` rejects, and nothing is lost', async () => {
    let fails = false;
    const store = around(memoryStore(), (verb, ask) => {
      if (fails && verb === 'outbox.read') throw new Error('connection refused');
      return ask();
    });
    const realm = new IssuingRealm({ store });
    const delivery = new NotedDelivery();
    await realm.revoke('ann');
    const transmitter = realm.to(delivery);
    fails = true;
    await expect(transmitter.flush()).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    fails = false;
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
  });
});

describe('close', () => {
  test.each(['start', 'flush'] as const)('waits for the attempt of `%s`, and begins no other', async (verb) => {
    const realm = new IssuingRealm();
    let end = (): void => {};
    const delivery = new NotedDelivery(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    await realm.revoke('ann', 'bob');
    const transmitter = realm.to(delivery, { timeout: '1m' });
    void transmitter[verb]();
    await until('the attempt', () => delivery.messages.length === 1);
    let isClosed = false;
    const closing = transmitter.close().then(() => {
      isClosed = true;
    });
    await wait(50);
    expect(isClosed).toBe(false);
    end();
    await closing;
    expect(await realm.usersIn()).toEqual(['bob']);
    transmitter.start();
    expect(await transmitter.flush()).toEqual({ delivered: 0, dead: 0 });
    expect(delivery.users).toEqual(['ann']);
  });
});

describe('mistakes', () => {
  const { sessions } = new IssuingRealm();
  const delivery = new NotedDelivery();
  test.each([
    [{ receivers: {} }, 'receivers is empty'],
    [{ receivers: { other: delivery } }, 'name it in createSessions({ audit: { outbox: ["crm", "other"] } })'],
    [{ receivers: { crm: {} } }, 'receivers.crm must be a delivery'],
    [{ receivers: { crm: delivery }, pauses: Array(101).fill(0) }, 'at most 100 durations'],
    [{ receivers: { crm: delivery }, pauses: ['8d'] }, 'pauses[0]'],
    [{ receivers: { crm: delivery }, timeout: '10m' }, 'timeout'],
    [{ receivers: { crm: delivery }, every: '1ms' }, 'every'],
    [{ receivers: { crm: delivery }, retry: 3 }, 'unknown option "retry"'],
  ])('%j', (options, message) => {
    expect(() => transmit(sessions, options as never)).toThrow(message);
  });

  test('a store without the power', () => {
    const { powers: _, ...store } = memoryStore();
    const without = createSessions({ store });
    expect(() => transmit(without, { receivers: { crm: delivery } })).toThrow(
      expect.objectContaining({ code: 'SESSION_STORE_LACKS_POWER' }),
    );
  });
});

describe('the state of a message', () => {
  test('fits into any store, with every answer of a receiver', () => {
    for (const text of ['"\\'.repeat(500), '\u0000\u001f'.repeat(500), '\ud800'.repeat(500), '\u{1f600}'.repeat(500)]) {
      const state = formatState({
        attempts: 10,
        lease: crypto.randomUUID(),
        pause: 86_400_000,
        error: text,
        at: Date.now(),
      });
      expect(state.length).toBeLessThanOrEqual(1_024);
      expect(formatState(parseState(state))).toBe(state);
    }
  });

  test.each(['x', '{}', '[]', '["1",null,0,null]', '[1,null,0.5,null]', 'null'])('%s counts as new', (text) => {
    expect(parseState(text)).toEqual({ attempts: 0, lease: null, pause: 0, error: null });
  });
});
