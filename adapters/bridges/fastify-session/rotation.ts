import type { FastifySessionObject } from '@fastify/session';
import { STAMP, stampOf } from '../shared/stamp.ts';
import type { BridgedStore } from './bridged-store.ts';
import type { InnerRequest } from './inner-layer.ts';

type Callback = (error?: unknown) => void;

/** Makes `regenerate()` keep the stamp, for each session that the request gets. Returns a function that returns the last of them. */
export function keepStamps(
  request: InnerRequest,
  store: BridgedStore,
  sentId: string | null,
): () => FastifySessionObject | null {
  let current = request.session;
  let last: FastifySessionObject | null = null;
  const replace = (session: FastifySessionObject | null): void => {
    current = session;
    // Outside the cookie's path, `session` is an empty object.
    if (typeof session?.regenerate !== 'function') return;
    last = session;
    keepStamp(session, store, sentId);
  };
  replace(current);
  Object.defineProperty(request, 'session', { configurable: true, enumerable: true, get: () => current, set: replace });
  return () => last;
}

/** Replaces the session's `regenerate` with one that keeps the stamp. It is not enumerable, so it is not saved with the data. */
function keepStamp(session: FastifySessionObject, store: BridgedStore, sentId: string | null): void {
  if (Object.hasOwn(session, 'regenerate')) return;
  const { regenerate } = session;
  Object.defineProperty(session, 'regenerate', {
    configurable: true,
    writable: true,
    value(first?: readonly string[] | Callback, second?: Callback): unknown {
      const [keys, callback] = typeof first === 'function' ? [[], first] : [first ?? [], second];
      const kept = stampOf(session) === undefined ? keys : [...keys, STAMP];
      const former = session.sessionId === sentId ? session : null;
      const args = callback === undefined ? [kept] : [kept, callback];
      return store.rotate(() => Reflect.apply(regenerate, session, args), former);
    },
  });
}
