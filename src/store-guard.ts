import { Deadlines } from './deadlines.ts';
import { isEpochRecord } from './epoch.ts';
import { isSessionError, SessionError } from './errors.ts';
import type { StorePowers } from './powers.ts';
import type {
  Awaitable,
  EpochRequest,
  FoundSession,
  Pruned,
  SessionRef,
  SessionStore,
  VersionedEpoch,
} from './store.ts';

/**
 * The store as the core asks it. An answer that does not come in time, an exception, or an answer that makes no sense
 * is `SESSION_STORE_UNAVAILABLE`: an outage is not a sign-out, and nothing is accepted on it (ASVS 16.5.3).
 */
export function guardStore<Transaction>(store: SessionStore<Transaction>, deadline: number): SessionStore<Transaction> {
  const deadlines = new Deadlines(deadline);

  function ask<T>(
    verb: string,
    makesSense: (answer: T) => boolean,
    call: () => Awaitable<T>,
    within = deadlines,
  ): Awaitable<T> {
    let answer: Awaitable<T>;
    try {
      answer = call();
    } catch (error) {
      throw unavailable(verb, error);
    }
    if (isPromise(answer)) return inTime(verb, makesSense, answer, within);
    if (!makesSense(answer)) throw nonsense(verb);
    return answer;
  }

  const { audit, policies, transactions, diagnosis }: StorePowers<Transaction> = store.powers ?? {};
  const powers: StorePowers<Transaction> = {
    audit: audit && {
      append: (records) => ask('audit.append', anything, () => audit.append(records)),
      read: (page) => ask('audit.read', isLogPage, () => audit.read(page)),
      forget: (user, limit) => ask('audit.forget', isCount, () => audit.forget(user, limit)),
      prune: (before, limit) => ask('audit.prune', isCount, () => audit.prune(before, limit)),
    },
    policies: policies && {
      get: (account) => ask('policies.get', isTextOrNull, () => policies.get(account)),
      set: (write) => ask('policies.set', oneOf(SET), () => policies.set(write)),
    },
    transactions: transactions && {
      within: (transaction) => guardStore(transactions.within(transaction), deadline),
    },
    diagnosis: diagnosis && {
      diagnose: (now) => ask('diagnosis.diagnose', Array.isArray, () => diagnosis.diagnose(now)),
    },
  };

  return {
    powers,
    // Upgrading a large table may take its time.
    setup: () => ask('setup', anything, () => store.setup?.(), new Deadlines(LONGEST_SETUP)),
    epochs: (requests, now) =>
      ask(
        'epochs',
        (answer) => isListOf(answer, requests.length, (one, at) => isEpochOrMissing(one, requests[at])),
        () => store.epochs(requests, now),
      ),
    add: (session, write) => ask('add', oneOf(ADDED), () => store.add(session, write)),
    // Written out, since every check passes here.
    find(realm, refs) {
      let answer: ReturnType<SessionStore['find']>;
      try {
        answer = store.find(realm, refs);
      } catch (error) {
        throw unavailable('find', error);
      }
      if (isPromise(answer)) return inTime('find', (found) => areFound(found, refs), answer, deadlines);
      if (!areFound(answer, refs)) throw nonsense('find');
      return answer;
    },
    list: (realm, user, page) =>
      ask(
        'list',
        (answer) => isPage(answer, user),
        () => store.list(realm, user, page),
      ),
    touch: (touches) => ask('touch', anything, () => store.touch(touches)),
    renew: (renewal) => ask('renew', oneOf(RENEWED), () => store.renew(renewal)),
    end: (ref, ended, audit) => ask('end', isBoolean, () => store.end(ref, ended, audit)),
    advance: (tag, advance) => ask('advance', oneOf(ADVANCED), () => store.advance(tag, advance)),
    users: (of, after, limit) => ask('users', isUsers, () => store.users(of, after, limit)),
    remove: (user, limit) => ask('remove', isCount, () => store.remove(user, limit)),
    prune: (batch) => ask('prune', isPruned, () => store.prune(batch)),
    close: () => ask('close', anything, () => store.close?.()),
  };
}

const LONGEST_SETUP = 600e3;

const ADDED = ['added', 'conflict'] as const;
const RENEWED = ['renewed', 'not-live', 'conflict'] as const;
const SET = ['set', 'conflict'] as const;
const ADVANCED = ['advanced', 'not-live', 'conflict'] as const;

/** Whether an answer has still to be waited for. */
export const isPromise = <T>(answer: Awaitable<T>): answer is Promise<T> =>
  typeof (answer as { then?: unknown } | null | undefined)?.then === 'function';

function inTime<T>(
  verb: string,
  makesSense: (answer: T) => boolean,
  answer: Promise<T>,
  deadlines: Deadlines,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const begun = deadlines.begin(() => reject(unavailable(verb, new Error(`no answer within ${deadlines.ms} ms`))));
    answer.then(
      (value) => {
        deadlines.done(begun);
        if (makesSense(value)) resolve(value);
        else reject(nonsense(verb));
      },
      (error: unknown) => {
        deadlines.done(begun);
        reject(unavailable(verb, error));
      },
    );
  });
}

function unavailable(verb: string, cause: unknown): SessionError {
  if (isSessionError(cause)) return cause;
  return new SessionError('SESSION_STORE_UNAVAILABLE', `the session store could not answer ${verb}`, { cause });
}

const nonsense = (verb: string): SessionError => unavailable(verb, new Error('the answer makes no sense'));

const anything = (): boolean => true;
const isBoolean = (answer: unknown): boolean => typeof answer === 'boolean';
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const oneOf =
  <T>(outcomes: readonly T[]) =>
  (answer: T): boolean =>
    outcomes.includes(answer);

function isListOf<T>(answer: readonly T[], length: number, isSound: (item: T, at: number) => boolean): boolean {
  if (!Array.isArray(answer) || answer.length !== length) return false;
  // Unlike `every`, this looks into the holes of a sparse array.
  for (let at = 0; at < length; at++) if (!isSound(answer[at], at)) return false;
  return true;
}

const isVersionedEpoch = (answer: VersionedEpoch): boolean =>
  isObject(answer) && isEpochRecord(answer.record) && Number.isSafeInteger(answer.version);

/** Only what was not to be created may be missing. */
const isEpochOrMissing = (answer: VersionedEpoch | null, request: EpochRequest | undefined): boolean =>
  answer === null ? request?.create === null : isVersionedEpoch(answer);

const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';
const isNumberOrNull = (value: unknown): boolean => value === null || typeof value === 'number';
const isRecordOrLost = (record: unknown): boolean => record === null || isEpochRecord(record);

function areFound(answer: readonly (FoundSession | null)[], refs: readonly SessionRef[]): boolean {
  if (!Array.isArray(answer) || answer.length !== refs.length) return false;
  for (let at = 0; at < refs.length; at++) {
    const found: FoundSession | null = answer[at];
    if (found !== null && !isFound(found, refs[at])) return false;
  }
  return true;
}

function isFound(found: FoundSession, ref: Partial<SessionRef> | undefined): boolean {
  if (!isObject(found) || !isObject(found.session) || !isObject(found.epochs)) return false;
  const { id, userTag, accountTag, kind, hash, stamps, lastUsedAt, expiresAt, idle, ended } = found.session;
  const { realm, user, account } = found.epochs;
  return (
    (ref?.id === undefined || id === ref.id) &&
    userTag === ref?.user &&
    isTextOrNull(accountTag) &&
    (ref.account === undefined || accountTag === ref.account) &&
    typeof kind === 'string' &&
    typeof hash === 'string' &&
    isObject(stamps) &&
    typeof lastUsedAt === 'number' &&
    isNumberOrNull(expiresAt) &&
    isNumberOrNull(idle) &&
    ended !== undefined &&
    isRecordOrLost(realm) &&
    isRecordOrLost(user) &&
    isRecordOrLost(account)
  );
}

function isPage(answer: { readonly found: readonly FoundSession[]; readonly more: boolean }, user: string): boolean {
  if (!isObject(answer) || !Array.isArray(answer.found)) return false;
  return isBoolean(answer.more) && answer.found.every((found) => isFound(found, { user }));
}

const isCount = (answer: unknown): boolean => Number.isSafeInteger(answer) && (answer as number) >= 0;

const isUsers = (answer: { readonly users: readonly string[]; readonly after: string | null }): boolean =>
  isObject(answer) &&
  Array.isArray(answer.users) &&
  answer.users.every((user) => typeof user === 'string') &&
  isTextOrNull(answer.after);

const isLogPage = (answer: { readonly entries: readonly unknown[]; readonly more: boolean }): boolean =>
  isObject(answer) && Array.isArray(answer.entries) && answer.entries.every(isObject) && isBoolean(answer.more);

const isPruned = (answer: Pruned): boolean =>
  isObject(answer) &&
  Number.isSafeInteger(answer.sessions) &&
  Number.isSafeInteger(answer.epochs) &&
  isBoolean(answer.more) &&
  (answer.after === null || typeof answer.after === 'string');
