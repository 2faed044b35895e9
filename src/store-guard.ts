import { isSessionError, SessionError } from './errors.ts';
import type { Awaitable, FoundSession, SessionRef, SessionStore } from './store.ts';

/**
 * The store as the core asks it. An answer that does not come in time, an exception, or an answer that makes no sense
 * is `SESSION_STORE_UNAVAILABLE`: an outage is not a sign-out, and nothing is accepted on it (ASVS 16.5.3).
 */
export function guardStore(store: SessionStore, deadline: number): SessionStore {
  function ask<T>(verb: string, call: () => Awaitable<T>): Awaitable<T> {
    let answer: Awaitable<T>;
    try {
      answer = call();
    } catch (error) {
      throw unavailable(verb, error);
    }
    return isPromise(answer) ? inTime(verb, answer, deadline) : answer;
  }

  return {
    epochs: (requests) => ask('epochs', () => store.epochs(requests)),
    add: (session, write) => ask('add', () => store.add(session, write)),
    find: (realm, refs) => {
      const found = ask('find', () => store.find(realm, refs));
      return isPromise(found) ? found.then((answer) => sound(refs, answer)) : sound(refs, found);
    },
    list: (realm, user, page) => ask('list', () => store.list(realm, user, page)),
    touch: (touches) => ask('touch', () => store.touch(touches)),
    renew: (renewal) => ask('renew', () => store.renew(renewal)),
    end: (ref, ended) => ask('end', () => store.end(ref, ended)),
    advance: (tag, advance) => ask('advance', () => store.advance(tag, advance)),
    prune: (batch) => ask('prune', () => store.prune(batch)),
    close: () => ask('close', () => store.close?.()),
  };
}

/** Whether an answer has still to be waited for. */
export const isPromise = <T>(answer: Awaitable<T>): answer is Promise<T> =>
  typeof (answer as { then?: unknown } | null | undefined)?.then === 'function';

function unavailable(verb: string, cause: unknown): SessionError {
  if (isSessionError(cause)) return cause;
  return new SessionError('SESSION_STORE_UNAVAILABLE', `the session store could not answer ${verb}`, { cause });
}

function inTime<T>(verb: string, answer: Promise<T>, deadline: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(unavailable(verb, new Error(`no answer within ${deadline} ms`)));
    }, deadline);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(unavailable(verb, error));
      },
    );
  });
}

function sound(
  refs: readonly SessionRef[],
  answer: readonly (FoundSession | null)[],
): readonly (FoundSession | null)[] {
  const made =
    Array.isArray(answer) && answer.length === refs.length && refs.every((ref, at) => isSound(ref, answer[at]));
  if (!made) throw unavailable('find', new Error('the answer is malformed'));
  return answer;
}

function isSound(ref: SessionRef, found: FoundSession | null | undefined): boolean {
  if (found === null) return true;
  if (typeof found !== 'object' || typeof found.session !== 'object' || typeof found.epochs !== 'object') return false;
  const { id, userTag, hash, lastUsedAt, expiresAt, idle, ended } = found.session;
  return (
    id === ref.id &&
    userTag === ref.user &&
    typeof hash === 'string' &&
    typeof lastUsedAt === 'number' &&
    (expiresAt === null || typeof expiresAt === 'number') &&
    (idle === null || typeof idle === 'number') &&
    ended !== undefined
  );
}
