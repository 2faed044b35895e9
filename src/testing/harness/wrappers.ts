import type { Awaitable } from '../../lib/awaitable.ts';
import type { SessionStore } from '../../store/store.ts';

export type Verb = Exclude<keyof SessionStore, 'powers' | 'setup' | 'close'> | PowerVerb;
type PowerVerb =
  | `audit.${'append' | 'read' | 'forget' | 'prune'}`
  | `outbox.${'read' | 'change' | 'queues' | 'prune'}`
  | `policies.${'get' | 'set'}`
  | 'changes.since';

/** Makes a call of the store now, later, or never. */
export type Around = <T>(verb: Verb, ask: () => Awaitable<T>, given: readonly unknown[]) => Awaitable<T>;

/** Wraps a store, so that its calls pass through `wrap`. Calls of the powers `transactions` and `diagnosis` stay as they are. */
export function around(store: SessionStore, wrap: Around): SessionStore {
  const { audit, outbox, policies, transactions, diagnosis, changes } = store.powers ?? {};
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
      outbox: outbox && {
        read: (...given) => wrap('outbox.read', () => outbox.read(...given), given),
        change: (...given) => wrap('outbox.change', () => outbox.change(...given), given),
        queues: (...given) => wrap('outbox.queues', () => outbox.queues(...given), given),
        prune: (...given) => wrap('outbox.prune', () => outbox.prune(...given), given),
      },
      policies: policies && {
        get: (...given) => wrap('policies.get', () => policies.get(...given), given),
        set: (...given) => wrap('policies.set', () => policies.set(...given), given),
      },
      changes: changes && {
        isSynchronous: changes.isSynchronous,
        since: (...given) => wrap('changes.since', () => changes.since(...given), given),
      },
    },
    readEpochs: (...given) => wrap('readEpochs', () => store.readEpochs(...given), given),
    ensureEpochs: (...given) => wrap('ensureEpochs', () => store.ensureEpochs(...given), given),
    add: (...given) => wrap('add', () => store.add(...given), given),
    find: (...given) => wrap('find', () => store.find(...given), given),
    list: (...given) => wrap('list', () => store.list(...given), given),
    touch: (...given) => wrap('touch', () => store.touch(...given), given),
    renew: (...given) => wrap('renew', () => store.renew(...given), given),
    end: (...given) => wrap('end', () => store.end(...given), given),
    advance: (...given) => wrap('advance', () => store.advance(...given), given),
    listUsers: (...given) => wrap('listUsers', () => store.listUsers(...given), given),
    memberships: (...given) => wrap('memberships', () => store.memberships(...given), given),
    deleteSessions: (...given) => wrap('deleteSessions', () => store.deleteSessions(...given), given),
    prune: (...given) => wrap('prune', () => store.prune(...given), given),
  };
}

/** Returns a store that does not tell its changes, so that memory works by age. */
export const withoutChanges = (store: SessionStore): SessionStore => ({
  ...store,
  powers: { ...store.powers, changes: undefined },
});
