import { isPromise } from '../lib/awaitable.ts';
import { channels } from '../lib/channels.ts';
import type { Changes, ChangesPower } from '../store/powers.ts';
import { ageOf, type Moment } from './moment.ts';
import type { Notices } from './notices.ts';

/**
 * Follows the changes that a store tells. Each answer is a notice of the changed tags, and shows that the rest was current when the
 * question was sent.
 */
export class Log {
  readonly #power: ChangesPower;
  readonly #notices: Notices;
  #position: string | null = null;
  /** When the last answered question was sent. */
  #current: Moment | null = null;
  #askedAt = -Infinity;
  #isAsking = false;

  constructor(power: ChangesPower, notices: Notices) {
    this.#power = power;
    this.#notices = notices;
  }

  /** True if the store tells its changes at once. */
  get isSynchronous(): boolean {
    return this.#power.isSynchronous === true;
  }

  /** Asks the store in this step. Returns `false` if it did not answer: then nothing may be accepted from memory. */
  askNow(): boolean {
    try {
      const answer = this.#power.since(this.#position);
      // It promised to be synchronous.
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
   * Asks in the background now, unless a question is under way or the last one was sent less than `interval` ms ago. If it fails, memory
   * becomes too old by itself.
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

  /** Returns the age in ms of the last answer, and `Infinity` before the first one. */
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
