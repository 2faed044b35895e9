import type { EpochRecord, Tag } from '../../../../src/adapter.ts';
import { ownCopyOf } from '../own-copy.ts';
import { NONE } from './slots.ts';

/**
 * A user, member, account or realm, with its epoch record. Sessions hold a direct reference to their scopes, so a check
 * looks up only the session and the realm by string. The object must stay the same while a session refers to it, even
 * if its record is lost or created again.
 */
export class Scope {
  readonly tag: Tag;
  record: EpochRecord | null = null;
  version = 0;
  /** Unix ms; `Infinity` means forever. */
  keepUntil: number = Number.NEGATIVE_INFINITY;
  sessions = 0;
  /** Root of the tree of a user's sessions. See `timeline.ts`. */
  root: number = NONE;
  /** Root of a second tree, with sessions that are over for good. A sign-in then does not visit each of them. */
  aside: number = NONE;
  /** Index in the array of {@link Scopes}. */
  place: number;

  constructor(tag: Tag, place: number) {
    this.tag = tag;
    this.place = place;
  }

  /** Raises `keepUntil`; `null` means forever. Never lowers the current value. */
  raise(keepUntil: number | null): void {
    this.keepUntil = Math.max(this.keepUntil, keepUntil ?? Number.POSITIVE_INFINITY);
  }
}

export const hasRecord = (scope: Scope | undefined): scope is Scope & { readonly record: EpochRecord } =>
  scope !== undefined && scope.record !== null;

/** All scopes, by tag and in an array. The array lets a pruning walk the scopes in parts. */
export class Scopes {
  readonly #byTag = new Map<Tag, Scope>();
  readonly #row: Scope[] = [];

  get length(): number {
    return this.#row.length;
  }

  at(place: number): Scope | undefined {
    return this.#row[place];
  }

  get(tag: Tag): Scope | undefined {
    return this.#byTag.get(tag);
  }

  obtain(tag: Tag): Scope {
    const known = this.#byTag.get(tag);
    if (known !== undefined) return known;
    const scope = new Scope(ownCopyOf(tag), this.#row.length);
    this.#byTag.set(scope.tag, scope);
    this.#row.push(scope);
    return scope;
  }

  /**
   * Removes a scope that has neither a record nor sessions. The last scope of the array, which a walk downwards has
   * already visited, moves into its place.
   */
  dropIfUnused(scope: Scope): void {
    if (scope.record !== null || scope.sessions > 0) return;
    this.#byTag.delete(scope.tag);
    const last = this.#row.pop();
    if (last === undefined || last === scope) return;
    this.#row[scope.place] = last;
    last.place = scope.place;
  }
}
