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
   * Sends a message to every process that listens: 1 to 7,000 characters of ASCII without control characters. It may resolve before the
   * message has arrived. Rejects if it is known that the message was not sent.
   */
  publish(message: string): Awaitable<unknown>;

  /**
   * Calls a listener with every message that another process sends from now on; messages of the same process may be left out. Resolves
   * once it listens. Several may listen at once. After a lost connection it listens again by itself.
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

/** Tags in one message. Those of memberships have 45 characters. */
const IN_ONE_MESSAGE = 150;
/** Above so many tags, a message names none and stands for all. */
const MAX_NAMED = 1_000;
const MAX_LENGTH = 7_000;
const ALL = '*';
const MESSAGE = /^sr1 [\w-]{22}(?: \*|(?: [\w-]{22}(?:\.[\w-]{22})?)+)$/;
/** In ms: the time after which listening is tried again, and the longest one, because it doubles. */
const RETRY = { first: 1_000, last: 60_000 };

interface Setting {
  readonly notifier: Notifier;
  readonly notices: Notices;
  readonly activity: Activity;
  /** In ms: the time limit of each call. */
  readonly timeout: number;
  /** Receives errors: no caller waits for the work. */
  failed(error: unknown): void;
}

/** Tells other processes what this one has changed, and notices what they tell. */
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
    // The caller is not ready to hear of a failure yet.
    queueMicrotask(() => void this.#listen(RETRY.first));
  }

  get health(): NotifierHealth {
    return { listens: this.#stop !== null, received: this.#received, ignored: this.#ignored };
  }

  /** Sends the tags in the background. Those that come while a message is under way go together. */
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
      // It may succeed after the time limit.
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
    // Its own writes were noticed when they ended.
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
