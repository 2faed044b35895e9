import { createSessions, type SessionsOptions } from 'session-revocation';
import type { Notifier } from 'session-revocation/adapter';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { withoutChanges } from '../../../src/testing/harness/wrappers.ts';
import { until } from '../../services/until.ts';

/** A notifier whose messages the test can read and forge. */
class HandNotifier implements Notifier {
  readonly sent: string[] = [];
  readonly listeners = new Set<(message: unknown) => void>();
  failing: 'publish' | 'subscribe' | null = null;
  /** If set, calls of `publish` wait for it. */
  gate: Promise<void> | null = null;

  async publish(message: string): Promise<void> {
    if (this.failing === 'publish') throw new Error('the broker is down');
    this.sent.push(message);
    await this.gate;
  }

  subscribe(listener: (message: unknown) => void): () => void {
    if (this.failing === 'subscribe') throw new Error('the broker is down');
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  deliver(message: unknown): void {
    for (const listener of this.listeners) listener(message);
  }
}

const OTHER = 'abcdefghijklmnopqrstuv';

async function open(options: Partial<SessionsOptions> = {}) {
  const notifier = new HandNotifier();
  const inner = withoutChanges(memoryStore());
  let reads = 0;
  const store = {
    ...inner,
    find: (...args: Parameters<typeof inner.find>) => {
      reads++;
      return inner.find(...args);
    },
  };
  const sessions = createSessions({ store, freshness: { maxStaleness: '1m', notifier }, ...options });
  onTestFinished(() => sessions.close());
  await sessions.setup();
  const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
  if (!started.ok) throw new Error('not started');
  const { token } = started;
  const userTag = token.split('.')[1] ?? '';
  await sessions.check(token);
  /** Returns the number of reads that the next check needs. */
  const readsOfCheck = async (): Promise<number> => {
    const before = reads;
    await sessions.check(token);
    return reads - before;
  };
  const health = async () => (await sessions.health()).freshness?.notifier;
  return { notifier, sessions, token, userTag, readsOfCheck, health };
}

describe('a notification', () => {
  test('of a user makes the next check read, and only that one', async () => {
    const { notifier, userTag, readsOfCheck } = await open();
    expect(await readsOfCheck()).toBe(0);
    notifier.deliver(`sr1 ${OTHER} ${userTag}`);
    expect(await readsOfCheck()).toBe(1);
    expect(await readsOfCheck()).toBe(0);
  });

  test('of another user changes nothing', async () => {
    const { notifier, readsOfCheck } = await open();
    notifier.deliver(`sr1 ${OTHER} ${OTHER}`);
    expect(await readsOfCheck()).toBe(0);
  });

  test('moves no age: a session that it does not name is read again in time', async () => {
    const clock = { ms: 1_000 };
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => clock.ms);
    onTestFinished(() => spy.mockRestore());
    const { notifier, readsOfCheck } = await open();
    clock.ms += 60_000;
    notifier.deliver(`sr1 ${OTHER} ${OTHER}`);
    expect(await readsOfCheck()).toBe(0);
    clock.ms += 1;
    notifier.deliver(`sr1 ${OTHER} ${OTHER}`);
    expect(await readsOfCheck()).toBe(1);
  });

  test('of all makes every check read', async () => {
    const { notifier, readsOfCheck } = await open();
    notifier.deliver(`sr1 ${OTHER} *`);
    expect(await readsOfCheck()).toBe(1);
  });

  test.each([
    ['no text', { tags: '*' }],
    ['a buffer', Buffer.from(`sr1 ${OTHER} *`)],
    ['an empty one', ''],
    ['another version', `sr2 ${OTHER} *`],
    ['no sender', 'sr1 *'],
    ['no tag', `sr1 ${OTHER}`],
    ['a malformed tag', `sr1 ${OTHER} ann`],
    ['two spaces', `sr1 ${OTHER}  *`],
    ['a line after it', `sr1 ${OTHER} *\n`],
    ['a huge one', `sr1 ${OTHER}${` ${OTHER}`.repeat(400)}`],
  ])('that is malformed is ignored and counted: %s', async (_, message) => {
    const { notifier, readsOfCheck, health } = await open();
    notifier.deliver(message);
    expect(await readsOfCheck()).toBe(0);
    expect(await health()).toEqual({ listens: true, received: 0, ignored: 1 });
  });

  test('is sent once a write is committed, and names only what was touched', async () => {
    const { notifier, sessions, userTag } = await open();
    notifier.sent.length = 0;
    await sessions.revoke({ user: 'ann' });
    await until('a message is sent', () => notifier.sent.length > 0);
    expect(notifier.sent).toEqual([expect.stringMatching(new RegExp(`^sr1 [\\w-]{22} ${userTag}$`))]);
  });

  test('of its own process is not counted, and reads nothing again', async () => {
    const { notifier, sessions, readsOfCheck, health } = await open();
    await sessions.revoke({ account: 'acme' });
    await until('a message is sent', () => notifier.sent.length > 0);
    for (const message of notifier.sent) notifier.deliver(message);
    expect(await health()).toEqual({ listens: true, received: 0, ignored: 0 });
    expect(await readsOfCheck()).toBe(0);
  });

  test('names many changes at once while another one is under way, and all above 1,000', async () => {
    const { notifier, sessions } = await open();
    notifier.sent.length = 0;
    let goOn: () => void = () => {};
    notifier.gate = new Promise((resolve) => {
      goOn = resolve;
    });
    await sessions.revoke({ user: 'first' });
    for (let at = 0; at < 200; at++) await sessions.revoke({ user: `user ${at}` });
    expect(notifier.sent).toHaveLength(1);
    goOn();
    notifier.gate = null;
    await until('a message is sent', () => notifier.sent.length === 3);
    expect(notifier.sent.map((message) => message.split(' ').length - 2)).toEqual([1, 150, 50]);
    for (const message of notifier.sent) expect(message.length).toBeLessThanOrEqual(7_000);

    notifier.gate = new Promise((resolve) => {
      goOn = resolve;
    });
    for (let at = 0; at < 1_100; at++) await sessions.revoke({ user: `user ${at}` });
    goOn();
    notifier.gate = null;
    await until('a message is sent', () => notifier.sent.length >= 5);
    expect(notifier.sent.at(-1)).toMatch(/ \*$/);
  });
});

describe('a broker that is down', () => {
  test('fails no revocation, and is told', async () => {
    const { notifier, sessions, token } = await open();
    const told: unknown[] = [];
    sessions.on('background.failed', ({ operation }) => told.push(operation));
    notifier.failing = 'publish';
    await sessions.revoke({ user: 'ann' });
    expect(await sessions.check(token)).toMatchObject({ ok: false, reason: 'revoked' });
    await until('the failure is told', () => told.length > 0);
    expect(told).toEqual(['notifier']);
  });

  test('is asked again, until it listens', async () => {
    const notifier = new HandNotifier();
    notifier.failing = 'subscribe';
    const sessions = createSessions({ store: memoryStore(), freshness: { maxStaleness: '1s', notifier } });
    onTestFinished(() => sessions.close());
    const told: unknown[] = [];
    sessions.on('background.failed', ({ operation }) => told.push(operation));
    await until('the failure is told', () => told.length > 0);
    expect((await sessions.health()).freshness?.notifier?.listens).toBe(false);
    notifier.failing = null;
    await until('it listens', async () => (await sessions.health()).freshness?.notifier?.listens === true);
  });
});

test('close sends what is left, and listens no longer', async () => {
  const { notifier, sessions } = await open();
  notifier.sent.length = 0;
  await sessions.revoke({ user: 'ann' });
  await sessions.close();
  expect(notifier.sent).toHaveLength(1);
  expect(notifier.listeners.size).toBe(0);
});

describe('options', () => {
  const notifier = new HandNotifier();

  test.each([
    [{ notifier }, 'freshness needs maxStaleness'],
    [{ maxStaleness: 0, notifier }, 'freshness.notifier needs a maxStaleness above 0'],
    [{ maxStaleness: '1s', notifier: {} }, 'freshness.notifier must have the functions publish and subscribe'],
    [{ maxStaleness: '1s', notifier: 'redis' }, 'freshness.notifier must have the functions publish and subscribe'],
  ])('%o is refused: %s', (freshness, message) => {
    expect(() => createSessions({ store: memoryStore(), freshness: freshness as never })).toThrow(message);
  });
});
