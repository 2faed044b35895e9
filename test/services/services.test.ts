import { existsSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findService, serviceNames, startRedis } from './index.ts';
import { hasMariadb } from './mariadb.ts';
import { hasPostgres } from './postgres.ts';
import { probeRedis } from './probes.ts';
import { hasRedis } from './redis.ts';

/** Timeout of a test, in ms. A missing server is started, and first creates its files. */
const WAIT_TIMEOUT = 300_000;

// Tests that stop a server or cut it off need a private server. They are skipped if its binary is missing.
test.runIf(process.env.REQUIRE_SERVICES === '1')('where services are required, each can be started', () => {
  expect({ redis: hasRedis(), postgres: hasPostgres(), mariadb: hasMariadb() }).toEqual({
    redis: true,
    postgres: true,
    mariadb: true,
  });
});

describe.skipIf(!hasRedis())('a private server', () => {
  test(
    'survives what a test does to it, and leaves nothing behind',
    async () => {
      const server = await startRedis();
      onTestFinished(() => server.stop());
      const { pid, url, folder } = server;
      expect(existsSync(folder)).toBe(true);

      await server.kill('SIGKILL');
      await expect(probeRedis(url)).rejects.toThrow();
      expect(isRunning(pid)).toBe(false);
      await server.restart();
      await probeRedis(url);
      expect(server.pid).not.toBe(pid);

      const { pid: second } = server;
      await server.stop();
      expect(isRunning(second)).toBe(false);
      expect(existsSync(folder)).toBe(false);
    },
    WAIT_TIMEOUT,
  );

  test(
    'is found once, however often it is asked for',
    async () => {
      const urls = await Promise.all([findService('redis'), findService('redis')]);
      expect(urls[0]).toMatch(/^redis:/);
      expect(urls[1]).toBe(urls[0]);
    },
    WAIT_TIMEOUT,
  );
});

test(
  'a service is found, or said to be missing',
  async () => {
    const cheap = serviceNames.filter((name) => name !== 'redis-cluster');
    for (const url of await Promise.all(cheap.map(findService))) expect([null, expect.any(String)]).toContainEqual(url);
  },
  WAIT_TIMEOUT,
);

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
