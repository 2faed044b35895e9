// A worker thread or a cluster process. It publishes the messages that it receives, and reports the messages that it
// hears.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { clusterNotifier, type Notifier, threadsNotifier } from 'session-revocation/notifiers';

type Told = { readonly publish: string } | { readonly heard: unknown } | 'listens';

const channel: string = isMainThread ? `${process.env.CHANNEL}` : (workerData as string);
const notifier: Notifier = isMainThread ? clusterNotifier({ channel }) : threadsNotifier({ channel });

const tell = (told: Told): void => {
  if (parentPort === null) process.send?.(told);
  else parentPort.postMessage(told);
};
const obey = (told: Told): void => {
  if (typeof told === 'object' && told !== null && 'publish' in told) void notifier.publish(told.publish);
};
if (parentPort === null) process.on('message', obey);
else parentPort.on('message', obey);

await notifier.subscribe((heard) => tell({ heard }));
tell('listens');
