import { deepFreeze } from './json.ts';
import { Lru } from './lru.ts';

/** A text and its decoded value. */
interface Read<Meaning> {
  readonly text: string;
  readonly meaning: Meaning;
}

/**
 * Caches the decoded values of texts. A check reads a session and its records, and almost nothing has changed since the check
 * before. The cache says nothing about the store's present state: the texts must come from the store.
 *
 * Each entry has a name, such as the id of a session. Without one, the text itself is the name. A shorter name is found sooner.
 */
export class DecodeCache<Meaning> {
  readonly #reads: Lru<Read<Meaning>>;
  readonly #maxLength: number;

  /**
   * Keeps at least half of `maxTexts` recent texts, and never more than `maxTexts`. Skips texts longer than `maxLength` UTF-16 code units.
   */
  constructor(maxTexts: number, maxLength: number) {
    this.#reads = new Lru(maxTexts);
    this.#maxLength = maxLength;
  }

  /** Returns the decoded value of a text, if it was cached under this name. */
  get(text: string, name: string = text): Meaning | undefined {
    const read = this.#reads.get(name);
    return read?.text === text ? read.meaning : undefined;
  }

  /** Caches a value and returns it frozen, because callers share it from now on. */
  put(text: string, meaning: Meaning, name: string = text): Meaning {
    const frozen = deepFreeze(meaning);
    if (text.length <= this.#maxLength) this.#reads.set(name, { text, meaning: frozen });
    return frozen;
  }
}
