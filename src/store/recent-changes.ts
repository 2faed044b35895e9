import { newId, type Tag } from '../model/token.ts';
import type { Changes } from './powers.ts';

/** The store keeps at least this many of its newest changes. */
const KEPT = 10_000;

/** The newest changes that a process has heard of, for the power `changes`. Positions of another object begin with another id. */
export class RecentChanges {
  #id: string = newId();
  #tags: Tag[] = [];
  /** Number of changes before the first of `#tags`. */
  #before = 0;
  /** The last answer. It repeats while no tag changes. */
  #unchanged: Changes | null = null;

  /** Notes that the records or the sessions of a tag have changed. */
  note(tag: Tag): void {
    this.#unchanged = null;
    this.#tags.push(tag);
    if (this.#tags.length < 2 * KEPT) return;
    this.#tags = this.#tags.slice(KEPT);
    this.#before += KEPT;
  }

  /** Notes that any tag may have changed. Every earlier position becomes unknown. */
  noteAll(): void {
    this.#id = newId();
    this.#tags = [];
    this.#before = 0;
    this.#unchanged = null;
  }

  /** Answers {@link ChangesPower.since}. */
  since(position: string | null): Changes {
    if (position !== null && position === this.#unchanged?.position) return this.#unchanged;
    const count = this.#before + this.#tags.length;
    const present = `${this.#id}:${count}`;
    this.#unchanged = Object.freeze({ tags: Object.freeze([]), position: present });
    const seen = this.#seenBy(position);
    if (seen === null) return { tags: null, position: present };
    return { tags: this.#tags.slice(seen - this.#before), position: present };
  }

  /** Returns the number of changes that the position has seen; `null` if it is unknown or too old. */
  #seenBy(position: string | null): number | null {
    const [id, count, ...rest] = position?.split(':') ?? [];
    const seen = Number(count);
    const isKnown = id === this.#id && rest.length === 0 && Number.isSafeInteger(seen);
    return isKnown && seen >= this.#before && seen <= this.#before + this.#tags.length ? seen : null;
  }
}
