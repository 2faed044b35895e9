import { isPromise } from '../lib/awaitable.ts';
import { channels } from '../lib/channels.ts';
import type { Changes, ChangesPower } from '../store/powers.ts';
import { ageOf, type Moment } from './moment.ts';
import type { Notices } from './notices.ts';

/**
 * Follows the change log of a store (power `changes`). Each reply names the tags that have changed, and these are noticed. Values of all
 * other tags were still current when the question was sent.
 */
export class Log {
  readonly #power: ChangesPower;
  readonly #notices: Notices;
  #position: string | null = null;
  /** The moment at which the last question that got a reply was sent. */
  #current: Moment | null = null;
  #askedAt = -Infinity;
  #isAsking = false;

  constructor(power: ChangesPower, notices: Notices) {
    this.#power = power;
    this.#notices = notices;
  }

  /** True if the store declares that it replies synchronously. */
  get isSynchronous(): boolean {
    return this.#power.isSynchronous === true;
  }

  /** Asks the store for changes in this step. Returns `false` if it did not reply: memory must then accept nothing. */
  askNow(): boolean {
    try {
      const answer = this.#power.since(this.#position);
      // The store declared `isSynchronous`, so a promise breaks its contract.
      if (isPromise(answer)) {
        answer.catch(() => {});
        return false;
      }
      this.#learn(answer);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Asks the store for changes in the background. Does nothing while a question is under way, or if the last one was sent less than
   * `interval` ms ago. If the question fails, memory becomes too old by itself.
   */
  askSoon(interval: number, sent: Moment): void {
    if (this.#isAsking || sent.steady - this.#askedAt < interval) return;
    this.#isAsking = true;
    this.#askedAt = sent.steady;
    const learn = (answer: Changes): void => {
      this.#learn(answer);
      this.#tell(true, answer.tags?.length ?? null);
      this.#current = sent;
      this.#isAsking = false;
    };
    const failed = (): void => {
      this.#tell(false, null);
      this.#isAsking = false;
    };
    void (async () => learn(await this.#power.since(this.#position)))().catch(failed);
  }

  /** Returns the time in ms since the last question that got a reply was sent. `Infinity` before the first reply. */
  age(now: Moment): number {
    return this.#current === null ? Infinity : ageOf(this.#current, now);
  }

  #tell(ok: boolean, tags: number | null): void {
    if (!channels.changes.hasSubscribers) return;
    const lag = this.#current === null ? null : performance.now() - this.#current.steady;
    channels.changes.publish({ ok, tags, lag });
  }

  #learn({ tags, position }: Changes): void {
    this.#position = position;
    if (tags === null) this.#notices.noteAll();
    else if (tags.length > 0) this.#notices.note(tags);
  }
}
