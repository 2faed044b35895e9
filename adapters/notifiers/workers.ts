import cluster, { type Worker } from 'node:cluster';
import { BroadcastChannel } from 'node:worker_threads';
import type { Notifier } from '../../src/adapter.ts';
import { fanOut } from './fan-out.ts';
import { type NotifierOptions, parseChannel } from './options.ts';

/**
 * Creates a notifier between the worker threads of one process, over a `BroadcastChannel`. It keeps no thread alive.
 * @param options the name of the `BroadcastChannel`, `channel`. Default `'session-revocation'`.
 * @throws `TypeError` for unknown or malformed options.
 * @example
 * ```ts
 * import { threadsNotifier } from 'session-revocation/notifiers';
 *
 * const notifier = threadsNotifier();
 * ```
 */
export function threadsNotifier(options: NotifierOptions = {}): Notifier {
  const channel = new BroadcastChannel(parseChannel(options));
  channel.unref();
  return {
    publish: (message) => channel.postMessage(message),
    subscribe: fanOut((hear) => {
      channel.onmessage = (event) => hear((event as { readonly data: unknown }).data);
      // Adding a handler keeps the thread alive again.
      channel.unref();
      return () => {
        channel.onmessage = () => {};
        channel.unref();
      };
    }),
  };
}

/** A message that the primary of a cluster forwards between its workers. */
interface Forwarded {
  readonly sessionRevocation: string;
  readonly message: unknown;
}

/**
 * Creates a notifier between the processes of `node:cluster`. Call it in the workers **and in the primary**, which
 * passes the messages on. If the primary does not call it, no message arrives.
 * @param options the `channel`, which must be the same in the workers and in the primary. Default
 * `'session-revocation'`.
 * @throws `TypeError` for unknown or malformed options.
 * @example
 * ```ts
 * import cluster from 'node:cluster';
 * import { clusterNotifier } from 'session-revocation/notifiers';
 *
 * const notifier = clusterNotifier();
 * if (cluster.isPrimary) cluster.fork();
 * ```
 */
export function clusterNotifier(options: NotifierOptions = {}): Notifier {
  const channel = parseChannel(options);
  const listeners = new Set<(message: unknown) => void>();
  const wrap = (message: unknown): Forwarded => ({ sessionRevocation: channel, message });
  const hear = (wrapped: unknown): void => {
    if (isOf(channel, wrapped)) for (const listener of [...listeners]) listener(wrapped.message);
  };

  if (cluster.isPrimary) {
    cluster.on('message', (from, wrapped) => {
      if (!isOf(channel, wrapped)) return;
      hear(wrapped);
      sendToWorkers(wrapped, from);
    });
  } else process.on('message', hear);

  return {
    publish: (message) => (cluster.isPrimary ? sendToWorkers(wrap(message)) : sendToPrimary(wrap(message))),
    subscribe: fanOut((listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    }),
  };
}

const isOf = (channel: string, wrapped: unknown): wrapped is Forwarded =>
  typeof wrapped === 'object' && wrapped !== null && (wrapped as Partial<Forwarded>).sessionRevocation === channel;

function sendToWorkers(wrapped: Forwarded, except?: Worker): void {
  // A worker that is about to end receives nothing.
  for (const worker of Object.values(cluster.workers ?? {})) {
    if (worker !== undefined && worker !== except && worker.isConnected()) worker.send(wrapped, () => {});
  }
}

const sendToPrimary = (wrapped: Forwarded): Promise<void> =>
  new Promise((resolve, reject) => {
    if (process.send === undefined) throw new Error('this process is no worker of a cluster');
    process.send(wrapped, undefined, {}, (error) => (error === null ? resolve() : reject(error)));
  });
