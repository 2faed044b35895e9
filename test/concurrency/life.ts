import type { End, Fenced, Noted, Rotate, Seen, Start } from './operation.ts';
import type { Span } from './violation.ts';

/** Everything that a history says about one session. */
export class Life {
  readonly start: Start;
  /** The session as it was at its start. */
  readonly seen: Seen;
  readonly rotations: Rotate[] = [];
  readonly ends: End[] = [];
  readonly #notes: { readonly at: number; readonly note: Noted }[] = [];
  /** Uses that were certainly recorded, sorted by their answer. `at` is the latest use so far. */
  #uses: { readonly answer: number; readonly at: number }[] | null = null;
  /** The earliest time at which the session was known to be over. */
  endOf: number = Number.POSITIVE_INFINITY;
  /** Spans in each of which the session was live for at least a moment. */
  readonly #alive: Span[] = [];
  #lastCalls: number[] | null = null;

  constructor(start: Start, seen: Seen) {
    this.start = start;
    this.seen = seen;
  }

  /** Records that the session was live at some moment of this span. */
  lived({ call, answer }: Span): void {
    this.#alive.push({ call, answer });
    this.#lastCalls = null;
  }

  /** Records that the session was over at some moment of this span. */
  wasOver({ answer }: Span): void {
    this.endOf = Math.min(this.endOf, answer);
  }

  /** Records a touch of the session. */
  noted(at: number, note: Noted): void {
    this.#notes.push({ at, note });
  }

  /** Returns whether a touch or a renewal that began before the end of this span may have written a use in it. */
  mayBeUsed({ call, answer }: Span): boolean {
    return (
      this.#notes.some(({ note }) => note.asked < answer && (note.failed !== null || note.answer > call)) ||
      this.rotations.some(
        (one) => one.call < answer && (one.failed !== null || (one.session !== null && one.answer > call)),
      )
    );
  }

  /** Returns whether the session may have been idle too long in this span. Only uses answered before it count. */
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
      // A touch that came after the expiry has changed nothing.
      if (isNote && answer >= lastBefore(uses, call) + idle - SLACK) continue;
      uses.push({ answer, at: Math.max(at, uses.at(-1)?.at ?? at) });
    }
    return uses;
  }

  /** Returns the latest time at which the session was certainly not over. Only answers from before `time` count. */
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

  /** Every account that the session may ever have been in. */
  get accounts(): ReadonlySet<string | null> {
    return new Set([this.start.account, ...this.rotations.flatMap(({ into }) => into?.account ?? [])]);
  }

  /**
   * Returns when the session's stamps of an account had certainly been read: at its start, or at the last switch into
   * the account that may have succeeded. Returns `null` if the session cannot be in that account. A switch out of an
   * account that is being revoked is refused, but the session is in the new account until the refusal.
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
   * Returns whether a refused switch into this account was under way in this span. The old account's revocation had
   * already ended the session there. It lived in the new account until the switch noticed. No client gets its token.
   */
  isPassing(account: string | null, span: Span): boolean {
    return this.rotations.some(
      ({ call, answer, into, refused }) =>
        refused === 'not-live' && into?.account === account && call < span.answer && answer > span.call,
    );
  }

  /** Returns whether an operation on this session alone may have ended it between these times. */
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

/** Tolerance in ms: the clock of `Sessions` counts whole milliseconds. */
const SLACK = 3;

/** Returns the time of the last use that was answered before `time`. */
function lastBefore(uses: readonly { readonly answer: number; readonly at: number }[], time: number): number {
  let [low, high] = [0, uses.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((uses[middle]?.answer ?? Number.POSITIVE_INFINITY) > time) high = middle;
    else low = middle + 1;
  }
  return uses[low - 1]?.at ?? Number.NEGATIVE_INFINITY;
}

/** Sorts the spans by their answers. Returns for each span the latest call so far. */
function lastCalls(spans: Span[]): number[] {
  spans.sort((a, b) => a.answer - b.answer);
  let last = Number.NEGATIVE_INFINITY;
  return spans.map(({ call }) => {
    last = Math.max(last, call);
    return last;
  });
}
