/** The kinds of wrong behaviour that the laws detect. */
export type ViolationKind =
  | 'survivor'
  | 'resurrection'
  | 'fence'
  | 'suspended'
  | 'old secret'
  | 'forked secret'
  | 'unexplained end'
  | 'needless refusal'
  | 'ended twice'
  | 'limit'
  | 'absolute moved'
  | 'wrong session';

/** A wrong behaviour that was observed. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
}

/** The time between a call and its answer. */
export interface Span {
  readonly call: number;
  readonly answer: number;
}

/** Formats a span for a message. */
export const spanText = ({ call, answer }: Span): string => `(${timeText(call)} to ${timeText(answer)})`;

/** Formats a time for a message. */
export const timeText = (time: number): string => `${time.toFixed(3)} ms`;
