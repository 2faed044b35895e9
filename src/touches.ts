import type { Events } from './events.ts';
import type { SessionRecord } from './session.ts';
import type { SessionStore, Touch } from './store.ts';

/**
 * Notes when sessions are used. A check does not wait for it: the notes of one turn of the event loop go out together,
 * after the answers of that turn. A use that could not be noted is told as `background.failed`.
 */
export class Touches {
  readonly #store: SessionStore;
  readonly #events: Events;
  #noted = new Map<string, Touch>();
  #writing: Promise<void> | null = null;
  #scheduled: Promise<void> | null = null;

  constructor(store: SessionStore, events: Events) {
    this.#store = store;
    this.#events = events;
  }

  note({ id, userTag }: SessionRecord, at: number): void {
    this.#noted.set(id, { id, user: userTag, at });
    this.#scheduled ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.#write());
  }

  /** Resolves when all that is noted is written. */
  async settled(): Promise<void> {
    while (this.#scheduled !== null || this.#writing !== null) await (this.#scheduled ?? this.#writing);
  }

  #write(): Promise<void> {
    const write = (this.#writing ?? Promise.resolve()).then(async () => {
      const touches = [...this.#noted.values()];
      this.#noted = new Map();
      this.#scheduled = null;
      try {
        await this.#store.touch(touches);
      } catch (error) {
        this.#events.emit('background.failed', { operation: 'touch', error });
      }
    });
    this.#writing = write;
    return write.finally(() => {
      if (this.#writing === write) this.#writing = null;
    });
  }
}
