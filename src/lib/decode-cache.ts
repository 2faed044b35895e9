import { deepFreeze } from './json.ts';
import { Lru } from './lru.ts';

interface Read<Meaning> {
  readonly text: string;
  readonly meaning: Meaning;
}

/**
 * Caches the decoded values of texts. The caller must read each text from the store, because the cache does not know what the store
 * holds now. A value is found by `name`, by default the text. A short name is found sooner than a text.
 */
export class DecodeCache<Meaning> {
  readonly #reads: Lru<Read<Meaning>>;
  readonly #maxLength: number;

  /** Keeps at most `maxTexts` recent texts, and at least half. Skips texts longer than `maxLength` UTF-16 code units. */
  constructor(maxTexts: number, maxLength: number) {
    this.#reads = new Lru(maxTexts);
    this.#maxLength = maxLength;
  }

  get(text: string, name: string = text): Meaning | undefined {
    const read = this.#reads.get(name);
    return read?.text === text ? read.meaning : undefined;
  }

  /** Returns the value frozen, because callers share it from now on. */
  put(text: string, meaning: Meaning, name: string = text): Meaning {
    const frozen = deepFreeze(meaning);
    if (text.length <= this.#maxLength) this.#reads.set(name, { text, meaning: frozen });
    return frozen;
  }
}
