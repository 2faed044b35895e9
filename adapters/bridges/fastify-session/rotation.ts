import type { FastifySessionObject } from '@fastify/session';
import { STAMP, stampOf } from '../host/index.ts';
import type { BridgedStore } from './bridged-store.ts';
import type { HostRequest } from './host.ts';

type Told = (error?: unknown) => void;

/**
 * From now on, whatever the host makes another sid by, `request.session.regenerate()`, carries the stamp over. Gives the
 * session that the request had last.
 */
export function carryStamps(request: HostRequest, store: BridgedStore): () => FastifySessionObject | null {
  let current = request.session;
  let last: FastifySessionObject | null = null;
  const arrived = (session: FastifySessionObject | null): void => {
    current = session;
    // Outside of the path of its cookie the host has no session, only an object.
    if (typeof session?.regenerate !== 'function') return;
    last = session;
    carryStamp(session, store);
  };
  arrived(current);
  Object.defineProperty(request, 'session', { configurable: true, enumerable: true, get: () => current, set: arrived });
  return () => last;
}

/** Not enumerable, so that it is no part of the data. */
function carryStamp(session: FastifySessionObject, store: BridgedStore): void {
  if (Object.hasOwn(session, 'regenerate')) return;
  const { regenerate } = session;
  Object.defineProperty(session, 'regenerate', {
    configurable: true,
    writable: true,
    value(first?: readonly string[] | Told, second?: Told): unknown {
      const [keys, told] = typeof first === 'function' ? [[], first] : [first ?? [], second];
      const kept = stampOf(session) === undefined ? keys : [...keys, STAMP];
      return store.rotate(() => Reflect.apply(regenerate, session, told === undefined ? [kept] : [kept, told]));
    },
  });
}
