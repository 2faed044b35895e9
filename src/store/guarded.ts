import { type Awaitable, isPromise } from '../lib/awaitable.ts';
import { channels } from '../lib/channels.ts';
import { isSessionError, SessionError } from '../lib/errors.ts';
import { Timeouts } from '../lib/timeouts.ts';
import type { EpochRecord } from '../model/epoch.ts';
import { isNotes } from '../model/epoch-notes.ts';
import { isGrant } from '../model/grant.ts';
import type { SessionRef } from '../model/session.ts';
import { Activity } from './activity.ts';
import { formatEpoch, isEpochRecord } from './codec.ts';
import { giveUp } from './given-up.ts';
import type { Changes, OutboxMessage, QueueCount, RealmsFound } from './powers.ts';
import type { FoundSession, Pruned, SessionStore, StorePowers, VersionedEpoch } from './store.ts';

/**
 * Wraps a store for the core. A late answer, an exception, or a malformed answer becomes `SESSION_STORE_UNAVAILABLE`: an outage
 * is not a sign-out, and the core accepts nothing on it (ASVS 16.5.3). `timeout` is in ms.
 */
export function guardStore<Transaction>(
  store: SessionStore<Transaction>,
  timeout: number,
  activity: Activity = new Activity(),
): SessionStore<Transaction> {
  const timeouts = new Timeouts(timeout);

  function inTime<T>(
    verb: string,
    makesSense: (answer: T) => boolean,
    answer: Promise<T>,
    within: Timeouts,
    onLate: () => void = () => {},
  ): Promise<T> {
    const sentAt = channels.store.hasSubscribers ? performance.now() : null;
    return new Promise((resolve, reject) => {
      const end = activity.begin();
      const begun = within.begin(() => {
        end();
        onLate();
        tell(verb, sentAt, false);
        reject(late(verb, within.ms));
      });
      answer.then(
        (value) => {
          const isSound = makesSense(value);
          if (within.done(begun)) {
            end();
            tell(verb, sentAt, isSound);
          }
          if (isSound) resolve(value);
          else reject(nonsense(verb));
        },
        (error: unknown) => {
          if (within.done(begun)) {
            end();
            tell(verb, sentAt, false);
          }
          reject(unavailable(error));
        },
      );
    });
  }

  function ask<T>(
    verb: string,
    makesSense: (answer: T) => boolean,
    call: () => Awaitable<T>,
    within = timeouts,
  ): Awaitable<T> {
    const answer = attempt(verb, call);
    if (isPromise(answer)) return inTime(verb, makesSense, answer, within);
    if (!makesSense(answer)) throw nonsense(verb);
    return answer;
  }

  const { audit, outbox, policies, transactions, diagnosis, changes }: StorePowers<Transaction> = store.powers ?? {};
  const powers: StorePowers<Transaction> = {
    audit: audit && {
      append: (records) => ask('audit.append', anything, () => audit.append(records)),
      read: (page) => ask('audit.read', isLogPage, () => audit.read(page)),
      forget: (user, limit) => ask('audit.forget', isCount, () => audit.forget(user, limit)),
      prune: (before, limit) => ask('audit.prune', isCount, () => audit.prune(before, limit)),
    },
    outbox: outbox && {
      read: (page) => ask('outbox.read', isQueuePage, () => outbox.read(page)),
      change: (change) => ask('outbox.change', isBoolean, () => outbox.change(change)),
      queues: (realm) => ask('outbox.queues', areQueues, () => outbox.queues(realm)),
      prune: (before, limit) => ask('outbox.prune', isCount, () => outbox.prune(before, limit)),
    },
    policies: policies && {
      get: (account) => ask('policies.get', isTextOrNull, () => policies.get(account)),
      set: (write) => ask('policies.set', oneOf(SET), () => policies.set(write)),
    },
    transactions: transactions && {
      within: (transaction) => guardStore(transactions.within(transaction), timeout, activity),
    },
    diagnosis: diagnosis && {
      diagnose: (now) => ask('diagnosis.diagnose', Array.isArray, () => diagnosis.diagnose(now)),
      ...(diagnosis.clock && {
        clock: () => ask('diagnosis.clock', Number.isFinite, () => diagnosis.clock?.() as Awaitable<number>),
      }),
      ...(diagnosis.realms && {
        realms: (limit) => ask('diagnosis.realms', isRealms, () => diagnosis.realms?.(limit) as Awaitable<RealmsFound>),
      }),
    },
    changes: changes && {
      isSynchronous: changes.isSynchronous,
      since: (position) => ask('changes.since', areChanges, () => changes.since(position)),
    },
  };

  return {
    powers,
    readEpochs: (tags) =>
      ask(
        'readEpochs',
        (answer) => isListOf(answer, tags.length, (one) => one === null || isVersionedEpoch(one)),
        () => store.readEpochs(tags),
      ),
    ensureEpochs: (requests, now) =>
      ask(
        'ensureEpochs',
        (answer) => isListOf(answer, requests.length, isVersionedEpoch),
        () => store.ensureEpochs(requests, now),
      ),
    add: (session, write) => ask('add', oneOf(ADDED), () => store.add(session, write)),
    // Without the helper `ask`, because every check runs this.
    find(realm, refs) {
      const sentAt = channels.store.hasSubscribers ? performance.now() : null;
      let answer: ReturnType<SessionStore['find']>;
      try {
        answer = store.find(realm, refs);
      } catch (error) {
        tell('find', sentAt, false);
        throw unavailable(error);
      }
      if (sentAt !== null && !isPromise(answer)) tell('find', sentAt, areFound(answer, refs));
      if (isPromise(answer)) {
        return inTime(
          'find',
          (found) => areFound(found, refs),
          answer,
          timeouts,
          () => giveUp(refs),
        );
      }
      if (!areFound(answer, refs)) throw nonsense('find');
      return answer;
    },
    list: (realm, user, page) =>
      ask(
        'list',
        (answer) => isPage(answer, user),
        () => store.list(realm, user, page),
      ),
    touch: (touches, now) => ask('touch', anything, () => store.touch(touches, now)),
    renew: (renewal) => ask('renew', oneOf(RENEWED), () => store.renew(renewal)),
    end: (ref, ended, audit) => ask('end', isBoolean, () => store.end(ref, ended, audit)),
    advance(tag, advance) {
      requireSize(advance.record);
      return ask('advance', oneOf(ADVANCED), () => store.advance(tag, advance));
    },
    listUsers: (of, after, limit) => ask('listUsers', isUsers, () => store.listUsers(of, after, limit)),
    memberships: (user, after, limit) => ask('memberships', isMemberships, () => store.memberships(user, after, limit)),
    deleteSessions: (user, limit) => ask('deleteSessions', isCount, () => store.deleteSessions(user, limit)),
    prune: (batch) => ask('prune', isPruned, () => store.prune(batch)),
    // Upgrading a large table may exceed the normal time limit.
    setup: () => ask('setup', anything, () => store.setup?.(), new Timeouts(MAX_SETUP)),
    close: () => ask('close', anything, () => store.close?.()),
  };
}

/** Calls a verb of the store. A store over a network returns a promise. Only an embedded store returns a value, or throws, at once. */
function attempt<T>(verb: string, call: () => Awaitable<T>): Awaitable<T> {
  const sentAt = channels.store.hasSubscribers ? performance.now() : null;
  try {
    const answer = call();
    if (sentAt !== null && !isPromise(answer)) tell(verb, sentAt, true);
    return answer;
  } catch (error) {
    tell(verb, sentAt, false);
    throw unavailable(error);
  }
}

/** Publishes a call of the store on the diagnostics channel. `sentAt` is `null` if the channel had no subscriber at the call. */
function tell(verb: string, sentAt: number | null, ok: boolean): void {
  if (sentAt !== null) channels.store.publish({ verb, took: performance.now() - sentAt, ok });
}

const MAX_SETUP = 600e3;

/** The maximum size of an epoch record in bytes, the same on every store: half of the capacity of a MariaDB column. */
const MAX_OF_RECORD = 8 * 2 ** 20;

function requireSize(record: EpochRecord): void {
  const bytes = Buffer.byteLength(formatEpoch(record));
  if (bytes <= MAX_OF_RECORD) return;
  throw new SessionError(
    'SESSION_RECORD_TOO_LARGE',
    `the record has ${bytes} bytes; at most ${MAX_OF_RECORD} are written. It has an entry for each kind and each ` +
      'adopted session. Nothing was revoked',
  );
}

const ADDED = ['added', 'conflict'] as const;
const RENEWED = ['renewed', 'not-live', 'conflict'] as const;
const SET = ['set', 'conflict'] as const;
const ADVANCED = ['advanced', 'not-live', 'conflict'] as const;

// Messages do not name the verb of the store, because an app does not know the verbs. The `cause` names it.
const OUTAGE = 'This is an outage, which signs no user out. See that the database can be reached, and do it again';

function unavailable(cause: unknown): SessionError {
  if (isSessionError(cause)) return cause;
  return new SessionError('SESSION_STORE_UNAVAILABLE', `the session store failed, see the cause. ${OUTAGE}`, { cause });
}

function late(verb: string, ms: number): SessionError {
  const option = verb === 'setup' ? '' : ' (option timeout)';
  const message = `no answer within ${ms} ms from the session store${option}. ${OUTAGE}`;
  return new SessionError('SESSION_STORE_UNAVAILABLE', message, { cause: new Error(`${verb} did not answer in time`) });
}

export function nonsense(verb: string): SessionError {
  const message =
    'the answer of the session store makes no sense, so nothing is decided by it. The store breaks its contract: run ' +
    'storeContract of session-revocation/testing on it';
  return new SessionError('SESSION_STORE_UNAVAILABLE', message, {
    cause: new Error(`the answer to ${verb} makes no sense`),
  });
}

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
  isObject(answer) &&
  isEpochRecord(answer.record) &&
  isNotes(answer.record.notes) &&
  Number.isSafeInteger(answer.version);

const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';
/** Refuses NaN, which is the result of decoding malformed text. No comparison with NaN holds, so expiry would be misjudged. */
const isTimeOrNull = (value: unknown): boolean => value === null || Number.isFinite(value);
const isText = (value: unknown): boolean => typeof value === 'string';
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
  const { id, userTag, accountTag, kind, credential, serial, stamps, client, ended } = found.session;
  const { createdAt, authenticatedAt, lastUsedAt, expiresAt, idle } = found.session;
  const { realm, user, account, member } = found.epochs;
  return (
    (ref?.id === undefined || id === ref.id) &&
    userTag === ref?.user &&
    isTextOrNull(accountTag) &&
    (ref.account === undefined || accountTag === ref.account) &&
    typeof kind === 'string' &&
    typeof credential === 'string' &&
    isObject(stamps) &&
    Number.isFinite(serial) &&
    Number.isFinite(createdAt) &&
    Number.isFinite(authenticatedAt) &&
    Number.isFinite(lastUsedAt) &&
    isTimeOrNull(expiresAt) &&
    isTimeOrNull(idle) &&
    (client === null || isGrant(client)) &&
    ended !== undefined &&
    isRecordOrLost(realm) &&
    isRecordOrLost(user) &&
    isRecordOrLost(account) &&
    isRecordOrLost(member)
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

const isMemberships = (answer: { readonly accounts: readonly string[]; readonly after: string | null }): boolean =>
  isObject(answer) &&
  Array.isArray(answer.accounts) &&
  answer.accounts.every((account) => typeof account === 'string') &&
  isTextOrNull(answer.after);

const isLogPage = (answer: { readonly entries: readonly unknown[]; readonly more: boolean }): boolean =>
  isObject(answer) && Array.isArray(answer.entries) && answer.entries.every(isObject) && isBoolean(answer.more);

const isQueuePage = (answer: { readonly messages: readonly OutboxMessage[]; readonly after: string | null }): boolean =>
  isObject(answer) && Array.isArray(answer.messages) && answer.messages.every(isMessage) && isTextOrNull(answer.after);

const isMessage = (message: OutboxMessage): boolean =>
  isObject(message) && [message.id, message.body, message.state].every(isText) && Number.isFinite(message.at);

const areQueues = (answer: readonly QueueCount[]): boolean =>
  Array.isArray(answer) && answer.every((one: QueueCount) => isText(one?.queue) && isCount(one.messages));

const isRealms = (answer: RealmsFound): boolean =>
  isObject(answer) && Array.isArray(answer.realms) && isBoolean(answer.complete);

const areChanges = (answer: Changes): boolean =>
  isObject(answer) &&
  typeof answer.position === 'string' &&
  (answer.tags === null || (Array.isArray(answer.tags) && answer.tags.every((tag) => typeof tag === 'string')));

const isPruned = (answer: Pruned): boolean =>
  isObject(answer) &&
  Number.isSafeInteger(answer.sessions) &&
  Number.isSafeInteger(answer.epochs) &&
  isBoolean(answer.more) &&
  (answer.after === null || typeof answer.after === 'string');
