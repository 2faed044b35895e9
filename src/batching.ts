import { SessionError } from './errors.ts';
import { parseArguments } from './input.ts';
import { type Duration, parseDuration } from './lifetime.ts';
import type { Awaitable, FoundSession, SessionRef, SessionStore } from './store.ts';
import { isPromise } from './store-guard.ts';
import type { Tag } from './token.ts';

/** Options of {@link batched}. */
export interface BatchOptions {
  /**
   * The most references in one question, 1 to 10,000; a look-up of more than that stays whole and goes alone. Default 128.
   */
  readonly most?: number | undefined;
  /**
   * How long a question that gets no answer keeps others waiting, at most `'10m'`: after that it no longer counts as under
   * way. Its answer is still delivered, should it come. Default `'1s'`.
   */
  readonly patience?: Duration | undefined;
  /**
   * A look-up that has waited so long, at most `'10m'`, is not sent any more, since nobody waits for it: it is rejected as
   * `SESSION_STORE_UNAVAILABLE`. Give it what `createSessions` has as `deadline`. Default `'5s'`, the same as there.
   */
  readonly deadline?: Duration | undefined;
}

/**
 * Natural batching: the same store, whose look-ups (`find`: every check of a token) share questions where they would have to
 * wait for each other anyway. A look-up goes out at once while fewer than two questions are under way; otherwise it joins
 * the next question, which is sent as a reply comes in. So no timer ever holds anything back, a quiet store is as fast as
 * without it, and a busy one does a fraction of the work. Every look-up still reads *after* it was asked: none joins a
 * question that was sent already, and no answer is kept.
 *
 * Look-ups of several realms never share a question. A store that answers at once is passed through. Where a question of
 * several look-ups fails, or its answer has another length than it, each of them is asked once more, alone: one bad reference
 * never fails its neighbours, and an outage costs one question more than it would without batching.
 *
 * For long-lived processes only. In request-scoped runtimes such as Workers an answer that belongs to another request
 * never arrives: use the store itself there.
 *
 * @throws `TypeError` for options that are not as described.
 */
export function batched<Transaction = never>(
  store: SessionStore<Transaction>,
  options: BatchOptions = {},
): SessionStore<Transaction> {
  const settings = parseOptions(options);
  // As many as there are realms, which are the app's own.
  const queues = new Map<Tag, Queue>();
  return {
    powers: store.powers,
    setup: () => store.setup?.(),
    epochs: (requests, now) => store.epochs(requests, now),
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
    touch: (touches) => store.touch(touches),
    renew: (renewal) => store.renew(renewal),
    end: (ref, ended, audit) => store.end(ref, ended, audit),
    advance: (tag, advance) => store.advance(tag, advance),
    users: (of, after, limit) => store.users(of, after, limit),
    remove: (user, limit) => store.remove(user, limit),
    prune: (batch) => store.prune(batch),
    close: () => store.close?.(),
  };
}

/** Questions that may be under way: while one is on its way back, the server works on the other. */
const UNDER_WAY = 2;
/** Fewer look-ups than that are not worth a question more. */
const LEAST_SHARE = 8;
const LONGEST_WAIT = 600e3;
const MOST_REFS = 10_000;

type Found = readonly (FoundSession | null)[];

/** {@link BatchOptions}, in numbers. */
interface Settings {
  readonly most: number;
  readonly patience: number;
  readonly deadline: number;
}

/** A look-up that waits for its turn. Times are of the monotonic clock, ms. */
interface Waiting {
  readonly refs: readonly SessionRef[];
  readonly since: number;
  resolve(found: Awaitable<Found>): void;
  reject(error: unknown): void;
}

/** A question that was sent. */
interface Question {
  readonly sentAt: number;
  readonly lookUps: number;
}

/** The look-ups of one realm: those under way, and those that wait. */
class Queue {
  readonly #ask: (refs: readonly SessionRef[]) => Awaitable<Found>;
  readonly #settings: Settings;
  // In the order in which they were sent. What was given up is not in it.
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

  /** Asks the store, and counts the question for as long as it is under way. */
  #send(refs: readonly SessionRef[], lookUps: number): Awaitable<Found> {
    const answer = this.#ask(refs);
    if (!isPromise(answer)) return answer;
    const question = { sentAt: performance.now(), lookUps };
    this.#underWay.add(question);
    // Before any other reaction to the answer, so that whoever asks again in response to it finds the reply noted.
    const replied = (): void => this.#noteReply(question);
    answer.then(replied, replied);
    return answer;
  }

  /**
   * A reply brings about new look-ups, often as many as it had. They go with those that wait, when the last of the
   * reactions to this turn's replies has run: otherwise the first two of them would go alone, and all others wait for those.
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
    // Many are shared out where two questions may go, so that the server works on one while the other is worked on here.
    const fair = Math.ceil(this.#waiting.length / (UNDER_WAY - this.#underWay.size));
    const share = fair < LEAST_SHARE ? this.#waiting.length : fair;
    while (this.#waiting.length > 0 && this.#underWay.size < UNDER_WAY) this.#sendTogether(this.#takeBatch(share));
  }

  /** The first of those that wait: so many, or as many as fit. */
  #takeBatch(share: number): Waiting[] {
    let [lookUps, refs] = [0, 0];
    for (const waiting of this.#waiting) {
      refs += waiting.refs.length;
      if (lookUps === share || (lookUps > 0 && refs > this.#settings.most)) break;
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
      // A slice keeps a hole what it is: no answer, and never "no such session".
      resolve(found.slice(at, at + refs.length));
      at += refs.length;
    }
  }

  /** One bad reference may have failed them all. One that was alone has its answer. */
  #fail(batch: readonly Waiting[], error: unknown): void {
    const earliest = performance.now() - this.#settings.deadline;
    for (const waiting of batch) {
      if (batch.length === 1) waiting.reject(error);
      else if (waiting.since <= earliest) waiting.reject(this.#tooLate());
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

  /** The first of those that wait has waited the longest. */
  #giveUpWaiting(): void {
    const earliest = performance.now() - this.#settings.deadline;
    let late = 0;
    while ((this.#waiting[late]?.since ?? Infinity) <= earliest) late++;
    for (const { reject } of this.#waiting.splice(0, late)) reject(this.#tooLate());
  }

  #tooLate(): SessionError {
    return new SessionError(
      'SESSION_STORE_UNAVAILABLE',
      `the session store left a look-up waiting for ${this.#settings.deadline} ms, behind questions that it did not answer`,
    );
  }

  /** Where look-ups wait, and only there, a timer sees to it that they do not wait for a dead connection. */
  #wakeUp(): NodeJS.Timeout {
    const { patience } = this.#settings;
    const [oldest] = this.#underWay;
    const dueIn = oldest === undefined ? patience : oldest.sentAt + patience - performance.now();
    return setTimeout(() => this.#giveUpUnanswered(), dueIn).unref();
  }

  #giveUpUnanswered(): void {
    const earliest = performance.now() - this.#settings.patience;
    for (const question of this.#underWay) {
      if (question.sentAt > earliest) break;
      this.#underWay.delete(question);
    }
    this.#sendWaiting();
    this.#watch = this.#waiting.length > 0 ? this.#wakeUp() : null;
  }
}

function parseOptions(input: BatchOptions): Settings {
  const {
    most = 128,
    patience,
    deadline,
  } = parseArguments('batched', input, ['most', 'patience', 'deadline']) as BatchOptions;
  if (!Number.isSafeInteger(most) || most < 1 || most > MOST_REFS) {
    throw new TypeError(`batched.most is ${String(most)}; allowed are whole numbers from 1 to ${MOST_REFS}`);
  }
  return { most, patience: wait('patience', patience ?? '1s'), deadline: wait('deadline', deadline ?? '5s') };
}

function wait(name: string, value: Duration): number {
  const ms = parseDuration(`batched.${name}`, value);
  if (ms <= LONGEST_WAIT) return ms;
  throw new TypeError(`batched.${name} is ${ms} ms; at most ${LONGEST_WAIT} ms are allowed`);
}
