import type { SessionStore } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { afterAll, beforeAll, describe } from 'vitest';
import { includes } from '../../../ci-only.ts';
import { startServices } from '../../../services/index.ts';
import {
  clearPlace,
  type EngineName,
  engineNames,
  findPlace,
  type Opened,
  openStore,
  type Place,
} from '../../../services/stores.ts';

/** Time limit in ms, many times the usual duration. */
const TEST_TIMEOUT = 600_000;

/** A store, as two processes open it. */
export interface Handles {
  readonly name: 'memory' | EngineName;
  readonly one: SessionStore;
  readonly other: SessionStore;
}

/** An ordinary run leaves out the slow engines: the Redis cluster, Postgres and MariaDB. */
const isWanted = (name: EngineName): boolean =>
  name === 'redis-cluster'
    ? includes('jwt: a Redis cluster')
    : !['postgres', 'mysql'].includes(name) || includes('jwt: Postgres and MariaDB');

/** Runs the tests on the memory store and on every available engine. */
export async function describeStores(
  what: string,
  play: (handles: () => Handles, name: Handles['name']) => void,
): Promise<void> {
  const wanted = engineNames.filter(isWanted);
  const found = await startServices(wanted.filter((name) => name !== 'sqlite'));
  const here = wanted.filter((name) => name === 'sqlite' || found.get(name));
  describe.each(['memory', ...here] as const)(`${what}: %s`, { timeout: TEST_TIMEOUT }, (name) => {
    let handles: Handles | null = null;
    let place: Place | null = null;
    let opened: Opened[] = [];
    beforeAll(async () => {
      if (name === 'memory') {
        const store = memoryStore();
        handles = { name, one: store, other: store };
        return;
      }
      place = await findPlace(name);
      if (place === null) throw new Error(`a server of ${name} that was there is gone`);
      const [one, other] = [openStore(place), openStore(place)];
      opened = [one, other];
      handles = { name, one: one.store, other: other.store };
    }, TEST_TIMEOUT);
    afterAll(async () => {
      for (const { store, end } of opened) {
        await store.close?.();
        await end();
      }
      if (place !== null) await clearPlace(place);
    }, TEST_TIMEOUT);
    play(() => {
      if (handles === null) throw new Error('the store is not there yet');
      return handles;
    }, name);
  });
}
