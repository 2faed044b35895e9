import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import { createSessions, isSessionError, type SessionErrorCode, type SessionStore } from 'session-revocation';
import { type IoRedisClient, type RedisClient, type RedisOptions, redisStore } from 'session-revocation/redis';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { DENIED } from '../../adapters/engines/redis/scripts/rights.ts';
import { DAY, NOW } from '../../src/testing/harness/bench.ts';
import {
  add,
  addNew,
  anotherRecord,
  endedAt,
  look,
  openRecords,
  person,
  plainWrite,
  renewalOf,
  sessionOf,
  versionOf,
} from '../../src/testing/harness/records.ts';
import { readPage } from '../docs/markdown.ts';
import { findBinary } from '../services/binaries.ts';
import { type PrivateServer, startRedis } from '../services/index.ts';
import { ioRedisOptions, nodeRedisOptions } from '../services/stores.ts';
import { until } from '../services/until.ts';
import { keysOf, newPrefix, removeKeys, url } from './support/redis-clients.ts';

const ann = person('ann');
const canStart = findBinary('redis-server') !== null;

/**
 * Timeout of a test that starts servers or waits for a replica, in ms. It is generous, because a busy machine may
 * stall.
 */
const TEST_TIMEOUT = 300_000;
/** Time limit of a call. Much longer than any answer takes. */
const TIMEOUT = '2m';

/** Returns the code of an error of this package. Rethrows any other error. */
async function codeOf(failing: Promise<unknown> | unknown): Promise<SessionErrorCode> {
  const error = await Promise.resolve(failing).then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!isSessionError(error)) throw error;
  expect(error.message.length).toBeGreaterThan(20);
  return error.code;
}

/** A client that disconnects after the test. */
function connect(to: string): Redis {
  const client = careful(to);
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

const careful = (to: string): Redis => new Redis(to, ioRedisOptions(120_000));

/** A client that changes some replies. */
function altered(client: Redis, alter: (name: string, reply: unknown) => unknown): IoRedisClient {
  const call = async (name: string, ...args: string[]) => alter(name, await client.call(name, ...args));
  return { call, pipeline: (commands) => client.pipeline(commands) };
}

const problems = async (store: SessionStore): Promise<readonly string[]> => {
  const findings = (await store.powers?.diagnosis?.diagnose(Date.now())) ?? [];
  return findings.filter(({ level }) => level !== 'ok').map(({ subject, level }) => `${subject}: ${level}`);
};

describe('the rights that are asked about', () => {
  test('are those to all that is sent, itself or by scripts', () => {
    const folder = join(import.meta.dirname, '../../adapters/engines/redis');
    // The store works without the rights for `changes`. The diagnosis asks for them separately.
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !file.startsWith('changes/'),
    );
    const texts = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
    const used = [
      ...texts.matchAll(/redis\.call\('([A-Z]+)'/g),
      ...texts.matchAll(/\.(?:ask|askPrimary)\([\w.#]+, '([A-Z]+)'/g),
      ...texts.matchAll(/askAll\('([A-Z]+)'/g),
      ...texts.matchAll(/\['([A-Z]+)'[,\]]/g),
    ].map(([, name]) => name ?? '');
    // `REV` and `LIMIT` are options of a range. The store sends `CONFIG` only where it is permitted.
    const options = ['REV', 'LIMIT', 'CONFIG'];
    const known = new Set([...DENIED.text.matchAll(/\{ '([A-Z]+)'/g)].map(([, name]) => name ?? ''));
    expect(used.length).toBeGreaterThan(50);
    expect([...new Set(used)].filter((name) => !known.has(name) && !options.includes(name))).toEqual([]);
  });
});

describe('redisStore', () => {
  test.each([undefined, null, 'redis://127.0.0.1', 6379, {}, { call() {} }, { sendCommand() {} }])(
    'refuses %j as a client',
    (client) => expect(() => redisStore(client as unknown as RedisClient)).toThrow(TypeError),
  );

  test.each([
    ['an option that is unknown', { prefx: 'a' }, /"prefx".*prefix/],
    ['no options', null, /must be an object/],
    ['an empty prefix', { prefix: '' }, /prefix/],
    ['a prefix with braces', { prefix: '{a}' }, /braces/],
    ['a long prefix', { prefix: 'a'.repeat(65) }, /64/],
    ['a number for a prefix', { prefix: 4 }, /prefix/],
    ['a word for a switch', { allowEviction: 'yes' }, /allowEviction must be a boolean/],
    ['a word for a third', { allowLossOnRestart: 'no' }, /allowLossOnRestart must be a boolean/],
    ['a word for another', { batch: 1 }, /batch must be a boolean/],
    ['no replicas', { replicas: { atLeast: 0 } }, /replicas.atLeast/],
    ['half a replica', { replicas: { atLeast: 1.5 } }, /replicas.atLeast/],
    ['replicas without a number', { replicas: {} }, /replicas.atLeast/],
    ['something else of replicas', { replicas: { atLeast: 1, most: 2 } }, /"most"/],
    ['no time for replicas', { replicas: { atLeast: 1, timeout: 0 } }, /timeout/],
    [
      'a short silence of replicas',
      { replicas: { atLeast: 1, maxLag: 1_999 } },
      /maxLag is 1999 ms; allowed are 2000 to 3600000/,
    ],
    ['a long time for replicas', { replicas: { atLeast: 1, timeout: '2m' } }, /60000 ms/],
  ])('refuses %s', (_, options, message) => {
    const client = new Redis({ lazyConnect: true });
    expect(() => redisStore(client, options as RedisOptions)).toThrow(message);
    expect(() => redisStore(client, options as RedisOptions)).toThrow(TypeError);
  });

  test.each([
    ['ioredis', () => new Redis({ lazyConnect: true, readOnly: true })],
    [
      'ioredis, by Sentinel',
      () => new Redis({ lazyConnect: true, sentinels: [{ host: 'localhost' }], name: 'm', role: 'slave' }),
    ],
    ['a cluster of ioredis', () => new Cluster(['127.0.0.1:1'], { lazyConnect: true, scaleReads: 'slave' })],
    [
      'a cluster of ioredis, by choice',
      () => new Cluster(['127.0.0.1:1'], { lazyConnect: true, scaleReads: () => [] as never }),
    ],
    ['node-redis', () => createClient({ readonly: true })],
    ['a cluster of node-redis', () => createCluster({ rootNodes: [], useReplicas: true })],
  ])('refuses a client that reads from replicas: %s', async (_, make) => {
    const client = make() as RedisClient;
    expect(await codeOf((async () => redisStore(client))())).toBe('SESSION_STORE_UNSAFE');
  });

  test('takes clients that do not', () => {
    expect(redisStore(new Cluster(['127.0.0.1:1'], { lazyConnect: true }))).toBeTypeOf('object');
    expect(redisStore(createCluster({ rootNodes: [] }))).toBeTypeOf('object');
    expect(redisStore(createClient())).toBeTypeOf('object');
  });
});

describe.skipIf(url === null)('what stands under the prefix', { timeout: TEST_TIMEOUT }, () => {
  const base = newPrefix();
  let made = 0;
  const fresh = (): string => `${base}${made++}:`;
  afterAll(() => removeKeys(url ?? '', base));

  test.each([
    ['somebody else’s', 'users 1', 'SESSION_STORE_NAME_CONFLICT'],
    ['something else', 'session-revocation', 'SESSION_STORE_NAME_CONFLICT'],
    ['of a later version', 'session-revocation 2', 'SESSION_STORE_TOO_NEW'],
  ] as const)('%s is refused, and left as it is', async (_, meta, code) => {
    const client = connect(url ?? '');
    const prefix = fresh();
    await client.set(`${prefix}meta`, meta);
    const store = redisStore(client, { prefix });
    const sessions = createSessions({ store, timeout: TIMEOUT });
    expect(await codeOf(sessions.fence({ user: 'ann' }))).toBe(code);
    expect(await codeOf(sessions.list({ user: 'ann' }))).toBe(code);
    expect(await codeOf(store.setup?.())).toBe(code);
    expect(await problems(store)).toContain('schema: problem');
    expect(await client.keys(`${prefix}*`)).toEqual([`${prefix}meta`]);
    expect(await client.get(`${prefix}meta`)).toBe(meta);
    await client.del(`${prefix}meta`);
    expect(await sessions.fence({ user: 'ann' }), 'and it goes on once that is gone').toBeTypeOf('string');
  });

  test('of another type is somebody else’s', async () => {
    const client = connect(url ?? '');
    const [one, other] = [fresh(), fresh()];
    await client.rpush(`${one}meta`, 'x');
    expect(await codeOf(redisStore(client, { prefix: one }).setup?.())).toBe('SESSION_STORE_NAME_CONFLICT');
    await client.rpush(`${other}{${ann.tags.user}}`, 'x');
    expect(await codeOf(openRecords(redisStore(client, { prefix: other }), ann))).toBe('SESSION_STORE_NAME_CONFLICT');
  });

  test('that is no record is an outage, never a sign-out', async () => {
    const client = connect(url ?? '');
    const prefix = fresh();
    const sessions = createSessions({ store: redisStore(client, { prefix }), timeout: TIMEOUT });
    const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
    const key = (await client.keys(`${prefix}{*}*`)).find((one) => one.endsWith(`}${started.session?.id}`)) ?? '';
    for (const broken of ['', 'x', '\n\n\n']) {
      await client.set(key, broken);
      expect(await codeOf(sessions.check(started.ok ? started.token : ''))).toBe('SESSION_STORE_UNAVAILABLE');
    }
  });

  test('is not asked for where the server is too old, or evicts, and the answer is not kept', async () => {
    const client = connect(url ?? '');
    let info: (text: string) => string = (text) => text.replace(/redis_version:.*/, 'redis_version:6.0.16');
    const store = redisStore(
      altered(client, (name, reply) => (name === 'INFO' ? info(String(reply)) : reply)),
      { prefix: fresh() },
    );
    expect(await codeOf(store.setup?.())).toBe('SESSION_STORE_UNSUPPORTED');
    expect(await problems(store)).toContain('version: problem');
    info = (text) => text.replace(/maxmemory_policy:.*/, '');
    expect(await codeOf(store.setup?.())).toBe('SESSION_STORE_UNSAFE');
    info = (text) => text.replace(/redis_version:.*/, 'redis_version:10.0.0');
    await store.setup?.();
  });

  test.each([
    ['may wait for ever: ioredis', { maxRetriesPerRequest: 0 }, /^set socketTimeout of the client/],
    ['sends again what was lost', { socketTimeout: 120_000 }, /^set maxRetriesPerRequest .* to 0: .* is sent again/],
    [
      'never answers what was lost',
      { socketTimeout: 120_000, maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false },
      /^set maxRetriesPerRequest .* to 0: .* until the timeout/,
    ],
    ['is as the docs say: ioredis', ioRedisOptions(120_000), null],
    ['may wait for ever: node-redis', createClient, /^set socket.socketTimeout and pingInterval/],
    [
      'is as the docs say: node-redis',
      (to: { url: string }) => createClient({ ...to, ...nodeRedisOptions(120_000) }),
      null,
    ],
  ] as const)('is looked at by a client that %s, and that is told', async (_, made, told) => {
    const client = typeof made === 'function' ? made({ url: url ?? '' }) : new Redis(url ?? '', made);
    client.on('error', () => {});
    if (!(client instanceof Redis)) await client.connect();
    onTestFinished(() => (client instanceof Redis ? client.disconnect() : client.destroy()));
    const findings = await redisStore(client, { prefix: fresh() }).powers?.diagnosis?.diagnose(Date.now());
    const { level, advice } = findings?.find(({ subject }) => subject === 'connection') ?? expect.fail('nothing told');
    expect(level).toBe(told === null ? 'ok' : 'warning');
    if (told === null) expect(advice).toBeNull();
    else expect(advice).toMatch(told);
  });

  test('closed, it leaves the client alone', async () => {
    const client = connect(url ?? '');
    const store = redisStore(client, { prefix: fresh() });
    await addNew(store, ann);
    await store.close?.();
    await expect((async () => store.setup?.())()).rejects.toThrow('closed');
    await expect((async () => look(store, sessionOf(ann)))()).rejects.toThrow('closed');
    expect(await client.ping()).toBe('PONG');
  });
});

describe.skipIf(!canStart)('a server of our own', { timeout: TEST_TIMEOUT }, () => {
  const servers: PrivateServer[] = [];
  const start = async (...options: Parameters<typeof startRedis>): Promise<PrivateServer> => {
    const server = await startRedis(...options);
    servers.push(server);
    return server;
  };
  let primary: PrivateServer;
  beforeAll(async () => {
    primary = await start();
  }, TEST_TIMEOUT);
  afterAll(() => Promise.all(servers.map((server) => server.stop())), TEST_TIMEOUT);
  afterEach(async () => {
    const client = new Redis(primary.url);
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    client.disconnect();
  });

  test('that may evict records is refused, unless that is put up with', async () => {
    const client = connect(primary.url);
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const store = redisStore(client);
    expect(await codeOf(store.setup?.())).toBe('SESSION_STORE_UNSAFE');
    expect(await codeOf(createSessions({ store, timeout: TIMEOUT }).fence({ user: 'ann' }))).toBe(
      'SESSION_STORE_UNSAFE',
    );
    expect(await client.dbsize()).toBe(0);
    expect(await problems(store)).toContain('eviction: problem');
    await redisStore(client, { allowEviction: true }).setup?.();
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    await store.setup?.();
    expect(await problems(store)).toEqual(['durability: warning']);
  });

  test.each([
    ['without an append-only file', 'no', 'everysec', /appendonly no/],
    ['that leaves writing to the system', 'yes', 'no', /appendfsync no/],
    ['that writes every second', 'yes', 'everysec', null],
    ['that writes always', 'yes', 'always', null],
  ])('%s: what a restart would lose is told once, refused, or put up with', async (_, aof, fsync, told) => {
    const client = connect(primary.url);
    await client.config('SET', 'appendonly', aof);
    await client.config('SET', 'appendfsync', fsync);
    onTestFinished(() => client.config('SET', 'appendonly', 'no').then(() => {}));
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warned.mockRestore());
    Reflect.deleteProperty(process, Symbol.for('session-revocation.loss-on-restart'));
    for (const store of [redisStore(client), redisStore(client)]) {
      await store.readEpochs([ann.tags.user]);
      await store.setup?.();
    }
    await redisStore(client, { allowLossOnRestart: true }).setup?.();
    const strict = redisStore(client, { allowLossOnRestart: false });
    const codes = warned.mock.calls.map(([, options]) => (options as { readonly code?: string }).code);
    if (told === null) {
      await strict.setup?.();
      expect(codes).toEqual([]);
      expect(await problems(strict)).toEqual([]);
      return;
    }
    expect(codes).toEqual(['SESSION_STORE_LOSS_ON_RESTART']);
    expect(warned.mock.calls[0]?.[0]).toMatch(told);
    expect(await codeOf(strict.setup?.())).toBe('SESSION_STORE_UNSAFE');
    expect(await codeOf(strict.readEpochs([ann.tags.user]))).toBe('SESSION_STORE_UNSAFE');
    expect(await problems(strict)).toEqual(['durability: warning']);
  });

  test('of a cluster that answers while it is cut off is refused; a server that tells no settings is not', async () => {
    let answer: () => unknown = () => [];
    const info =
      'redis_version:7.0.0\r\nrole:master\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\ncluster_enabled:1\r\n';
    const call = async (command: string, ...args: string[]) => {
      const name = command.toUpperCase();
      if (name === 'INFO') return info;
      if (name === 'CONFIG') return args[1] === 'cluster-allow-reads-when-down' ? answer() : [];
      return name === 'GET' ? 'session-revocation 1' : [];
    };
    const pipeline = () => expect.fail('it is not asked');
    const store = () => redisStore({ isCluster: true, call, pipeline });
    const asked = () => store().ensureEpochs([], NOW);
    answer = () => ['cluster-allow-reads-when-down', 'yes'];
    expect(await codeOf(asked())).toBe('SESSION_STORE_UNSAFE');
    expect(await problems(store())).toContain('cluster: problem');
    for (const other of [
      () => ['cluster-allow-reads-when-down', 'no'],
      () => [],
      () => Promise.reject(new Error("ERR unknown command 'CONFIG'")),
      () => Promise.reject(new Error('NOPERM this user has no permissions')),
    ]) {
      answer = other;
      expect(await asked()).toEqual([]);
      expect(await problems(store())).not.toContain('cluster: problem');
    }
    answer = () => Promise.reject(new Error('ECONNRESET'));
    await expect(asked()).rejects.toThrow('ECONNRESET');
  });

  test('whose user may not do everything, or gave no password, is denied', async () => {
    const client = connect(primary.url);
    await client.call('ACL', 'SETUSER', 'limited', 'on', '>secret', '~*', '+@all', '-evalsha', '-eval');
    await client.call('ACL', 'SETUSER', 'blind', 'on', '>secret', '~*', '+@all', '-info');
    onTestFinished(() => client.call('ACL', 'DELUSER', 'limited', 'blind').then(() => {}));
    const as = (who: string) => redisStore(connect(primary.url.replace('//', `//${who}@`)));
    expect(await codeOf(as('blind:secret').setup?.())).toBe('SESSION_STORE_DENIED');
    expect(await codeOf(openRecords(as('limited:secret'), ann))).toBe('SESSION_STORE_DENIED');
    await client.config('SET', 'requirepass', 'secret');
    try {
      expect(await codeOf(redisStore(connect(primary.url)).setup?.())).toBe('SESSION_STORE_DENIED');
    } finally {
      await client.config('SET', 'requirepass', '');
    }
  });

  test.each([
    ['neither write nor run scripts', '+@read +@connection +info +role +time', ['EVALSHA', 'EVAL', 'SET']],
    ['not run scripts', '+@all -@scripting', ['EVALSHA', 'EVAL']],
    [
      'not write',
      '+@all -@write',
      'SET DEL PERSIST PEXPIRE HSET HSETNX HDEL RPUSH LREM SADD SREM INCR ZADD ZREM'.split(' '),
    ],
    ['not remove, nor ask for the time', '+@all -zrem -time', ['ZREM', 'TIME']],
    ['not wait for replicas', '+@all -wait', ['WAIT']],
  ])('whose user may %s: setup and the diagnosis name that, and nothing is written', async (_, rules, missing) => {
    const client = connect(primary.url);
    await client.call('ACL', 'SETUSER', 'lacking', 'reset', 'on', '>secret', '~*', ...rules.split(' '));
    onTestFinished(() => client.call('ACL', 'DELUSER', 'lacking').then(() => {}));
    const prefix = newPrefix();
    // An existing key must stay unchanged, too.
    await client.set(`${prefix}meta`, 'session-revocation 1');
    const lacking = connect(primary.url.replace('//', '//lacking:secret@'));
    const store = redisStore(lacking, { prefix, replicas: { atLeast: 1 } });
    const findings = (await store.powers?.diagnosis?.diagnose(Date.now())) ?? [];
    const { level, found } = findings.find(({ subject }) => subject === 'rights') ?? expect.fail('nothing told');
    expect(level).toBe('problem');
    const named = found.split(': ')[1]?.split(', ') ?? [];
    expect(named).toEqual(missing);
    const refused = await Promise.resolve(store.setup?.()).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'SESSION_STORE_DENIED', message: expect.stringContaining(named.join(', ')) });
    expect(await keysOf(client, prefix)).toEqual([`${prefix}meta`]);
    expect(await client.get(`${prefix}meta`)).toBe('session-revocation 1');
  });

  test.each([
    ['of one server is asked for ROLE, and not for EXISTS', '0', ['ROLE']],
    ['of a cluster is asked for EXISTS, and not for ROLE', '1', ['EXISTS']],
  ])('whose user may neither, %s', async (_, isCluster, missing) => {
    const client = connect(primary.url);
    await client.call('ACL', 'SETUSER', 'neither', 'reset', 'on', '>secret', '~*', '+@all', '-role', '-exists');
    onTestFinished(() => client.call('ACL', 'DELUSER', 'neither').then(() => {}));
    const neither = connect(primary.url.replace('//', '//neither:secret@'));
    expect(await neither.eval(DENIED.text, 1, `${newPrefix()}meta`, '0', isCluster)).toEqual(missing);
  });

  test('whose user may do what the docs say has all rights', async () => {
    const client = connect(primary.url);
    const page = await readPage('docs/redis.md');
    const rules = /needs `([^`]*)` on the prefix/.exec(page)?.[1]?.split(' ') ?? [];
    await client.call('ACL', 'SETUSER', 'granted', 'reset', 'on', '>secret', '~granted:*', ...rules);
    onTestFinished(() => client.call('ACL', 'DELUSER', 'granted').then(() => {}));
    const granted = connect(primary.url.replace('//', '//granted:secret@'));
    const store = redisStore(granted, { prefix: 'granted:' });
    await store.setup?.();
    expect(await problems(store)).not.toContain('rights: problem');
    await store.end({ id: (await addNew(store, ann)).id, user: ann.tags.user }, endedAt(NOW), []);
    await removeKeys(primary.url, 'granted:');
  });

  test('that is full says so, and signs nobody out', async () => {
    const client = connect(primary.url);
    const sessions = createSessions({ store: redisStore(client, { prefix: 'full:' }), timeout: TIMEOUT });
    const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
    await client.config('SET', 'maxmemory', '1');
    try {
      expect(await codeOf(sessions.fence({ user: 'bob' }))).toBe('SESSION_STORE_UNAVAILABLE');
      expect(await codeOf(sessions.revoke({ user: 'ann' }))).toBe('SESSION_STORE_UNAVAILABLE');
      expect(await sessions.check(started.ok ? started.token : '')).toMatchObject({ ok: true });
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
    expect(await sessions.revoke({ user: 'ann' })).toMatchObject({ revoked: true });
  });

  describe('with a replica', () => {
    let replica: PrivateServer;
    const { user } = ann.tags;
    beforeAll(async () => {
      replica = await start({ replicaOf: primary });
      const client = new Redis(primary.url);
      await until('the replica is there', async () => /slave0:.*state=online/.test(await client.info('replication')));
      client.disconnect();
    }, TEST_TIMEOUT);

    test('which is refused itself', async () => {
      const store = redisStore(connect(replica.url));
      expect(await codeOf(store.setup?.())).toBe('SESSION_STORE_UNSAFE');
      expect(await codeOf(look(store, sessionOf(ann)))).toBe('SESSION_STORE_UNSAFE');
      expect(await problems(store)).toContain('role: problem');
    });

    test('which did not confirm: written, and told', async () => {
      const client = connect(primary.url);
      const alone = redisStore(client, { prefix: 'two:', replicas: { atLeast: 2, timeout: 50 } });
      const reader = redisStore(client, { prefix: 'two:' });
      const [session, other] = [await addNew(alone, ann), await addNew(alone, ann)];
      const written = 'SESSION_STORE_UNCONFIRMED';
      expect(await codeOf(alone.end({ id: session.id, user }, endedAt(NOW), []))).toBe(written);
      expect((await look(reader, session))?.session.ended).toEqual(endedAt(NOW));
      const advance = { record: anotherRecord('x'), now: NOW, keepUntil: null, audit: [] };
      expect(await codeOf(alone.advance(user, { ...advance, ifVersion: await versionOf(alone, ann) }))).toBe(written);
      expect((await look(reader, session))?.epochs.user?.last?.reason).toBe('x');
      expect(await codeOf(alone.renew(renewalOf(other)))).toBe(written);
      const ending = [{ id: other.id, ended: endedAt(NOW), audit: [] }];
      expect(await codeOf(alone.add(sessionOf(ann), plainWrite({ ending })))).toBe(written);
      expect(await codeOf(alone.deleteSessions(user, 10))).toBe(written);
      expect(await problems(alone)).toContain('replicas: problem');

      await client.script('FLUSH');
      const both = redisStore(client, { prefix: 'one:', replicas: { atLeast: 1, timeout: '1m' } });
      const mine = await addNew(both, ann);
      expect(await both.end({ id: mine.id, user }, endedAt(NOW), [])).toBe(true);
      expect(await problems(both)).toEqual(['durability: warning']);
    });

    test('which confirms over the connection that wrote: node-redis', async () => {
      const client = await createClient({ url: primary.url })
        .on('error', () => {})
        .connect();
      onTestFinished(() => client.destroy());
      for (const [atLeast, timeout, outcome] of [
        [1, 60_000, 'ended'],
        [2, 50, 'SESSION_STORE_UNCONFIRMED'],
      ] as const) {
        const store = redisStore(client, { prefix: `n${atLeast}:`, replicas: { atLeast, timeout } });
        const session = await addNew(store, ann);
        await client.sendCommand(['SCRIPT', 'FLUSH']);
        const end = (async () => store.end({ id: session.id, user }, endedAt(NOW), []))();
        expect(
          await end.then(
            () => 'ended',
            () => codeOf(end),
          ),
        ).toBe(outcome);
      }
    });

    test('which is silent, so that a revocation is not confirmed; it is once it speaks again', async () => {
      const client = connect(primary.url);
      const storeThatWaits = (timeout: number): SessionStore =>
        redisStore(client, { prefix: 'mute:', replicas: { atLeast: 1, timeout } });
      const store = storeThatWaits(100);
      const session = await addNew(store, ann);
      await replica.kill('SIGSTOP');
      const failed = await codeOf(store.end({ id: session.id, user }, endedAt(NOW), [])).finally(() =>
        replica.kill('SIGCONT'),
      );
      expect(failed).toBe('SESSION_STORE_UNCONFIRMED');
      const advance = { record: anotherRecord('x'), now: NOW, keepUntil: null, audit: [] };
      const ifVersion = await versionOf(store, ann);
      expect(await storeThatWaits(60_000).advance(user, { ...advance, ifVersion })).toBe('advanced');
    });

    test('as which a primary was demoted: it is not believed for longer than a second', async () => {
      vi.useFakeTimers({ toFake: ['performance'] });
      onTestFinished(() => void vi.useRealTimers());
      const client = connect(primary.url);
      const store = redisStore(client, { prefix: 'demoted:' });
      const session = await addNew(store, ann);
      expect(await look(store, session)).not.toBeNull();
      // No server listens there, so this server keeps its data as a replica.
      await client.call('REPLICAOF', '127.0.0.1', '1');
      try {
        vi.advanceTimersByTime(1_000);
        expect(await codeOf(store.readEpochs([user]))).toBe('SESSION_STORE_UNSAFE');
        expect(await codeOf(look(store, session))).toBe('SESSION_STORE_UNSAFE');
        expect(await codeOf(look(store, session)), 'from then on').toBe('SESSION_STORE_UNSAFE');
      } finally {
        await client.call('REPLICAOF', 'NO', 'ONE');
      }
      expect(await look(store, session)).not.toBeNull();
    });
  });

  test('that was killed is an outage; the store goes on by itself when it is back', async () => {
    const server = await start({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    const client = connect(server.url);
    const store = redisStore(client);
    const sessions = createSessions({ store, timeout: TIMEOUT });
    const began = { user: 'ann', fence: await sessions.fence({ user: 'ann' }) };
    const started = await sessions.start(began);
    const token = started.ok ? started.token : '';
    const other = await sessions.start({ ...began, fence: await sessions.fence({ user: 'ann' }) });
    await sessions.end(other.session?.id ?? '', { user: 'ann' });
    await server.kill();
    expect(await codeOf(createSessions({ store, timeout: '1s' }).check(token))).toBe('SESSION_STORE_UNAVAILABLE');
    await server.restart();
    await until('the store answers', () =>
      sessions.check(token).then(
        () => true,
        () => false,
      ),
    );
    expect(await sessions.check(token)).toMatchObject({ ok: true });
    expect(await sessions.check(other.ok ? other.token : '')).toMatchObject({ reason: 'ended' });
    await openRecords(store, ann);
    expect((await add(store, sessionOf(ann), { retention: DAY })).id).toBeTypeOf('string');
  });
});
