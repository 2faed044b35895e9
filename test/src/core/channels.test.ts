import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createSessions, type SessionStore } from 'session-revocation';
import type { ChangesMessage, CheckMessage, StoreMessage } from 'session-revocation/adapter';
import { memoryStore } from 'session-revocation/memory';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { withoutChanges } from '../../../src/testing/harness/wrappers.ts';
import { until } from '../../services/until.ts';

/** Collects the messages of a diagnostics channel until the test ends. */
function listenTo<Message>(name: string): Message[] {
  const messages: Message[] = [];
  const listener = (message: unknown): unknown => messages.push(message as Message);
  subscribe(`session-revocation:${name}`, listener);
  onTestFinished(() => void unsubscribe(`session-revocation:${name}`, listener));
  return messages;
}

async function signedIn(store: SessionStore) {
  const sessions = createSessions({ store, freshness: { maxStaleness: '1m' }, timeout: '100ms' });
  onTestFinished(() => sessions.close());
  await sessions.setup();
  const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
  if (!started.ok) throw new Error('not started');
  return { sessions, token: started.token };
}

/** A store whose `find` answers in a later turn of the event loop, like a server. */
const remote = (inner: SessionStore): SessionStore => ({
  ...inner,
  find: async (realm, refs) => inner.find(realm, refs),
});

describe.each([
  ['an embedded store', (inner: SessionStore) => inner],
  ['a remote store', remote],
])('the channels, over %s', (_, wrap) => {
  let inner: SessionStore;
  let failing: boolean;
  let store: SessionStore;
  beforeEach(() => {
    inner = withoutChanges(memoryStore());
    failing = false;
    store = wrap({
      ...inner,
      find: (realm, refs) => {
        if (failing) throw new Error('down');
        return inner.find(realm, refs);
      },
    });
  });

  test('tell each check, with its outcome, source and age', async () => {
    const { sessions, token } = await signedIn(store);
    const checks = listenTo<CheckMessage>('check');
    await sessions.check(token);
    await sessions.check(token);
    await sessions.revoke({ user: 'ann' });
    await sessions.check(token);
    failing = true;
    await expect((async () => sessions.check(token))()).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    const common = { realm: 'default', during: 'check' };
    expect(checks).toEqual([
      { ...common, outcome: 'accepted', source: 'store', age: 0 },
      { ...common, outcome: 'accepted', source: 'memory', age: expect.any(Number) },
      { ...common, outcome: 'revoked', source: 'store', age: 0 },
      { ...common, outcome: 'outage', source: 'store', age: 0 },
    ]);
    expect(checks[1]?.age).toBeGreaterThan(0);
    expect(checks[1]?.age).toBeLessThan(60_000);
  });

  test('tell how long each call of the store took, and whether it failed', async () => {
    const { sessions, token } = await signedIn(store);
    const calls = listenTo<StoreMessage>('store');
    await sessions.check(token);
    failing = true;
    await (async () => sessions.check(token, { maxStaleness: 0 }))().catch(() => {});
    expect(calls).toEqual([
      { verb: 'find', took: expect.any(Number), ok: true },
      { verb: 'find', took: expect.any(Number), ok: false },
    ]);
    expect(calls[0]?.took).toBeGreaterThanOrEqual(0);
  });
});

test('a call that is late is told once, when its time is over', async () => {
  const inner = withoutChanges(memoryStore());
  let answer: () => void = () => {};
  const { sessions, token } = await signedIn({
    ...inner,
    find: (realm, refs) =>
      new Promise((resolve) => {
        answer = () => resolve(inner.find(realm, refs) as never);
      }),
  });
  const calls = listenTo<StoreMessage>('store');
  await (async () => sessions.check(token))().catch(() => {});
  answer();
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls.map(({ verb, ok }) => ({ verb, ok }))).toEqual([{ verb: 'find', ok: false }]);
  expect(calls[0]?.took).toBeGreaterThanOrEqual(99);
});

test('questions about changes are told with their lag', async () => {
  let fails = false;
  const inner = withoutChanges(memoryStore());
  const store: SessionStore = {
    ...inner,
    powers: {
      ...inner.powers,
      changes: {
        since: async () => {
          if (fails) throw new Error('down');
          return { tags: ['abcdefghijklmnopqrstuv'], position: 'x' };
        },
      },
    },
  };
  const sessions = createSessions({ store, freshness: { maxStaleness: 30 } });
  onTestFinished(() => sessions.close());
  await sessions.setup();
  const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
  if (!started.ok) throw new Error('not started');
  const told = listenTo<ChangesMessage>('changes');
  const asked = (times: number) =>
    until('it asks', async () => {
      await sessions.check(started.token);
      return told.length >= times;
    });
  await asked(2);
  fails = true;
  const before = told.length;
  await asked(before + 1);
  expect(told[0]).toEqual({ ok: true, tags: 1, lag: null });
  expect(told[1]).toEqual({ ok: true, tags: 1, lag: expect.any(Number) });
  expect(told.at(-1)).toEqual({ ok: false, tags: null, lag: expect.any(Number) });
});

test('every event is told, also without a listener, and none holds a token', async () => {
  const events = listenTo<{ readonly type: string }>('event');
  const { sessions, token } = await signedIn(memoryStore());
  await sessions.revoke({ user: 'ann' });
  await sessions.check(token);
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['session.started', 'sessions.revoked', 'session.refused']),
  );
  expect(JSON.stringify(events)).not.toContain(token.split('.').at(-1));
});
