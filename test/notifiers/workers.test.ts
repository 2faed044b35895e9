import cluster from 'node:cluster';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { clusterNotifier, threadsNotifier } from 'session-revocation/notifiers';
import { expect, onTestFinished, test } from 'vitest';
import { bundle } from '../services/bundle.ts';
import { until } from '../services/until.ts';
import { newChannels, playNotifierContract } from './support/contract.ts';

const script = await bundle(join(import.meta.dirname, 'support/process.ts'));

playNotifierContract('a BroadcastChannel', true, () => {
  const { own, foreign } = newChannels();
  return {
    one: threadsNotifier({ channel: own }),
    other: threadsNotifier({ channel: own }),
    foreign: threadsNotifier({ channel: foreign }),
  };
});

test('a message goes from one worker thread to another, and to the main thread', async () => {
  const { own } = newChannels();
  const here: unknown[] = [];
  await threadsNotifier({ channel: own }).subscribe((message) => here.push(message));
  const workers = [0, 1].map(() => new Worker(script, { workerData: own }));
  onTestFinished(async () => {
    await Promise.all(workers.map((worker) => worker.terminate()));
  });
  const [first, second] = workers as [Worker, Worker];
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const there: unknown[] = [];
  second.on('message', (told) => there.push(told));
  first.postMessage({ publish: 'of a thread' });
  await until('the message arrives', () => here.includes('of a thread') && there.length > 0);
  expect(there).toEqual([{ heard: 'of a thread' }]);
});

test('a message goes from one process of a cluster to the others, by the primary', async () => {
  const { own } = newChannels();
  const primary = clusterNotifier({ channel: own });
  const here: unknown[] = [];
  await primary.subscribe((message) => here.push(message));
  cluster.setupPrimary({ exec: script, execArgv: [] });
  const workers = [0, 1, 2].map(() => cluster.fork({ CHANNEL: own }));
  onTestFinished(() => {
    for (const worker of workers) worker.process.kill();
  });
  await Promise.all(
    workers.map((worker) => until('it listens', async () => (await once(worker, 'message'))[0] === 'listens')),
  );
  const there: unknown[][] = workers.map(() => []);
  for (const [at, worker] of workers.entries()) {
    worker.on('message', (told) => {
      if ('heard' in told) there[at]?.push(told.heard);
    });
  }
  workers[0]?.send({ publish: 'of a process' });
  await until('the message arrives', () => here.length === 1 && there[1]?.length === 1 && there[2]?.length === 1);
  await primary.publish('of the primary');
  await until('the message arrives', () => there.every((heard) => heard.includes('of the primary')));
  await wait(20);
  expect(here).toEqual(['of a process']);
  expect(there).toEqual([['of the primary'], ['of a process', 'of the primary'], ['of a process', 'of the primary']]);
});
