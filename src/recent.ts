/**
 * Values by their names, as far as they were asked for or set of late: at least half of `most` of them, and never more.
 */
export class Lately<Value> {
  readonly #most: number;
  #young = new Map<string, Value>();
  #old: ReadonlyMap<string, Value> = new Map();

  /** Remembers at least half of `most` values, and never more. */
  constructor(most: number) {
    this.#most = most / 2;
  }

  /** The value of this name, where it is remembered. */
  get(name: string): Value | undefined {
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const old = this.#old.get(name);
    if (old !== undefined) this.set(name, old);
    return old;
  }

  /** Remembers a value. */
  set(name: string, value: Value): void {
    if (this.#young.size >= this.#most) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, value);
  }
}

/** A text that was read, and what it means. */
interface Read<Meaning> {
  readonly text: string;
  readonly meaning: Meaning;
}

/**
 * What texts mean that were read of late. The same text means the same, and most are read again and again: a check reads a
 * session and its records, of which next to nothing has changed since the check before. It says nothing of what a store
 * holds now: the text has to come from there.
 *
 * Each stands under a name, such as the id of a session; without one, under the text itself. A name that is shorter is found
 * sooner.
 */
export class Recent<Meaning> {
  readonly #reads: Lately<Read<Meaning>>;
  readonly #longest: number;

  /** Remembers at least half of `most` texts, and never more; none that is longer than `longest` UTF-16 code units. */
  constructor(most: number, longest: number) {
    this.#reads = new Lately(most);
    this.#longest = longest;
  }

  /** What a text means, where it was read of late under this name. */
  get(text: string, name: string = text): Meaning | undefined {
    const read = this.#reads.get(name);
    return read?.text === text ? read.meaning : undefined;
  }

  /** Freezes the meaning, since it is shared from now on, and gives it back. */
  put(text: string, meaning: Meaning, name: string = text): Meaning {
    const frozen = deepFreeze(meaning);
    if (text.length <= this.#longest) this.#reads.set(name, { text, meaning: frozen });
    return frozen;
  }
}

/** Freezes a value and all that it is made of. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
