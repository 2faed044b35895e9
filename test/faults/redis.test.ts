import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Redis as Valkey } from 'iovalkey';
import { createClient } from 'redis';
import { createSessions, isSessionError } from 'session-revocation';
import { type RedisClient, redisStore } from 'session-revocation/redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { blocksOf, readPage, root } from '../docs/markdown.ts';
import { type PrivateServer, startRedis } from '../services/index.ts';
import { withRedis } from '../services/probes.ts';
import { hasRedis } from '../services/redis.ts';
import { ioRedisOptions, newPlace, nodeRedisOptions } from '../services/stores.ts';
import { until } from '../services/until.ts';
import { LoopbackProxy } from './loopback-proxy.ts';
import { MAX_TRIAL, Trial } from './trial.ts';

const UNAVAILABLE = ['SESSION_STORE_UNAVAILABLE'];

describe.skipIf(!hasRedis())('a Redis that takes no writes', () => {
  test('for lack of replicas: nothing is revoked, and what lives is accepted', { timeout: MAX_TRIAL }, async () => {
    const { server, trial } = await begin();
    await set(server, 'min-replicas-to-write', '1');
    expect(await trial.fails('revoke')).toEqual(UNAVAILABLE);
    await trial.accepts();
    await set(server, 'min-replicas-to-write', '0');
    await trial.works();
    expect(await trial.end()).toEqual([]);
  });

  test('since it cannot save', { timeout: MAX_TRIAL }, async () => {
    const { server, trial } = await begin('--save', '3600 1');
    chmodSync(server.folder, 0o500);
    await save(server, 'err');
    expect(await trial.fails('revoke')).toEqual(UNAVAILABLE);
    await trial.accepts();
    chmodSync(server.folder, 0o700);
    await save(server, 'ok');
    await trial.works();
    expect(await trial.end()).toEqual([]);
  });

  test('since its memory is full', { timeout: MAX_TRIAL }, async () => {
    const { server, trial } = await begin();
    await set(server, 'maxmemory', '1');
    expect(await trial.fails('revoke')).toEqual(UNAVAILABLE);
    await set(server, 'maxmemory', '0');
    await trial.works();
    expect(await trial.end()).toEqual([]);
  });
});

test.skipIf(!hasRedis())('a Redis that forgets its scripts is taught them again', { timeout: MAX_TRIAL }, async () => {
  const { server, trial } = await begin();
  for (let times = 0; times < 3; times++) {
    await withRedis(server.url, (client) => client.script('FLUSH'));
    await trial.works();
  }
  expect(await trial.end()).toEqual([]);
});

type Connect = (to: string) => Promise<{ readonly client: RedisClient; close(): void }>;

/** Timeout of the clients and of calls, in ms. A command that hangs takes this long. */
const TIMEOUT = 120_000;

/** Clients of one server, set up as the docs say. */
const CLIENTS: readonly (readonly [name: string, connect: Connect])[] = [
  ...([Redis, Valkey] as const).map((Client) => {
    const connect: Connect = async (to) => {
      const client = new Client(to, ioRedisOptions(TIMEOUT));
      client.on('error', () => {});
      return { client, close: () => client.disconnect() };
    };
    return [Client === Redis ? 'ioredis' : 'iovalkey', connect] as const;
  }),
  [
    'node-redis',
    async (to) => {
      const client = createClient({ url: to, ...nodeRedisOptions(TIMEOUT) });
      await client.on('error', () => {}).connect();
      return { client, close: () => client.destroy() };
    },
  ],
];

describe.skipIf(!hasRedis())('a connection that is cut', () => {
  test('is set up as the docs say', async () => {
    const page = await readPage('docs/redis.md');
    const numbersOf = (call: RegExp) =>
      Object.fromEntries(
        [...(call.exec(page)?.[0] ?? '').matchAll(/(\w+): ([\d_]+)/g)].map(([, name, text]) => [
          name,
          Number(text?.replaceAll('_', '')),
        ]),
      );
    expect(numbersOf(/new Redis\(.*/)).toEqual(ioRedisOptions(5_000));
    const { socket, ...rest } = nodeRedisOptions(5_000);
    expect(numbersOf(/ createClient\(.*/)).toEqual({ ...socket, ...rest });
  });

  test.runIf(includes('faults: a program of node-redis whose connection is cut'))(
    'ends no program of node-redis that is written as the docs say',
    { timeout: MAX_TRIAL },
    async () => {
      const server = await startRedis();
      onTestFinished(() => server.stop());
      const proxy = await LoopbackProxy.open(server.port);
      onTestFinished(() => proxy.close());
      const documented = (await blocksOf('docs/redis.md')).find(({ text }) => text.includes('createClient('));
      const program = spawn(
        process.execPath,
        [
          '--import',
          'tsx',
          '--input-type=module',
          '-e',
          `
      ${documented?.text.replace('127.0.0.1:6379', `127.0.0.1:${proxy.port}`)}
      process.stdin.once('data', async () => {
        while (!(await Promise.resolve(store.setup()).then(() => true, () => false)));
        process.exit(7);
      });
      console.log('idle');
    `,
        ],
        { cwd: root, stdio: ['pipe', 'pipe', 'ignore'] },
      );
      onTestFinished(() => void program.kill('SIGKILL'));
      const exited = once(program, 'exit');
      await Promise.race([once(program.stdout, 'data'), exited]);
      proxy.cut();
      program.stdin.on('error', () => {});
      program.stdin.write('go on');
      expect((await exited)[0]).toBe(7);
    },
  );

  test.each(CLIENTS)('fails what is under way at once, by %s', { timeout: MAX_TRIAL }, async (_, connect) => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const proxy = await LoopbackProxy.open(server.port);
    onTestFinished(() => proxy.close());
    const { client, close } = await connect(`redis://127.0.0.1:${proxy.port}`);
    onTestFinished(close);
    const sessions = createSessions({ store: redisStore(client, { batch: false }), timeout: TIMEOUT });
    const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
    const token = started.ok ? started.token : '';

    const under = [() => sessions.check(token), () => sessions.revoke({ user: 'bob' })] as const;
    for (const ask of under) {
      proxy.delay(2 * TIMEOUT);
      const asked = ask().then(
        () => 'answered',
        (error: unknown) => (isSessionError(error) ? error.code : error),
      );
      await wait(100);
      // New connections work. The cut command must neither be sent again nor hang.
      proxy.heal({ cut: false });
      const cutAt = performance.now();
      proxy.cut();
      expect(await asked).toBe('SESSION_STORE_UNAVAILABLE');
      expect(performance.now() - cutAt).toBeLessThan(TIMEOUT / 3);
      await until('it is connected again', () =>
        sessions.check(token).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
    }
  });
});

async function begin(...args: readonly string[]): Promise<{ readonly server: PrivateServer; readonly trial: Trial }> {
  const server = await startRedis({ args });
  onTestFinished(() => server.stop());
  return { server, trial: await Trial.begin(await newPlace('redis', server.url)) };
}

const set = (server: PrivateServer, name: string, value: string): Promise<unknown> =>
  withRedis(server.url, (client) => client.config('SET', name, value));

/** Saves to disk until the result is as expected. */
const save = (server: PrivateServer, expected: 'ok' | 'err'): Promise<void> =>
  until(`saving goes ${expected}`, async () => {
    const info = await withRedis(server.url, async (client) => {
      await client.bgsave().catch(() => {});
      return client.info('persistence');
    });
    return info.includes(`rdb_last_bgsave_status:${expected}`);
  });
