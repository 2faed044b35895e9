import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { startServices } from '../services/index.ts';
import { clearPlace, type EngineName, findPlace, through } from '../services/stores.ts';
import { LoopbackProxy } from './loopback-proxy.ts';
import { MAX_TRIAL, TIMEOUT, Trial, type TrialOptions } from './trial.ts';

/** The engines that run on one server. */
const ENGINES = ['postgres', 'mysql', 'redis'] as const satisfies readonly EngineName[];

const UNAVAILABLE = ['SESSION_STORE_UNAVAILABLE'];

const found = await startServices(ENGINES);

describe.each(ENGINES.filter((engine) => found.get(engine)))('the network of %s', (engine) => {
  /** Starts a trial whose store connects through a proxy. */
  async function begin(options: TrialOptions = {}): Promise<{ readonly trial: Trial; readonly proxy: LoopbackProxy }> {
    const place = await findPlace(engine);
    if (place === null) throw new Error('a server that was there is gone');
    onTestFinished(() => clearPlace(place));
    const proxy = await LoopbackProxy.open(Number(new URL(place.url).port));
    onTestFinished(() => proxy.close());
    return { proxy, trial: await Trial.begin(through(place, proxy.port), options) };
  }

  test('connections are cut, again and again', { timeout: MAX_TRIAL }, async () => {
    const { trial, proxy } = await begin();
    for (let times = 0; times < 5; times++) {
      proxy.cut();
      await wait(50);
    }
    await trial.works();
    expect(await trial.end()).toEqual([]);
  });

  test('nothing passes for a while', { timeout: MAX_TRIAL }, async () => {
    const { trial, proxy } = await begin();
    proxy.swallow();
    expect(await trial.fails('check', 'fence')).toEqual(UNAVAILABLE);
    proxy.heal();
    await trial.works();
    expect(await trial.end()).toEqual([]);
  });

  describe.runIf(includes('faults: networks that fail for long'))('for long', () => {
    test('the server is replaced, and nobody tells', { timeout: MAX_TRIAL }, async () => {
      // The pool detects its dead connections one after the other.
      const { trial, proxy } = await begin({ connections: 4 });
      proxy.silence();
      expect(await trial.fails('check')).toEqual(UNAVAILABLE);
      await trial.works();
      // A client cannot close in good order while it waits for a silent server.
      proxy.cut();
      expect(await trial.end()).toEqual([]);
    });

    test('nobody answers for a while', { timeout: MAX_TRIAL }, async () => {
      const { trial, proxy } = await begin();
      proxy.refuse();
      expect(await trial.fails('check', 'fence')).toEqual(UNAVAILABLE);
      proxy.heal();
      await trial.works();
      expect(await trial.end()).toEqual([]);
    });

    test('everything is late: by less than the timeout, and by more', { timeout: MAX_TRIAL }, async () => {
      const { trial, proxy } = await begin();
      // The delay is short, because a call takes several round trips.
      proxy.delay(TIMEOUT / 50);
      await trial.works();
      proxy.delay(TIMEOUT);
      expect(await trial.fails('check')).toEqual(UNAVAILABLE);
      proxy.heal();
      await trial.works();
      expect(await trial.end()).toEqual([]);
    });
  });
});
