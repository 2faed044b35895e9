import { type Awaitable, isPromise } from '../lib/awaitable.ts';
import { inCall } from '../lib/call.ts';
import { type Duration, parseDuration } from '../lib/duration.ts';
import { SessionError } from '../lib/errors.ts';
import { parseArguments } from '../lib/input.ts';
import type { SessionRef } from '../model/session.ts';
import type { Tag } from '../model/token.ts';
import { isGivenUp } from './given-up.ts';
import type { FoundSession, SessionStore } from './store.ts';
import { refuseClient } from './store-hint.ts';

/** Options of {@link batched}. */
export interface BatchOptions {
  /** The maximum number of references in one query, 1 to 10,000. A look-up with more stays whole and goes alone. Default 128. */
  readonly maxRefs?: number | undefined;
  /**
   * Time limit in which an unanswered query keeps others waiting, at most `'10m'`. Its late answer still arrives. Default `'1s'`.
   */
  readonly stalledAfter?: Duration | undefined;
  /**
   * The longest wait before a look-up is sent, at most `'10m'`. After it, the look-up is rejected as `SESSION_STORE_UNAVAILABLE`,
   * because its caller has given up. Use the value of `timeout` of `createSessions`. Default `'5s'`, the same as there.
   */
  readonly timeout?: Duration | undefined;
}

/**
 * Returns the same store with batched look-ups (`find`, which every check of a token calls).
 *
 * A look-up is sent at once while fewer than two queries are under way. Otherwise it joins the next query, which is sent when a
 * reply arrives. No timer delays a look-up. A quiet store is as fast as without batching; a busy one does a fraction of the work.
 * Every look-up still reads *after* it was called: none joins a query already sent, and no answer is cached.
 *
 * Look-ups of different realms never share a query. A store that answers synchronously is passed through. If a shared query
 * fails, or its answer has the wrong length, each look-up is sent once more, alone. So one bad reference never fails the others,
 * and an outage costs one query more than without batching.
 *
 * Use it only in long-lived processes. In request-scoped runtimes such as Workers, an answer that belongs to another request
 * never arrives: use the store itself there.
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
  const queues = new Map<Tag, Queue>();
  return {
    powers: store.powers,
    readEpochs: (tags) => store.readEpochs(tags),
    ensureEpochs: (requests, now) => store.ensureEpochs(requests, now),
    add: (session, write) => store.add(session, write),
    find(realm, refs) {
      let queue = queues.get(realm);
      if (queue === undefined) {
        queue = new Queue((asked) => store.find(realm, asked), settings);
        queues.set(realm, queue);
      }
      return queue.find(refs);
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

/** While one reply travels back, the server works on the other query. */
const UNDER_WAY = 2;
/** Splitting fewer look-ups is not worth another query. */
const MIN_SHARE = 8;
const MAX_WAIT = 600e3;
const MAX_REFS = 10_000;
const DEFAULT_REFS = 128;
const OPTIONS = ['maxRefs', 'stalledAfter', 'timeout'];

type Found = readonly (FoundSession | null)[];

interface Settings {
  readonly maxRefs: number;
  readonly stalledAfter: number;
  readonly timeout: number;
}

/** Times are of the monotonic clock, ms. */
interface Waiting {
  readonly refs: readonly SessionRef[];
  readonly since: number;
  resolve(found: Awaitable<Found>): void;
  reject(error: unknown): void;
}

interface Question {
  readonly sentAt: number;
  readonly lookUps: number;
}

class Queue {
  readonly #ask: (refs: readonly SessionRef[]) => Awaitable<Found>;
  readonly #settings: Settings;
  // In the order of sending. Queries that were given up are not in it.
  readonly #underWay = new Set<Question>();
  readonly #waiting: Waiting[] = [];
  #replied = false;
  #watch: NodeJS.Timeout | null = null;

  constructor(ask: (refs: readonly SessionRef[]) => Awaitable<Found>, settings: Settings) {
    this.#ask = ask;
    this.#settings = settings;
  }

  find(refs: readonly SessionRef[]): Awaitable<Found> {
    if (this.#underWay.size < UNDER_WAY && !this.#replied) return this.#send(refs, 1);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ refs, since: performance.now(), resolve, reject });
      this.#watch ??= this.#wakeUp();
    });
  }

  #send(refs: readonly SessionRef[], lookUps: number): Awaitable<Found> {
    const answer = this.#ask(refs);
    if (!isPromise(answer)) return answer;
    const question = { sentAt: performance.now(), lookUps };
    this.#underWay.add(question);
    // Runs before any other reaction to the answer, so that a caller that asks again in response finds the reply noted.
    const replied = (): void => this.#noteReply(question);
    answer.then(replied, replied);
    return answer;
  }

  /** A reply often causes as many new look-ups. They join the waiting ones, so that the first two do not go alone. */
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
    // Splits many look-ups over the free queries, so that the server works on one while this process handles the other.
    const fair = Math.ceil(this.#waiting.length / (UNDER_WAY - this.#underWay.size));
    const share = fair < MIN_SHARE ? this.#waiting.length : fair;
    while (this.#waiting.length > 0 && this.#underWay.size < UNDER_WAY) this.#sendTogether(this.#takeBatch(share));
  }

  /** Takes the oldest look-ups: at most `share`, and at most `maxRefs` references unless a single look-up has more. */
  #takeBatch(share: number): Waiting[] {
    let [lookUps, refs] = [0, 0];
    for (const waiting of this.#waiting) {
      refs += waiting.refs.length;
      if (lookUps === share || (lookUps > 0 && refs > this.#settings.maxRefs)) break;
      lookUps++;
    }
    return this.#waiting.splice(0, lookUps);
  }

  #sendTogether(batch: readonly Waiting[]): void {
    const refs: SessionRef[] = [];
    for (const waiting of batch) for (const ref of waiting.refs) refs.push(ref);
    let answer: Awaitable<Found>;
    try {
      answer = this.#send(refs, batch.length);
    } catch (error) {
      this.#fail(batch, error);
      return;
    }
    if (!isPromise(answer)) {
      this.#deliver(batch, refs.length, answer);
      return;
    }
    answer.then(
      (found) => this.#deliver(batch, refs.length, found),
      (error: unknown) => this.#fail(batch, error),
    );
  }

  #deliver(batch: readonly Waiting[], length: number, found: Found): void {
    if (!Array.isArray(found) || found.length !== length) {
      this.#fail(batch, new Error(`the store's answer to ${length} references makes no sense`));
      return;
    }
    let at = 0;
    for (const { refs, resolve } of batch) {
      // A slice keeps a hole as a hole, which means "no answer" and never "no such session".
      resolve(found.slice(at, at + refs.length));
      at += refs.length;
    }
  }

  /** One bad reference may have failed a shared query, so each of its look-ups is sent again alone. */
  #fail(batch: readonly Waiting[], error: unknown): void {
    const earliest = performance.now() - this.#settings.timeout;
    for (const waiting of batch) {
      if (batch.length === 1) waiting.reject(error);
      else if (waiting.since <= earliest || isGivenUp(waiting.refs)) waiting.reject(this.#tooLate());
      else this.#askAlone(waiting);
    }
  }

  #askAlone({ refs, resolve, reject }: Waiting): void {
    try {
      resolve(this.#ask(refs));
    } catch (error) {
      reject(error);
    }
  }

  /** The first look-up has waited the longest. */
  #giveUpWaiting(): void {
    const earliest = performance.now() - this.#settings.timeout;
    let late = 0;
    while ((this.#waiting[late]?.since ?? Infinity) <= earliest) late++;
    for (const { reject } of this.#waiting.splice(0, late)) reject(this.#tooLate());
    // The caller's own time limit may be shorter.
    const given = this.#waiting.filter(({ refs }) => isGivenUp(refs));
    if (given.length === 0) return;
    const wanted = this.#waiting.filter(({ refs }) => !isGivenUp(refs));
    this.#waiting.splice(0, Infinity, ...wanted);
    for (const { reject } of given) reject(this.#tooLate());
  }

  #tooLate(): SessionError {
    return new SessionError(
      'SESSION_STORE_UNAVAILABLE',
      `the session store left this waiting for ${this.#settings.timeout} ms, behind questions that it did not answer`,
    );
  }

  /** The timer runs only while look-ups wait. It keeps them from waiting for a dead connection. */
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
