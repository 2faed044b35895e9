import type { End, Fenced, Noted, Rotate, Seen, Start } from './operation.ts';
import type { Span } from './violation.ts';

/** Everything that a history tells of one session. */
export class Life {
  readonly start: Start;
  /** As it was when it started. */
  readonly seen: Seen;
  readonly rotations: Rotate[] = [];
  readonly ends: End[] = [];
  readonly #notes: { readonly at: number; readonly note: Noted }[] = [];
  /** Uses that were there for certain, by their answers: each with the latest so far. */
  #uses: { readonly answer: number; readonly at: number }[] | null = null;
  /** When it was first known to be over. */
  endOf: number = Number.POSITIVE_INFINITY;
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
    this.endOf = Math.min(this.endOf, answer);
  }

  /** A use of it was noted. */
  noted(at: number, note: Noted): void {
    this.#notes.push({ at, note });
  }

  /** Whether a use may have been written within this time, by a note or a renewal that took the time before. */
  mayBeUsed({ call, answer }: Span): boolean {
    return (
      this.#notes.some(({ note }) => note.asked < answer && (note.failed !== null || note.answer > call)) ||
      this.rotations.some(
        (one) => one.call < answer && (one.failed !== null || (one.session !== null && one.answer > call)),
      )
    );
  }

  /** Whether it may have been idle for so long in this time, by the last use that was answered before it. */
  mayHaveExpired({ call, answer }: Span, idle: number): boolean {
    this.#uses ??= this.#certainUses(idle);
    return answer >= lastBefore(this.#uses, call) + idle - SLACK;
  }

  #certainUses(idle: number): { readonly answer: number; readonly at: number }[] {
    const renewals = this.rotations.filter(({ session }) => session !== null);
    const written = [this.start, ...renewals].map(({ call, answer }) => ({ call, answer, at: call, isNote: false }));
    const notes = this.#notes.flatMap(({ at, note: { call, answer, failed } }) =>
      failed === null ? [{ call, answer, at, isNote: true }] : [],
    );
    const uses: { answer: number; at: number }[] = [];
    for (const { call, answer, at, isNote } of [...written, ...notes].sort((a, b) => a.answer - b.answer)) {
      // A note that came too late has changed nothing.
      if (isNote && answer >= lastBefore(uses, call) + idle - SLACK) continue;
      uses.push({ answer, at: Math.max(at, uses.at(-1)?.at ?? at) });
    }
    return uses;
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

  /**
   * Whether a switch into this account that was refused was under way in this time: the account that it left had revoked the
   * session, which was over there, and lived in the other one until the switch had found that out. No client gets its token.
   */
  isPassing(account: string | null, span: Span): boolean {
    return this.rotations.some(
      ({ call, answer, into, refused }) =>
        refused === 'not-live' && into?.account === account && call < span.answer && answer > span.call,
    );
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

/** Clocks of sessions count whole ms. */
const SLACK = 3;

/** The last use that was answered before a time. */
function lastBefore(uses: readonly { readonly answer: number; readonly at: number }[], time: number): number {
  let [low, high] = [0, uses.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((uses[middle]?.answer ?? Number.POSITIVE_INFINITY) > time) high = middle;
    else low = middle + 1;
  }
  return uses[low - 1]?.at ?? Number.NEGATIVE_INFINITY;
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
