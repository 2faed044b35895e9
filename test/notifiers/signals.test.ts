import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { Redis } from 'ioredis';
import { createSessions, type Session, type Sessions } from 'session-revocation';
import { redisNotifier } from 'session-revocation/notifiers';
import { redisStore } from 'session-revocation/redis';
import { expect, onTestFinished, test } from 'vitest';
import { size } from '../ci-only.ts';
import { newPrefix, removeKeys } from '../engines/support/redis-clients.ts';
import { findService } from '../services/index.ts';
import { eventually } from '../ui/support/eventually.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';

const url = await findService('redis');
/**
 * How many signals may fire in one turn of the event loop: two slices, because the probe below is itself a callback of
 * the turn.
 */
const IN_ONE_TURN = 400;
const PER_SESSION = 10;
/** How many sign-ins run at the same time. */
const ABREAST = 50;

/** Opens the app with its own connections. Its polling interval is so long that only the notifier reports a change. */
async function open(prefix: string): Promise<Sessions> {
  const [client, subscriber] = [new Redis(`${url}`), new Redis(`${url}`)];
  const notifier = redisNotifier({ client, subscriber, channel: prefix.replace(/\W/g, '_') });
  const sessions = createSessions({
    store: redisStore(client, { prefix, allowLossOnRestart: true }),
    signal: { every: '5m' },
    freshness: { maxStaleness: '5m', notifier },
    timeout: '1m',
  });
  onTestFinished(async () => {
    await sessions.close();
    client.disconnect();
    subscriber.disconnect();
  });
  await sessions.setup();
  await eventually(async () => (await sessions.health()).freshness?.notifier?.listens).toBe(true);
  return sessions;
}

test.skipIf(url === null)(
  'all signals of a process fire by one notice when another one revokes the realm, and the event loop turns meanwhile',
  { timeout: TEST_TIMEOUT },
  async () => {
    const prefix = newPrefix();
    onTestFinished(() => removeKeys(`${url}`, prefix));
    const [holder, other] = [await open(prefix), await open(prefix)];
    const count = size('signals: open at once, when another process revokes the realm');
    const sessions: Session[] = [];
    while (sessions.length < count / PER_SESSION) {
      const users = Array.from({ length: ABREAST }, (_, at) => `user ${sessions.length + at}`);
      const signIn = async (user: string) => holder.start({ user, fence: await holder.fence({ user }) });
      for (const started of await Promise.all(users.map(signIn))) if (started.ok) sessions.push(started.session);
    }
    const [reasons, turns] = [new Map<unknown, number>(), { now: 0, most: 0 }];
    let [fired, reads] = [0, 0];
    const countReads = (message: unknown): void => {
      if ((message as { verb: string }).verb === 'find') reads++;
    };
    subscribe('session-revocation:store', countReads);
    onTestFinished(() => void unsubscribe('session-revocation:store', countReads));
    const signals = Array.from({ length: count }, (_, at) =>
      holder.signal(sessions[at % sessions.length] as Session, new EventEmitter()),
    );
    const all = new Promise<void>((resolve) => {
      for (const signal of signals) {
        signal.addEventListener('abort', () => {
          const reason: unknown = signal.reason.cause?.reason;
          reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
          if (turns.now++ === 0) setImmediate(() => (turns.now = 0));
          turns.most = Math.max(turns.most, turns.now);
          if (++fired === count) resolve();
        });
      }
    });
    // The first signal is read alone, and the others 100 at a time. From then on, only a notice causes a read.
    await eventually(() => reads).toBe(1 + Math.ceil((sessions.length - 1) / 100));
    expect(fired).toBe(0);
    await other.revoke({ realm: true });
    await all;
    expect(reasons).toEqual(new Map([['revoked', count]]));
    expect(turns.most).toBeLessThanOrEqual(IN_ONE_TURN);
  },
);
