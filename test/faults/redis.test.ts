import { chmodSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type PrivateServer, startRedis } from '../services/index.ts';
import { withRedis } from '../services/probes.ts';
import { hasRedis } from '../services/redis.ts';
import { newPlace } from '../services/stores.ts';
import { until } from '../services/until.ts';
import { LONGEST_TRIAL, Trial } from './trial.ts';

const UNAVAILABLE = ['SESSION_STORE_UNAVAILABLE'];

describe.skipIf(!hasRedis())('a Redis that takes no writes', () => {
  test('for lack of replicas: nothing is revoked, and what lives is accepted', { timeout: LONGEST_TRIAL }, async () => {
    const { server, trial } = await begin();
    await set(server, 'min-replicas-to-write', '1');
    expect(await trial.fails('revoke')).toEqual(UNAVAILABLE);
    await trial.accepts();
    await set(server, 'min-replicas-to-write', '0');
    await trial.works();
    expect(await trial.end()).toEqual([]);
  });

  test('since it cannot save', { timeout: LONGEST_TRIAL }, async () => {
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

  test('since its memory is full', { timeout: LONGEST_TRIAL }, async () => {
    const { server, trial } = await begin();
    await set(server, 'maxmemory', '1');
    expect(await trial.fails('revoke')).toEqual(UNAVAILABLE);
    await set(server, 'maxmemory', '0');
    await trial.works();
    expect(await trial.end()).toEqual([]);
  });
});

test.skipIf(!hasRedis())(
  'a Redis that forgets its scripts is taught them again',
  { timeout: LONGEST_TRIAL },
  async () => {
    const { server, trial } = await begin();
    for (let times = 0; times < 3; times++) {
      await withRedis(server.url, (client) => client.script('FLUSH'));
      await trial.works();
    }
    expect(await trial.end()).toEqual([]);
  },
);

async function begin(...args: readonly string[]): Promise<{ readonly server: PrivateServer; readonly trial: Trial }> {
  const server = await startRedis({ args });
  onTestFinished(() => server.stop());
  return { server, trial: await Trial.begin(await newPlace('redis', server.url)) };
}

const set = (server: PrivateServer, name: string, value: string): Promise<unknown> =>
  withRedis(server.url, (client) => client.config('SET', name, value));

/** Has it save, until that goes as expected. */
const save = (server: PrivateServer, expected: 'ok' | 'err'): Promise<void> =>
  until(`saving goes ${expected}`, async () => {
    const info = await withRedis(server.url, async (client) => {
      await client.bgsave().catch(() => {});
      return client.info('persistence');
    });
    return info.includes(`rdb_last_bgsave_status:${expected}`);
  });
