import { type Awaitable, isPromise } from '../lib/awaitable.ts';
import type { Tag } from '../model/token.ts';
import type { SessionStore } from '../store/store.ts';

/**
 * Wraps a store so that it calls `note` with the tag of every write that ends, restricts or rotates sessions. It does so when the write
 * has resolved, and also when the write has failed or timed out: it may have happened all the same.
 */
export function noticing<Transaction>(
  store: SessionStore<Transaction>,
  note: (tags: readonly Tag[]) => void,
): SessionStore<Transaction> {
  function noted<T>(tag: Tag, write: () => Awaitable<T>): Awaitable<T> {
    let answer: Awaitable<T>;
    try {
      answer = write();
    } catch (error) {
      note([tag]);
      throw error;
    }
    if (!isPromise(answer)) {
      note([tag]);
      return answer;
    }
    const done = (): void => note([tag]);
    // Registered before the caller has the promise, so that `note` runs before any reaction of the caller.
    answer.then(done, done);
    return answer;
  }

  return {
    ...store,
    add: (session, write) =>
      write.ending.length === 0 ? store.add(session, write) : noted(session.userTag, () => store.add(session, write)),
    renew: (renewal) => noted(renewal.session.userTag, () => store.renew(renewal)),
    end: (ref, ended, audit) => noted(ref.user, () => store.end(ref, ended, audit)),
    advance: (tag, advance) => noted(tag, () => store.advance(tag, advance)),
    deleteSessions: (user, limit) => noted(user, () => store.deleteSessions(user, limit)),
  };
}
