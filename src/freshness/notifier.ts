import { type Awaitable, isPromise } from '../lib/awaitable.ts';
import { withTimeout } from '../lib/with-timeout.ts';
import { newId, type Tag } from '../model/token.ts';
import type { Activity } from '../store/activity.ts';
import type { Notices } from './notices.ts';

/**
 * Carries messages between the processes of an app, so that a revocation is noticed at once. It may lose, repeat, delay or reorder
 * messages: the bound of `freshness` holds without it.
 */
export interface Notifier {
  /**
   * Sends a message to every process that listens. A message has 1 to 7,000 characters of ASCII without control characters. `publish`
   * may resolve before the message has arrived. It rejects if it is known that the message was not sent.
   * @param message the text to send, unchanged.
   */
  publish(message: string): Awaitable<unknown>;

  /**
   * Calls a listener with every message that another process sends from now on; messages of the same process may be left out. Resolves
   * once the notifier listens. Several listeners may listen at once. After a lost connection, the notifier listens again by itself.
   * @param listener receives each message, as it arrived. It ignores malformed ones.
   * @returns a function that stops this listener.
   */
  subscribe(listener: (message: unknown) => void): Awaitable<() => Awaitable<unknown>>;
}

/** What a notifier did for one realm. */
export interface NotifierHealth {
  /** True if this process listens. */
  readonly listens: boolean;
  /** The number of messages of other processes. */
  readonly received: number;
  /** The number of messages that were malformed, too long, or of another version. */
  readonly ignored: number;
}

/** The maximum number of tags in one message. The longest tags, those of memberships, have 45 characters. */
const IN_ONE_MESSAGE = 150;
/** If more tags than this wait to be sent, one message without names stands for all tags. */
const MAX_NAMED = 1_000;
const MAX_LENGTH = 7_000;
const ALL = '*';
const MESSAGE = /^sr1 [\w-]{22}(?: \*|(?: [\w-]{22}(?:\.[\w-]{22})?)+)$/;
/** The waits in ms before the next attempt to listen. The wait starts with `first`, and doubles up to `last`. */
const RETRY = { first: 1_000, last: 60_000 };

interface Setting {
  readonly notifier: Notifier;
  readonly notices: Notices;
  readonly activity: Activity;
  /** In ms: the time limit of each call. */
  readonly timeout: number;
  /** Receives the errors of work in the background, because no caller waits for that work. */
  failed(error: unknown): void;
}

/** Sends the tags that this process has changed to other processes, and notices the tags that they send. */
export class Announcer {
  readonly #setting: Setting;
  readonly #sender: string = newId();
  readonly #unsent = new Set<Tag>();
  #isSending = false;
  #stop: (() => Awaitable<unknown>) | null = null;
  #retry: NodeJS.Timeout | null = null;
  #isClosed = false;
  #received = 0;
  #ignored = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
    // In a microtask, because the caller of the constructor cannot handle a failure yet.
    queueMicrotask(() => void this.#listen(RETRY.first));
  }

  get health(): NotifierHealth {
    return { listens: this.#stop !== null, received: this.#received, ignored: this.#ignored };
  }

  /** Sends tags in the background. Tags that are announced while a message is under way go together in the next one. */
  announce(tags: Iterable<Tag>): void {
    for (const tag of tags) this.#unsent.add(tag);
    if (this.#isSending || this.#unsent.size === 0) return;
    this.#isSending = true;
    const end = this.#setting.activity.begin();
    void this.#send().finally(() => {
      this.#isSending = false;
      end();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    const stop = this.#stop;
    this.#stop = null;
    if (stop !== null) await this.#quietly(stop);
  }

  async #send(): Promise<void> {
    const { notifier, timeout } = this.#setting;
    while (this.#unsent.size > 0) {
      const tags = [...this.#unsent].slice(0, IN_ONE_MESSAGE);
      if (this.#unsent.size > MAX_NAMED) {
        tags.splice(0, tags.length, ALL);
        this.#unsent.clear();
      } else for (const tag of tags) this.#unsent.delete(tag);
      await this.#quietly(() => withTimeout(notifier.publish(`sr1 ${this.#sender} ${tags.join(' ')}`), timeout));
    }
  }

  async #listen(retryAfter: number): Promise<void> {
    if (this.#isClosed) return;
    const { notifier, timeout, failed } = this.#setting;
    try {
      const subscribed = notifier.subscribe((message) => this.#hear(message));
      // Kept here, because the subscription may succeed after the time limit.
      if (isPromise(subscribed)) subscribed.then((stop) => this.#keep(stop)).catch(() => {});
      else this.#keep(subscribed);
      await withTimeout(subscribed, timeout);
    } catch (error) {
      if (this.#isClosed) return;
      failed(error);
      this.#retry = setTimeout(() => {
        if (this.#stop === null) void this.#listen(Math.min(2 * retryAfter, RETRY.last));
      }, retryAfter);
      this.#retry.unref();
    }
  }

  #keep(stop: () => Awaitable<unknown>): void {
    if (this.#isClosed || this.#stop !== null) void this.#quietly(stop);
    else this.#stop = stop;
  }

  #hear(message: unknown): void {
    if (this.#isClosed) return;
    if (typeof message !== 'string' || message.length > MAX_LENGTH || !MESSAGE.test(message)) {
      this.#ignored++;
      return;
    }
    const [, sender, ...tags] = message.split(' ');
    // This process noticed its own writes when they ended.
    if (sender === this.#sender) return;
    this.#received++;
    if (tags[0] === ALL) this.#setting.notices.noteAll();
    else this.#setting.notices.note(tags);
  }

  async #quietly(call: () => Awaitable<unknown>): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#setting.failed(error);
    }
  }
}
