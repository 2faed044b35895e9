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
  readonly #longest: number;

  /**
   * Keeps at least half of `most` recent texts, and never more than `most`. Skips texts longer than `longest` UTF-16 code units.
   */
  constructor(most: number, longest: number) {
    this.#reads = new Lru(most);
    this.#longest = longest;
  }

  /** Returns the decoded value of a text, if it was cached under this name. */
  get(text: string, name: string = text): Meaning | undefined {
    const read = this.#reads.get(name);
    return read?.text === text ? read.meaning : undefined;
  }

  /** Caches a value and returns it frozen, because callers share it from now on. */
  put(text: string, meaning: Meaning, name: string = text): Meaning {
    const frozen = deepFreeze(meaning);
    if (text.length <= this.#longest) this.#reads.set(name, { text, meaning: frozen });
    return frozen;
  }
}
