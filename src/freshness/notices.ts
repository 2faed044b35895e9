import type { Tag } from '../model/token.ts';

/** The maximum number of tags in the map of young notices. When it is full, it replaces the map of old ones. */
const MAX_TAGS = 50_000;

/**
 * Counts notices: signs that the records or the sessions of a tag may have changed. A read notes the count when it is sent. Its result
 * is out of date for each tag that was noticed since.
 */
export class Notices {
  #count = 0;
  /** Reads that were sent below this count are out of date for every tag. */
  #floor = 0;
  #young = new Map<Tag, number>();
  #old: ReadonlyMap<Tag, number> = new Map();
  readonly #listeners = new Set<(tags: Iterable<Tag> | null) => void>();

  /** The number of notices so far. */
  get count(): number {
    return this.#count;
  }

  /** Notices that these tags may have changed. */
  note(tags: Iterable<Tag>): void {
    this.#count++;
    for (const tag of tags) this.#young.set(tag, this.#count);
    if (this.#young.size >= MAX_TAGS) this.#age();
    for (const listener of this.#listeners) listener(tags);
  }

  #age(): void {
    for (const noticed of this.#old.values()) this.#floor = Math.max(this.#floor, noticed);
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** Notices that any tag may have changed. */
  noteAll(): void {
    this.#floor = ++this.#count;
    this.#young = new Map();
    this.#old = new Map();
    for (const listener of this.#listeners) listener(null);
  }

  /** Calls a listener with the tags of every notice, `null` for all. Returns a function that removes it. */
  listen(listener: (tags: Iterable<Tag> | null) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells whether none of the tags was noticed since a read that was sent at this count. */
  areQuiet(tags: readonly Tag[], sentAt: number): boolean {
    if (sentAt === this.#count) return true;
    if (sentAt < this.#floor) return false;
    for (const tag of tags) if ((this.#young.get(tag) ?? this.#old.get(tag) ?? 0) > sentAt) return false;
    return true;
  }
}
