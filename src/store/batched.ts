import { type Awaitable, isPromise } from '../lib/awaitable.ts';
import { inCall } from '../lib/call.ts';
import { type Duration, parseDuration } from '../lib/duration.ts';
import { SessionError } from '../lib/errors.ts';
import { parseArguments } from '../lib/input.ts';
import type { SessionRef } from '../model/session.ts';
import type { Tag } from '../model/token.ts';
import { isGivenUp } from './given-up.ts';
import type { EpochRequest, FoundSession, SessionStore, VersionedEpoch } from './store.ts';
import { refuseClient } from './store-hint.ts';

/** Options of {@link batched}. */
export interface BatchOptions {
  /**
   * The maximum number of references, or of records, in one query, 1 to 10,000. A look-up with more is sent whole and alone. Default 128.
   */
  readonly maxRefs?: number | undefined;
  /**
   * The longest time for which an unanswered query keeps others waiting, at most `'10m'`. Its late answer still arrives. Default `'1s'`.
   */
  readonly stalledAfter?: Duration | undefined;
  /**
   * The longest wait before a look-up is sent, at most `'10m'`. After it, the look-up is rejected as `SESSION_STORE_UNAVAILABLE`,
   * because its caller has given up. Use the value of `timeout` of `createSessions`. Default `'5s'`, the same as there.
   */
  readonly timeout?: Duration | undefined;
}

/**
 * Returns the same store with batched look-ups: `find`, which every check of a token calls, and `ensureEpochs`, which a sign-in
 * calls twice.
 *
 * A look-up is sent at once while fewer than two queries are under way. Otherwise it joins the next query, which is sent when a
 * reply arrives. No timer delays a look-up. A quiet store is as fast as without batching; a busy one does a fraction of the work.
 * Every look-up still reads *after* it was called: none joins a query already sent, and no answer is cached.
 *
 * Look-ups of sessions in different realms never share a query. A store that answers synchronously is passed through. If a shared query
 * fails, or its answer has the wrong length, each look-up is sent once more, alone. So one bad reference never fails the others,
 * and an outage costs one query more than without batching.
 *
 * Use it only in long-lived processes. In request-scoped runtimes such as Workers, an answer that belongs to another request
 * never arrives: use the store itself there.
 * @param store the store that answers the queries.
 * @param options how large a query may be, and how long a look-up may wait. Each option has a default.
 * @throws `TypeError` for invalid options.
 */
export function batched<Transaction = never>(
  store: SessionStore<Transaction>,
  options: BatchOptions = {},
): SessionStore<Transaction> {
  const settings = inCall('batched(store, options)', () => {
    refuseClient(store);
    return parseOptions(options);
  });
  // Bounded by the number of realms, which the app chooses.
  const finding = new Map<Tag, Queue<SessionRef, FoundSession | null>>();
  const ensuring = new Queue<Ensuring, VersionedEpoch>(
    (asked) => store.ensureEpochs(asked.map(requestOf), asked.at(-1)?.now ?? 0),
    settings,
  );
  return {
    powers: store.powers,
    readEpochs: (tags) => store.readEpochs(tags),
    ensureEpochs: (requests, now) => ensuring.ask(requests.map((request) => ({ request, now }))),
    add: (session, write) => store.add(session, write),
    find(realm, refs) {
      let queue = finding.get(realm);
      if (queue === undefined) {
        queue = new Queue((asked) => store.find(realm, asked), settings);
        finding.set(realm, queue);
      }
      return queue.ask(refs);
    },
    list: (realm, user, page) => store.list(realm, user, page),
    touch: (touches, now) => store.touch(touches, now),
    renew: (renewal) => store.renew(renewal),
    end: (ref, ended, audit) => store.end(ref, ended, audit),
    advance: (tag, advance) => store.advance(tag, advance),
    listUsers: (of, after, limit) => store.listUsers(of, after, limit),
    memberships: (user, after, limit) => store.memberships(user, after, limit),
    deleteSessions: (user, limit) => store.deleteSessions(user, limit),
    prune: (batch) => store.prune(batch),
    setup: () => store.setup?.(),
    close: () => store.close?.(),
  };
}

/** The maximum number of queries under way. While one reply travels back, the server works on the other query. */
const UNDER_WAY = 2;
/** The minimum number of look-ups in each of two queries. Splitting fewer is not worth another query. */
const MIN_SHARE = 8;
const MAX_WAIT = 600e3;
const MAX_REFS = 10_000;
const DEFAULT_REFS = 128;
const OPTIONS = ['maxRefs', 'stalledAfter', 'timeout'];

interface Ensuring {
  readonly request: EpochRequest;
  readonly now: number;
}

const requestOf = ({ request }: Ensuring): EpochRequest => request;

interface Settings {
  readonly maxRefs: number;
  readonly stalledAfter: number;
  readonly timeout: number;
}

/** A look-up that waits to be sent. Times are ms of the monotonic clock. */
interface Waiting<Item, Answer> {
  readonly items: readonly Item[];
  readonly since: number;
  resolve(answers: Awaitable<readonly Answer[]>): void;
  reject(error: unknown): void;
}

interface Question {
  readonly sentAt: number;
  readonly lookUps: number;
}

/** Joins look-ups into queries. A look-up asks for items, and gets one answer for each item. */
class Queue<Item, Answer> {
  readonly #ask: (items: readonly Item[]) => Awaitable<readonly Answer[]>;
  readonly #settings: Settings;
  // In the order of sending. Queries that were given up are not in it.
  readonly #underWay = new Set<Question>();
  readonly #waiting: Waiting<Item, Answer>[] = [];
  #replied = false;
  #watch: NodeJS.Timeout | null = null;

  constructor(ask: (items: readonly Item[]) => Awaitable<readonly Answer[]>, settings: Settings) {
    this.#ask = ask;
    this.#settings = settings;
  }

  ask(items: readonly Item[]): Awaitable<readonly Answer[]> {
    if (this.#underWay.size < UNDER_WAY && !this.#replied) return this.#send(items, 1);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, since: performance.now(), resolve, reject });
      this.#watch ??= this.#wakeUp();
    });
  }

  #send(items: readonly Item[], lookUps: number): Awaitable<readonly Answer[]> {
    const answer = this.#ask(items);
    if (!isPromise(answer)) return answer;
    const question = { sentAt: performance.now(), lookUps };
    this.#underWay.add(question);
    // Runs before any other reaction to the answer. A caller that asks again then finds the reply noted.
    const replied = (): void => this.#noteReply(question);
    answer.then(replied, replied);
    return answer;
  }

  /**
   * Notes the reply to a query, and sends the waiting look-ups in the next tick. A reply often causes as many new look-ups as it
   * answered. By the next tick they have joined the waiting ones. Otherwise the first two would be sent alone.
   */
  #noteReply(question: Question): void {
    this.#underWay.delete(question);
    if (this.#replied || (this.#waiting.length === 0 && question.lookUps === 1)) return;
    this.#replied = true;
    process.nextTick(() => {
      this.#replied = false;
      this.#sendWaiting();
    });
  }

  #sendWaiting(): void {
    this.#giveUpWaiting();
    // Splits many look-ups over the free queries: the server works on one while this process handles the other.
    const fair = Math.ceil(this.#waiting.length / (UNDER_WAY - this.#underWay.size));
    const share = fair < MIN_SHARE ? this.#waiting.length : fair;
    while (this.#waiting.length > 0 && this.#underWay.size < UNDER_WAY) this.#sendTogether(this.#takeBatch(share));
  }

  /** Takes the oldest look-ups: at most `share`, and at most `maxRefs` items unless a single look-up has more. */
  #takeBatch(share: number): Waiting<Item, Answer>[] {
    let [lookUps, items] = [0, 0];
    for (const waiting of this.#waiting) {
      items += waiting.items.length;
      if (lookUps === share || (lookUps > 0 && items > this.#settings.maxRefs)) break;
      lookUps++;
    }
    return this.#waiting.splice(0, lookUps);
  }

  #sendTogether(batch: readonly Waiting<Item, Answer>[]): void {
    const items: Item[] = [];
    for (const waiting of batch) for (const item of waiting.items) items.push(item);
    let answer: Awaitable<readonly Answer[]>;
    try {
      answer = this.#send(items, batch.length);
    } catch (error) {
      this.#fail(batch, error);
      return;
    }
    if (!isPromise(answer)) {
      this.#deliver(batch, items.length, answer);
      return;
    }
    answer.then(
      (answers) => this.#deliver(batch, items.length, answers),
      (error: unknown) => this.#fail(batch, error),
    );
  }

  #deliver(batch: readonly Waiting<Item, Answer>[], length: number, answers: readonly Answer[]): void {
    if (!Array.isArray(answers) || answers.length !== length) {
      this.#fail(batch, new Error(`the store's answer to ${length} items makes no sense`));
      return;
    }
    let at = 0;
    for (const { items, resolve } of batch) {
      // A slice keeps a hole as a hole, which means "no answer" and never "no such session".
      resolve(answers.slice(at, at + items.length));
      at += items.length;
    }
  }

  /** Handles a failed query. One bad item may have failed a shared query, so each of its look-ups is sent again alone. */
  #fail(batch: readonly Waiting<Item, Answer>[], error: unknown): void {
    const earliest = performance.now() - this.#settings.timeout;
    for (const waiting of batch) {
      if (batch.length === 1) waiting.reject(error);
      else if (waiting.since <= earliest || isGivenUp(waiting.items)) waiting.reject(this.#tooLate());
      else this.#askAlone(waiting);
    }
  }

  #askAlone({ items, resolve, reject }: Waiting<Item, Answer>): void {
    try {
      resolve(this.#ask(items));
    } catch (error) {
      reject(error);
    }
  }

  /** Rejects the look-ups whose time limit has passed. They come first, because the first look-up has waited the longest. */
  #giveUpWaiting(): void {
    const earliest = performance.now() - this.#settings.timeout;
    let late = 0;
    while ((this.#waiting[late]?.since ?? Infinity) <= earliest) late++;
    for (const { reject } of this.#waiting.splice(0, late)) reject(this.#tooLate());
    // The time limit of a caller may be shorter. Its look-up is then marked as given up, and may stand anywhere in the queue.
    const given = this.#waiting.filter(({ items }) => isGivenUp(items));
    if (given.length === 0) return;
    const wanted = this.#waiting.filter(({ items }) => !isGivenUp(items));
    this.#waiting.splice(0, Infinity, ...wanted);
    for (const { reject } of given) reject(this.#tooLate());
  }

  #tooLate(): SessionError {
    return new SessionError(
      'SESSION_STORE_UNAVAILABLE',
      `the session store left this waiting for ${this.#settings.timeout} ms, behind questions that it did not answer`,
    );
  }

  /** Starts the timer that keeps look-ups from waiting for a dead connection. It runs only while look-ups wait. */
  #wakeUp(): NodeJS.Timeout {
    const { stalledAfter } = this.#settings;
    const [oldest] = this.#underWay;
    const dueIn = oldest === undefined ? stalledAfter : oldest.sentAt + stalledAfter - performance.now();
    return setTimeout(() => this.#giveUpUnanswered(), dueIn).unref();
  }

  #giveUpUnanswered(): void {
    const earliest = performance.now() - this.#settings.stalledAfter;
    for (const question of this.#underWay) {
      if (question.sentAt > earliest) break;
      this.#underWay.delete(question);
    }
    this.#sendWaiting();
    this.#watch = this.#waiting.length > 0 ? this.#wakeUp() : null;
  }
}

function parseOptions(input: BatchOptions): Settings {
  const { maxRefs = DEFAULT_REFS, stalledAfter, timeout } = parseArguments<BatchOptions>('options', input, OPTIONS);
  if (!Number.isSafeInteger(maxRefs) || maxRefs < 1 || maxRefs > MAX_REFS) {
    throw new TypeError(`batched.maxRefs is ${String(maxRefs)}; allowed are whole numbers from 1 to ${MAX_REFS}`);
  }
  return {
    maxRefs,
    stalledAfter: parseDuration('batched.stalledAfter', stalledAfter ?? '1s', { max: MAX_WAIT }),
    timeout: parseDuration('batched.timeout', timeout ?? '5s', { max: MAX_WAIT }),
  };
}
