import type { SessionStore } from '../../../src/index.ts';
import { createStore } from './store.ts';

/**
 * Creates a store in the memory of this process. Use it for tests, and for an app of one process whose users may be
 * asked to sign in again after every restart. It is not durable: it writes nothing to disk and shares nothing with
 * other processes.
 *
 * A session takes about 280 bytes, plus 30 with an address, plus its attributes. At most 16 million sessions fit. The
 * store reuses the memory that pruning frees and does not return it. Every method answers synchronously. A check takes
 * about a microsecond. The time of a revocation does not depend on the number of sessions.
 *
 * The store keeps account policies and the audit log. The log holds the newest 100,000 entries, of about 700 bytes
 * each.
 */
export function memoryStore(): SessionStore {
  warnInCluster();
  return createStore();
}

// A registered symbol, so that the ESM and CJS builds in one process share one warning.
const WARNED: unique symbol = Symbol.for('session-revocation.memory-in-cluster');

function warnInCluster(): void {
  const cluster = process.getBuiltinModule?.('node:cluster') as { readonly isWorker?: boolean } | undefined;
  if (cluster?.isWorker !== true || Reflect.get(process, WARNED) === true) return;
  Reflect.set(process, WARNED, true);
  process.emitWarning(
    'memoryStore() in a worker of node:cluster: each worker has sessions of its own, and a revocation holds in one of them ' +
      'alone. Use a store that processes share, such as sqliteStore',
    { type: 'SessionRevocationWarning', code: 'SESSION_STORE_NOT_SHARED' },
  );
}
