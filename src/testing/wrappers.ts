import type { Awaitable, SessionStore } from '../store.ts';

/** The verbs of a store. */
export const VERBS = ['epochs', 'add', 'find', 'list', 'touch', 'renew', 'end', 'advance', 'prune'] as const;
export type Verb = (typeof VERBS)[number];

/** What is done around every question to a store: it may be asked now, later, or not at all. */
export type Around = <T>(verb: Verb, ask: () => Awaitable<T>, given: readonly unknown[]) => Awaitable<T>;

/** A store that asks another one, with something done around it. */
export function around(store: SessionStore, wrap: Around): SessionStore {
  return {
    epochs: (...given) => wrap('epochs', () => store.epochs(...given), given),
    add: (...given) => wrap('add', () => store.add(...given), given),
    find: (...given) => wrap('find', () => store.find(...given), given),
    list: (...given) => wrap('list', () => store.list(...given), given),
    touch: (...given) => wrap('touch', () => store.touch(...given), given),
    renew: (...given) => wrap('renew', () => store.renew(...given), given),
    end: (...given) => wrap('end', () => store.end(...given), given),
    advance: (...given) => wrap('advance', () => store.advance(...given), given),
    prune: (...given) => wrap('prune', () => store.prune(...given), given),
  };
}
