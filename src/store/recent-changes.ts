import { newId, type Tag } from '../model/token.ts';
import type { Changes } from './powers.ts';

/** The store keeps at least this many of its newest changes. */
const KEPT = 10_000;

/**
 * Keeps the newest changes that a process has heard of, and answers the power `changes` from them. Each position begins with the id of
 * the object that gave it, so a position of another object is unknown.
 */
export class RecentChanges {
  #id: string = newId();
  #tags: Tag[] = [];
  /** Number of changes before the first of `#tags`. */
  #before = 0;
  /** The answer to the newest position: no changes. It is reused until a tag changes. */
  #unchanged: Changes | null = null;

  /**
   * Notes that the records or the sessions of a tag have changed.
   * @param tag the tag of a realm, an account, a user or a membership.
   */
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

  /**
   * Answers {@link ChangesPower.since}.
   * @param position the position of an earlier answer, or `null` for a first one.
   */
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
