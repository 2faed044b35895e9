import type { Awaitable } from './awaitable.ts';

export type FailureListener = (failure: { readonly operation: string; readonly error: unknown }) => void;

/**
 * Writes notes in the background, those of one turn of the event loop together. Of several notes with one key, only the last is written.
 */
export class WriteBehind<Note> {
  readonly #operation: string;
  readonly #write: (notes: readonly Note[]) => Awaitable<void>;
  readonly #failed: FailureListener;
  readonly #maxKept: number;
  #again: NodeJS.Timeout | undefined;
  #wait: number = MIN_WAIT;
  #closed = false;
  #noted = new Map<unknown, Note>();
  #writing: Promise<void> | null = null;
  #scheduled: Promise<void> | null = null;

  /** Keeps at most `maxKept` failed notes, and retries them after growing waits. Default 0: none is retried. */
  constructor(
    operation: string,
    write: (notes: readonly Note[]) => Awaitable<void>,
    failed: FailureListener,
    maxKept: number = 0,
  ) {
    this.#maxKept = maxKept;
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

  /** Resolves when all notes are written, or were tried once more. */
  async settled(): Promise<void> {
    if (this.#noted.size > 0) this.#schedule();
    while (this.#scheduled !== null || this.#writing !== null) await (this.#scheduled ?? this.#writing);
  }

  /** Tries to write the remaining notes once more, and drops those that cannot be written. */
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
        this.#wait = MIN_WAIT;
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
    if (this.#maxKept === 0 || this.#closed) return;
    const all = [...unwritten, ...this.#noted];
    this.#noted = new Map(all.slice(0, Math.max(this.#maxKept, this.#noted.size)));
    if (this.#scheduled !== null) return;
    this.#again = setTimeout(() => this.#schedule(), this.#wait).unref();
    this.#wait = Math.min(this.#wait * 2, MAX_WAIT);
  }
}

const MIN_WAIT = 1_000;
const MAX_WAIT = 60_000;
