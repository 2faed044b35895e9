import { connect as connectTo } from 'node:net';
import { type RedisOptions, redisStore } from 'session-revocation/redis';
import { type StoreContractOptions, storeContract } from 'session-revocation/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Connected, newPrefix, removeKeys } from './redis-clients.ts';

/** Timeout of a case, in ms. Many times as long as the longest case takes. */
const TEST_TIMEOUT = 600_000;

/** Runs the contract over two clients, like two processes. `only` selects the cases. */
export function redisContract(
  name: string,
  url: string | null,
  connect: (url: string) => Promise<Connected>,
  interleavings: number,
  only: (id: string) => boolean = () => true,
): void {
  describe.skipIf(url === null)(name, () => {
    const prefix = newPrefix();
    let made = 0;
    let connected: readonly Connected[] = [];
    beforeAll(async () => {
      connected = await Promise.all([connect(url ?? ''), connect(url ?? '')]);
    }, TEST_TIMEOUT);
    afterAll(async () => {
      for (const one of connected) await one.close();
      await removeKeys(url ?? '', prefix);
    }, TEST_TIMEOUT);
    const create: StoreContractOptions['create'] = () => {
      const mine = {
        prefix: `${prefix}${made++}:`,
        changes: { connect: ({ host, port }) => connectTo(port, host) },
      } satisfies RedisOptions;
      const store = (at: number) => redisStore((connected[at] as Connected).client, mine);
      return { store: store(0), second: () => store(1) };
    };
    const powers = ['audit', 'outbox', 'policies', 'diagnosis', 'changes'] as const;
    for (const { id, title, skip, run } of storeContract({ create, interleavings, powers })) {
      if (only(id)) test.skipIf(skip !== null)(`${id}: ${title}`, run, TEST_TIMEOUT);
    }
  });
}
