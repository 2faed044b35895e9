import { once } from 'node:events';
import { connect as connectTo } from 'node:net';
import { Redis } from 'ioredis';
import { createSessions, type SessionStore } from 'session-revocation';
import type { ChangesPower, Tag } from 'session-revocation/adapter';
import { type RedisChanges, type RedisOptions, redisStore } from 'session-revocation/redis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { commandOf, Push, type Reply, Resp3Reader } from '../../adapters/engines/redis/changes/resp3.ts';
import { NOW } from '../../src/testing/harness/bench.ts';
import { anotherRecord, openRecords, person } from '../../src/testing/harness/records.ts';
import { includes, size } from '../ci-only.ts';
import { LoopbackProxy } from '../faults/loopback-proxy.ts';
import { type PrivateServer, startRedis } from '../services/index.ts';
import { withRedis } from '../services/probes.ts';
import { hasRedis } from '../services/redis.ts';
import { until } from '../services/until.ts';
import { type Connected, clients, keysOf } from './support/redis-clients.ts';

/** Timeout of a test that starts servers, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

/** The clients of an ordinary run. */
const USUAL = new Set(['ioredis', 'node-redis']);

describe('a reply in RESP3', () => {
  const CASES: readonly (readonly [text: string, reply: Reply])[] = [
    ['+OK\r\n', 'OK'],
    [':12\r\n', '12'],
    [',1.5\r\n', '1.5'],
    ['#t\r\n', 't'],
    ['_\r\n', null],
    ['$-1\r\n', null],
    ['*-1\r\n', null],
    ['$0\r\n\r\n', ''],
    ['$5\r\nä\r\n1\r\n', 'ä\r\n1'],
    ['=8\r\ntxt:a\r\nb\r\n', 'a\r\nb'],
    ['%1\r\n+a\r\n*2\r\n:1\r\n_\r\n', ['a', ['1', null]]],
    ['~1\r\n+a\r\n', ['a']],
    ['-ERR no\r\n', new Error('ERR no')],
    ['>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n', new Push(['invalidate', ['k']])],
    ['>2\r\n$10\r\ninvalidate\r\n_\r\n', new Push(['invalidate', null])],
  ];

  test('is read wherever it is cut', () => {
    const bytes = Buffer.from(CASES.map(([text]) => text).join(''));
    const expected = CASES.map(([, reply]) => reply);
    for (let one = 0; one <= bytes.length; one++) {
      for (const other of [one, Math.min(bytes.length, one + 1), Math.min(bytes.length, one + 7)]) {
        const reader = new Resp3Reader();
        const parts = [bytes.subarray(0, one), bytes.subarray(one, other), bytes.subarray(other)];
        expect(parts.flatMap((part) => reader.read(part))).toEqual(expected);
      }
    }
  });

  test('of an unknown type is an error', () => {
    expect(() => new Resp3Reader().read(Buffer.from('HTTP/1.1 400\r\n'))).toThrow("'H'");
  });

  test('answers a command whose lengths count bytes', () => {
    expect(commandOf(['GET', 'ä'])).toBe('*2\r\n$3\r\nGET\r\n$2\r\nä\r\n');
  });
});

test.each([
  ['nothing', {}, /changes.connect must be a function/],
  ['a word', 'on', /changes/],
  ['an option that is unknown', { connect() {}, pasword: 'x' }, /password/],
  ['a number for a password', { connect() {}, password: 1 }, /changes.password must be a string/],
])('the option changes refuses %s', (_, changes, message) => {
  const client = new Redis({ lazyConnect: true });
  expect(() => redisStore(client, { changes } as unknown as RedisOptions)).toThrow(message);
});

/** Connects to the address that the server reports. */
const changes: RedisChanges = { connect: ({ host, port }) => connectTo(port, host) };

const powerOf = (store: SessionStore): ChangesPower => store.powers?.changes ?? expect.fail('it declares the power');

/** Opens a store with its own client and its own connections. */
async function open(
  url: string,
  options: RedisOptions = {},
  connect: (url: string) => Promise<Connected> = clients.ioredis!,
): Promise<SessionStore> {
  const { client, close } = await connect(url);
  const store = redisStore(client, { changes, allowLossOnRestart: true, ...options });
  onTestFinished(async () => {
    await store.close?.();
    await close();
  });
  return store;
}

let made = 0;
const someone = () => person(`user ${made++}`);

async function revoke(store: SessionStore, tag: Tag): Promise<void> {
  const [found] = await store.readEpochs([tag]);
  const write = { record: anotherRecord('x'), ifVersion: found!.version, now: NOW, keepUntil: null, audit: [] };
  expect(await store.advance(tag, write)).toBe('advanced');
}

/** Reads changes. Each question continues at the position of the last answer. */
class Follower {
  readonly #power: ChangesPower;
  #position: string | null = null;

  constructor(store: SessionStore) {
    this.#power = powerOf(store);
  }

  async ask(): Promise<readonly Tag[] | null> {
    const { tags, position } = await this.#power.since(this.#position);
    this.#position = position;
    return tags;
  }

  /** Asks until an answer arrives: a question fails while a server fails over. */
  async answer(): Promise<readonly Tag[] | null> {
    let tags: readonly Tag[] | null = null;
    await until('a question is answered', () =>
      this.ask().then(
        (told) => {
          tags = told;
          return true;
        },
        () => false,
      ),
    );
    return tags;
  }
}

/** Sends one command over a plain socket. A busy server would refuse the first commands of a real client. */
async function say(port: number, command: string): Promise<string> {
  const socket = connectTo(port, '127.0.0.1');
  socket.write(`${command}\r\n`);
  const [reply] = await once(socket, 'data');
  socket.destroy();
  return String(reply);
}

/** Returns the ids of the connections that have tracking on. */
const tracking = (url: string): Promise<readonly string[]> =>
  withRedis(url, async (client) => {
    const lines = String(await client.client('LIST')).split('\n');
    return lines.flatMap((line) => (/ flags=\S*t\S* /.test(line) ? (/^id=(\d+)/.exec(line)?.[1] ?? []) : []));
  });

async function killTracking(url: string): Promise<void> {
  const ids = await tracking(url);
  expect(ids.length).toBeGreaterThan(0);
  await withRedis(url, (client) => Promise.all(ids.map((id) => client.client('KILL', 'ID', id))));
}

/**
 * Revokes many users at once over several stores, while each store is asked for changes. An answer must include every
 * revocation that was acknowledged before its question, unless an earlier answer included it.
 */
async function crowd(stores: readonly SessionStore[], users: number): Promise<void> {
  const people = Array.from({ length: users }, someone);
  await Promise.all(people.map((one) => openRecords(stores[0]!, one)));
  const acknowledged: Tag[] = [];
  let isOver = false;
  const follow = async (follower: Follower): Promise<number> => {
    const told = new Set<Tag>();
    let asked = 0;
    for (let last = false; !last; asked++) {
      last = isOver;
      const before = acknowledged.length;
      const tags = await follower.ask();
      for (const tag of tags ?? expect.fail('the connection stays')) told.add(tag);
      const missed = acknowledged.slice(0, before).filter((tag) => !told.has(tag));
      expect(missed).toEqual([]);
    }
    return asked;
  };
  const left = [...people];
  const write = async (store: SessionStore): Promise<void> => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) {
      await revoke(store, one.tags.user);
      acknowledged.push(one.tags.user);
    }
  };
  const followers = stores.map((store) => new Follower(store));
  for (const follower of followers) await follower.ask();
  const writers = [...stores, ...stores, ...stores].map(write);
  const over = Promise.all(writers).finally(() => {
    isOver = true;
  });
  const [, asked] = await Promise.all([over, Promise.all(followers.map(follow))]);
  for (const times of asked) expect(times).toBeGreaterThan(5);
}

describe.skipIf(!hasRedis())('what one Redis tells of changes', { timeout: TEST_TIMEOUT }, () => {
  let server: PrivateServer;
  beforeAll(async () => {
    server = await startRedis();
  }, TEST_TIMEOUT);
  afterAll(() => server?.stop());

  const all = Object.entries(clients);
  test.each(includes('Redis: changes by every client') ? all : all.filter(([name]) => USUAL.has(name)))(
    'is complete while many write: %s',
    async (_, connect) => {
      const stores = await Promise.all([1, 2, 3].map(() => open(server.url, {}, connect)));
      await crowd(stores, size('Redis: users who are revoked at once'));
    },
  );

  test('leaves no key', async () => {
    const store = await open(server.url, { prefix: 'keys:' });
    const one = someone();
    await openRecords(store, one);
    await revoke(store, one.tags.user);
    const keys = await withRedis(server.url, (client) => keysOf(client, 'keys:'));
    expect(keys.filter((key) => key.includes('changed'))).toEqual([]);
  });

  test('forgets all when all keys are removed', async () => {
    const follower = new Follower(await open(server.url, { prefix: 'flush:' }));
    await follower.ask();
    expect(await follower.ask()).toEqual([]);
    await withRedis(server.url, (client) => client.flushall());
    expect(await follower.ask()).toBeNull();
    expect(await follower.ask()).toEqual([]);
  });

  test('keeps no position over a connection that was lost, and none over a restart', async () => {
    const [here, elsewhere] = [await open(server.url), await open(server.url)];
    const follower = new Follower(here);
    await follower.ask();
    const losses = [
      () => killTracking(server.url),
      () => withRedis(server.url, (client) => client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')),
      () => server.restart(),
    ];
    for (const lose of losses) {
      expect(await follower.ask()).toEqual([]);
      await lose();
      const one = someone();
      // The client reconnects by itself.
      await until('the writer is back', () =>
        openRecords(elsewhere, one).then(
          () => true,
          () => false,
        ),
      );
      await revoke(elsewhere, one.tags.user);
      expect(await follower.answer()).toBeNull();
    }
  });

  test('opens one connection, and none before it is asked; close ends it', async () => {
    const store = await open(server.url);
    await store.setup?.();
    expect(await tracking(server.url)).toEqual([]);
    const follower = new Follower(store);
    for (let asked = 0; asked < 3; asked++) await follower.ask();
    expect(await tracking(server.url)).toHaveLength(1);
    await store.close?.();
    await until('it is closed', async () => (await tracking(server.url)).length === 0);
    await expect(follower.ask()).rejects.toThrow('closed');
  });

  test('is no answer while a script keeps the server busy, and nothing is missed', async () => {
    const [here, elsewhere] = [await open(server.url), await open(server.url)];
    const follower = new Follower(here);
    await follower.ask();
    expect(await follower.ask()).toEqual([]);
    const one = someone();
    await openRecords(elsewhere, one);
    await withRedis(server.url, (client) => client.config('SET', 'busy-reply-threshold', '1'));
    const busy = withRedis(server.url, (client) => client.eval('while true do end', 0)).catch(String);
    await until('it is busy', async () => (await say(server.port, 'PING')).startsWith('-BUSY'));
    await expect(follower.ask()).rejects.toThrow(/BUSY/);
    expect(await say(server.port, 'SCRIPT KILL')).toContain('OK');
    expect(await busy).toMatch(/killed/i);
    await revoke(elsewhere, one.tags.user);
    expect((await follower.answer())?.includes(one.tags.user) ?? true).toBe(true);
  });

  test('is refused over a connection to another server', async () => {
    const other = await startRedis();
    onTestFinished(() => other.stop());
    const store = await open(server.url, { changes: { connect: () => connectTo(other.port, '127.0.0.1') } });
    await expect(powerOf(store).since(null)).rejects.toThrow('another server');
  });

  test.runIf(includes('Redis: a server that is silent for as long as a question may take'))(
    'is given up by a server that is silent',
    async () => {
      const proxy = await LoopbackProxy.open(server.port);
      onTestFinished(() => proxy.close());
      const store = await open(server.url, { changes: { connect: () => connectTo(proxy.port, '127.0.0.1') } });
      const follower = new Follower(store);
      await follower.ask();
      proxy.swallow();
      await expect(follower.ask()).rejects.toThrow('5000 ms');
      proxy.heal();
      expect(await follower.answer()).toBeNull();
    },
  );

  test('needs the documented rights, and the password that the app gives', async () => {
    await withRedis(server.url, async (client) => {
      const rules = '~* +@read +@write +@scripting +@connection +info +role +time +wait'.split(' ');
      await client.call('ACL', 'SETUSER', 'granted', 'reset', 'on', '>secret', ...rules);
      await client.call('ACL', 'SETUSER', 'lacking', 'reset', 'on', '>secret', ...rules, '-client');
    });
    const as = (username: string, password: string) =>
      open(server.url.replace('//', '//granted:secret@'), { changes: { ...changes, username, password } });
    const follower = new Follower(await as('granted', 'secret'));
    expect([await follower.ask(), await follower.ask()]).toEqual([null, []]);
    const finding = async (store: SessionStore) =>
      (await store.powers?.diagnosis?.diagnose(Date.now()))?.find(({ subject }) => subject === 'changes');
    expect(await finding(await as('granted', 'secret'))).toMatchObject({ level: 'ok' });
    expect(await finding(await as('granted', 'wrong'))).toMatchObject({
      level: 'warning',
      found: expect.stringContaining('WRONGPASS'),
    });

    const refused = await as('lacking', 'secret');
    expect(await finding(refused)).toMatchObject({ level: 'warning', found: expect.stringContaining('NOPERM') });
    // The store cannot report changes, so memory answers until `maxStaleness` has passed.
    const sessions = createSessions({ store: refused, freshness: { maxStaleness: '1m' }, timeout: '1m' });
    await sessions.setup();
    const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
    const token = started.ok ? started.token : expect.fail(started.reason);
    const commands = () =>
      withRedis(server.url, async (client) =>
        Number(/cmdstat_mget:calls=(\d+)/.exec(await client.info('commandstats'))?.[1]),
      );
    await sessions.check(token);
    const before = await commands();
    for (let times = 0; times < 5; times++) expect(await sessions.check(token)).toMatchObject({ ok: true });
    expect(await commands()).toBe(before);
  });
});
