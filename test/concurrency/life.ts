import type { End, Fenced, Rotate, Seen, Start } from './operation.ts';
import type { Span } from './violation.ts';

/** Everything that a history tells of one session. */
export class Life {
  readonly start: Start;
  /** As it was when it started. */
  readonly seen: Seen;
  readonly rotations: Rotate[] = [];
  readonly ends: End[] = [];
  /** When it was first known to be over. */
  overAt: number = Number.POSITIVE_INFINITY;
  /** When it lived: at some moment within each. */
  readonly #alive: Span[] = [];
  #lastCalls: number[] | null = null;

  constructor(start: Start, seen: Seen) {
    this.start = start;
    this.seen = seen;
  }

  /** It lived at some moment of this time. */
  lived({ call, answer }: Span): void {
    this.#alive.push({ call, answer });
    this.#lastCalls = null;
  }

  /** It was over at some moment of this time. */
  wasOver({ answer }: Span): void {
    this.overAt = Math.min(this.overAt, answer);
  }

  /** A time at which it was not over yet, as late as can be told from what was answered before this time. */
  aliveUntil(time: number): number {
    this.#lastCalls ??= lastCalls(this.#alive);
    let [low, high] = [0, this.#alive.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#alive[middle]?.answer ?? Number.POSITIVE_INFINITY) > time) high = middle;
      else low = middle + 1;
    }
    return Math.max(this.start.fenceCall, this.#lastCalls[low - 1] ?? Number.NEGATIVE_INFINITY);
  }

  /** Every account that it may ever have been in. */
  get accounts(): ReadonlySet<string | null> {
    return new Set([this.start.account, ...this.rotations.flatMap(({ into }) => into?.account ?? [])]);
  }

  /**
   * When its stamps of an account were there for certain: those that it was born with, or those of the last switch into it
   * that may have been done. `null` where it cannot be in that account. A switch out of an account that is being revoked is
   * refused, and yet the session was in the other one for as long as that took.
   */
  enteredAt(account: string | null, span: Span): number | null {
    const entries: Fenced[] = this.start.account === account ? [this.start] : [];
    for (const { call, answer, into, refused } of this.rotations) {
      if (into?.account !== account || call >= span.answer) continue;
      if (refused === null || (refused === 'not-live' && answer > span.call)) entries.push(into);
    }
    return entries.length === 0 ? null : Math.max(...entries.map(({ fenceAnswer }) => fenceAnswer));
  }

  /** Whether something that was asked for it alone may have ended it between these times. */
  mayHaveEnded(after: number, before: number): boolean {
    const mayBe = ({ call, answer, failed }: Span & { readonly failed: string | null }): boolean =>
      call < before && (failed !== null || answer > after);
    return (
      this.ends.some((end) => (end.ended || end.failed !== null) && mayBe(end)) ||
      // A switch out of an account that is being revoked ends the session.
      this.rotations.some((one) => one.into !== null && one.session === null && mayBe(one))
    );
  }
}

/** Sorts spans by their answers, and tells of each the latest call so far. */
function lastCalls(spans: Span[]): number[] {
  spans.sort((a, b) => a.answer - b.answer);
  let last = Number.NEGATIVE_INFINITY;
  return spans.map(({ call }) => {
    last = Math.max(last, call);
    return last;
  });
}
