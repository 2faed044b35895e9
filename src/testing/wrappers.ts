import type { Awaitable, SessionStore } from '../store.ts';

/** The verbs of a store, and of its powers. */
export type Verb = Exclude<keyof SessionStore, 'powers' | 'setup' | 'close'> | PowerVerb;
type PowerVerb = `audit.${'append' | 'read' | 'forget' | 'prune'}` | `policies.${'get' | 'set'}`;

/** What is done around every question to a store: it may be asked now, later, or not at all. */
export type Around = <T>(verb: Verb, ask: () => Awaitable<T>, given: readonly unknown[]) => Awaitable<T>;

/** A store that asks another one, with something done around it. It has the other's powers. */
export function around(store: SessionStore, wrap: Around): SessionStore {
  const { audit, policies, transactions, diagnosis } = store.powers ?? {};
  return {
    powers: {
      transactions,
      diagnosis,
      audit: audit && {
        append: (...given) => wrap('audit.append', () => audit.append(...given), given),
        read: (...given) => wrap('audit.read', () => audit.read(...given), given),
        forget: (...given) => wrap('audit.forget', () => audit.forget(...given), given),
        prune: (...given) => wrap('audit.prune', () => audit.prune(...given), given),
      },
      policies: policies && {
        get: (...given) => wrap('policies.get', () => policies.get(...given), given),
        set: (...given) => wrap('policies.set', () => policies.set(...given), given),
      },
    },
    epochs: (...given) => wrap('epochs', () => store.epochs(...given), given),
    add: (...given) => wrap('add', () => store.add(...given), given),
    find: (...given) => wrap('find', () => store.find(...given), given),
    list: (...given) => wrap('list', () => store.list(...given), given),
    touch: (...given) => wrap('touch', () => store.touch(...given), given),
    renew: (...given) => wrap('renew', () => store.renew(...given), given),
    end: (...given) => wrap('end', () => store.end(...given), given),
    advance: (...given) => wrap('advance', () => store.advance(...given), given),
    users: (...given) => wrap('users', () => store.users(...given), given),
    remove: (...given) => wrap('remove', () => store.remove(...given), given),
    prune: (...given) => wrap('prune', () => store.prune(...given), given),
  };
}
