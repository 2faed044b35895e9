import { randomUUID } from 'node:crypto';
import type { Changes, Tag } from '../../../src/adapter.ts';

/** The store keeps at least this many of its newest changes. */
const KEPT = 10_000;

/**
 * What a connection has changed since it was opened. SQLite tells only that other connections wrote, and not what: after one of their
 * writes, any tag may have changed.
 */
export class OwnChanges {
  /** Positions of other connections begin with another id. */
  #id: string = randomUUID();
  #tags: Tag[] = [];
  /** The number of changes before the first of `#tags`. */
  #before = 0;
  /** Of `PRAGMA data_version`, which each commit of another connection changes. */
  #version: unknown;
  /** The last answer, which repeats while nothing changes. */
  #unchanged: Changes | null = null;

  /** Call it within the transaction that makes the change. */
  note(tag: Tag): void {
    this.#unchanged = null;
    this.#tags.push(tag);
    if (this.#tags.length < 2 * KEPT) return;
    this.#tags = this.#tags.slice(KEPT);
    this.#before += KEPT;
  }

  /** Any tag may have changed. */
  noteAll(): void {
    this.#id = randomUUID();
    this.#tags = [];
    this.#before = 0;
    this.#unchanged = null;
  }

  /** `version` is of now. `isOwn` is false if others wrote over the same connection. */
  since(position: string | null, version: unknown, isOwn: boolean): Changes {
    if (version !== this.#version || !isOwn) {
      this.#version = version;
      this.noteAll();
    }
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
