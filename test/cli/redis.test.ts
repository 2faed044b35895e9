import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { findService, type PrivateServer, startRedis } from '../services/index.ts';
import { withRedis } from '../services/probes.ts';
import { hasRedis } from '../services/redis.ts';
import { cliOf } from './support/cli.ts';
import { enterProject } from './support/projects.ts';

/** Timeout of a test that starts servers, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

const DRIVERS = ['ioredis', 'iovalkey', 'redis'] as const;

const clusterUrl = await findService('redis-cluster');

describe.skipIf(!hasRedis())('a Redis of our own', { timeout: TEST_TIMEOUT }, () => {
  let server: PrivateServer;
  beforeAll(async () => {
    server = await startRedis();
  }, TEST_TIMEOUT);
  afterAll(() => server?.stop(), TEST_TIMEOUT);
  beforeEach(() => withRedis(server.url, (client) => client.flushall()));

  const keyspace = (): Promise<string> => withRedis(server.url, (client) => client.info('keyspace'));

  /** Returns the server's URL with another user, password or path. */
  function urlOf(change: Partial<Record<'username' | 'password' | 'pathname', string>>): string {
    return Object.assign(new URL(server.url), change).href;
  }

  describe.each(DRIVERS)('by %s', (driver) => {
    beforeEach(() => void enterProject(driver));

    test('nothing is to be said against the client', async () => {
      expect((await cliOf(server.url)('doctor --timeout 1m')).out).toMatch(/^ok +connection /m);
    });

    test('a database is the one that is named', async () => {
      expect(await cliOf(urlOf({ pathname: '/5' }))('setup --timeout 1m')).toMatchObject({ code: 0, err: '' });
      expect(await keyspace()).toMatch(/^db5:keys=1,/m);
      expect(await keyspace()).not.toMatch(/^db0:/m);
    });

    test('a database that is not there is misuse, and nothing is written to another one', async () => {
      const { code, out, err } = await cliOf(urlOf({ pathname: '/99' }))('setup --timeout 1m');
      expect([code, out, err]).toEqual([
        2,
        '',
        'error: --store names database 99, which this Redis refuses (ERR DB index is out of range): use another number\n',
      ]);
      expect(await keyspace()).not.toMatch(/^db/m);
    });

    test('a password that is wrong is denied, and not told', async () => {
      for (const pathname of ['', '/3']) {
        const url = urlOf({ username: 'ann', password: 'hush-hush', pathname });
        const { code, out, err } = await cliOf(url)('list --user ann --timeout 1m');
        expect([code, out]).toEqual([1, '']);
        expect(err).toMatch(/^error: .*WRONGPASS.* \(SESSION_STORE_DENIED\)\n/);
        expect(err).not.toMatch(/hush/);
      }
    });

    test('refuses a cluster URL of a single server', async () => {
      const { code, err } = await cliOf(`redis+cluster://127.0.0.1:${server.port}`)('list --user ann --timeout 1m');
      expect(code).toBe(2);
      expect(err).toBe(
        'error: --store is a URL of a Redis Cluster, but a single server answers there: write redis://host:6379\n',
      );
    });

    test.skipIf(clusterUrl === null)('refuses a URL of a single cluster node, and shows the right URL', async () => {
      const { host } = new URL(clusterUrl?.split(',')[0] ?? '');
      const { code, out, err } = await cliOf(`redis://${host}/3`)('doctor --timeout 1m');
      expect([code, out, err]).toEqual([
        2,
        '',
        `error: --store is a node of a cluster: write redis+cluster://${host}, and add more nodes after commas\n`,
      ]);
    });
  });

  test('rights that are missing are named by doctor and setup', async () => {
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    await admin.call('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '+@read', '+@connection', '+info', '+role');
    const run = cliOf(urlOf({ username: 'reader', password: 'secret' }));
    const told = await run('doctor --timeout 1m');
    expect(told.code).toBe(1);
    expect(told.out).toMatch(/^problem +rights +the user may not do all .*: EVALSHA, EVAL, SET$/m);
    expect(told.out).toMatch(/^rights: grant it .*\+@write \+@scripting/m);
    const { code, out, err } = await run('setup --timeout 1m');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^error: .*\(EVALSHA, EVAL, SET\).*\(SESSION_STORE_DENIED\)\n/);
  });
});

describe.skipIf(clusterUrl === null)('doctor on a cluster', { timeout: TEST_TIMEOUT }, () => {
  test.each(['ioredis', 'redis'])('names the node of what it found, and says once what to do: %s', async (driver) => {
    enterProject(driver);
    const hosts = (clusterUrl ?? '').split(',').map((node) => new URL(node).host);
    const { out } = await cliOf(`redis+cluster://${hosts.join(',')}?prefix=unused:`)('doctor --timeout 1m');
    const roles = [...out.matchAll(/^ok +role +(\S+): primary$/gm)].map(([, node]) => node);
    expect(new Set(roles).size).toBe(3);
    for (const node of roles) expect(hosts).toContain(node);
    const advice = out.split('\n').filter((line) => /^[a-z]+: /.test(line));
    expect(new Set(advice).size).toBe(advice.length);
    expect(advice.join('\n')).toMatch(/^durability: /m);
  });
});
