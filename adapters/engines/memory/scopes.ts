import type { EpochRecord, Tag } from '../../../src/index.ts';
import { ownCopyOf } from './own.ts';
import { NONE } from './rows.ts';

/**
 * A realm, an account or a user. Sessions point to it, so that a check looks up nothing by text but the session and the
 * realm. It therefore stays this very object while a session points to it, also where its record is lost or made anew.
 */
export class Scope {
  readonly tag: Tag;
  record: EpochRecord | null = null;
  version = 0;
  /** Unix ms; `Infinity` is for ever. */
  keepUntil: number = Number.NEGATIVE_INFINITY;
  /** How many sessions point here, as to their user or as to their account. */
  sessions = 0;
  /** The root of the tree of a user's sessions: see `timeline.ts`. */
  root: number = NONE;
  /** Where it stands in {@link Scopes}. */
  place: number;

  constructor(tag: Tag, place: number) {
    this.tag = tag;
    this.place = place;
  }

  /** Keeps the record at least so long, `null` for ever; never lowers what is there. */
  raise(keepUntil: number | null): void {
    this.keepUntil = Math.max(this.keepUntil, keepUntil ?? Number.POSITIVE_INFINITY);
  }
}

/** All scopes: by tag, and in a row that a pruning can walk in parts. */
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

  /** The scope of this tag, made where there is none. */
  obtain(tag: Tag): Scope {
    const known = this.#byTag.get(tag);
    if (known !== undefined) return known;
    const scope = new Scope(ownCopyOf(tag), this.#row.length);
    this.#byTag.set(scope.tag, scope);
    this.#row.push(scope);
    return scope;
  }

  /**
   * Forgets a scope that has neither record nor sessions. The last one of the row takes its place: somebody who walks
   * the row downwards has met that one already.
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
