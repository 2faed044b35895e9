import { describe, expect, onTestFinished, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { type PrivateServer, startMariadb, startPostgres, startRedis } from '../services/index.ts';
import { hasMariadb } from '../services/mariadb.ts';
import { hasPostgres } from '../services/postgres.ts';
import { hasRedis } from '../services/redis.ts';
import { type EngineName, newPlace } from '../services/stores.ts';
import { Leaver } from './leaver.ts';
import { MAX_TRIAL, Trial } from './trial.ts';

interface Crashing {
  readonly engine: EngineName;
  readonly isHere: boolean;
  start(): Promise<PrivateServer>;
}

/**
 * Servers that keep acknowledged writes over a crash. Postgres and MariaDB do so by default, Redis with these options.
 */
const SERVERS: readonly Crashing[] = [
  { engine: 'postgres', isHere: hasPostgres(), start: () => startPostgres() },
  { engine: 'mysql', isHere: hasMariadb(), start: () => startMariadb() },
  {
    engine: 'redis',
    isHere: hasRedis(),
    start: () => startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] }),
  },
];

describe.runIf(includes('faults: a crash of a database')).each(SERVERS.filter(({ isHere }) => isHere))(
  'a crash of $engine',
  ({ engine, start }) => {
    test('is an outage, and brings nothing back', { timeout: MAX_TRIAL }, async () => {
      const server = await start();
      onTestFinished(() => server.stop());
      const trial = await Trial.begin(await newPlace(engine, server.url));
      for (let times = 0; times < 2; times++) {
        await server.kill('SIGKILL');
        expect(await trial.fails('check', 'fence')).toEqual(['SESSION_STORE_UNAVAILABLE']);
        await server.restart();
        await trial.works();
      }
      expect(await trial.end()).toEqual([]);
    });

    test('keeps no process alive', { timeout: MAX_TRIAL }, async () => {
      const server = await start();
      onTestFinished(() => server.stop());
      const leaver = await Leaver.start(await newPlace(engine, server.url));
      onTestFinished(() => leaver.kill());
      await server.kill('SIGKILL');
      expect(await leaver.checkAndLeave()).toEqual({ code: 'SESSION_STORE_UNAVAILABLE', exit: 0 });
    });
  },
);
