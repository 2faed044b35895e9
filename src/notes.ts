import type { SessionEventDetails } from './events.ts';
import type { Awaitable } from './store.ts';

/** Is told what failed in the background. */
export type ToldOfFailure = (failure: SessionEventDetails['background.failed']) => void;

/**
 * What is written later, since nobody waits for it: the notes of one turn of the event loop go out together, after the
 * answers of that turn. Of several notes with one key, the last one counts. What could not be written is tried again,
 * after growing waits, if it is of a sort that is kept.
 */
export class Notes<Note> {
  readonly #operation: string;
  readonly #write: (notes: readonly Note[]) => Awaitable<void>;
  readonly #failed: ToldOfFailure;
  readonly #mostKept: number;
  #again: NodeJS.Timeout | undefined;
  #wait: number = SHORTEST_WAIT;
  #closed = false;
  #noted = new Map<unknown, Note>();
  #writing: Promise<void> | null = null;
  #scheduled: Promise<void> | null = null;

  /** So many notes that could not be written are kept, at the most. */
  constructor(
    operation: string,
    write: (notes: readonly Note[]) => Awaitable<void>,
    failed: ToldOfFailure,
    mostKept: number = 0,
  ) {
    this.#mostKept = mostKept;
    this.#operation = operation;
    this.#write = write;
    this.#failed = failed;
  }

  note(key: unknown, note: Note): void {
    this.#noted.set(key, note);
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#again);
    this.#scheduled ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.#flush());
  }

  /** Resolves when all that is noted is written, or was tried once more. */
  async settled(): Promise<void> {
    if (this.#noted.size > 0) this.#schedule();
    while (this.#scheduled !== null || this.#writing !== null) await (this.#scheduled ?? this.#writing);
  }

  /** Tries once more, and gives up what cannot be written. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.settled();
  }

  #flush(): Promise<void> {
    const write = (this.#writing ?? Promise.resolve()).then(async () => {
      const noted = this.#noted;
      this.#noted = new Map();
      this.#scheduled = null;
      try {
        await this.#write([...noted.values()]);
        this.#wait = SHORTEST_WAIT;
      } catch (error) {
        this.#keep(noted);
        this.#failed({ operation: this.#operation, error });
      }
    });
    this.#writing = write;
    return write.finally(() => {
      if (this.#writing === write) this.#writing = null;
    });
  }

  #keep(unwritten: ReadonlyMap<unknown, Note>): void {
    if (this.#mostKept === 0 || this.#closed) return;
    const all = [...unwritten, ...this.#noted];
    this.#noted = new Map(all.slice(0, Math.max(this.#mostKept, this.#noted.size)));
    if (this.#scheduled !== null) return;
    this.#again = setTimeout(() => this.#schedule(), this.#wait).unref();
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }
}

const SHORTEST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;
