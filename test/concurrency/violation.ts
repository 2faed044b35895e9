/** What must not be. */
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

/** Something that must not be and was. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
}

/** A time in which something was asked, and answered. */
export interface Span {
  readonly call: number;
  readonly answer: number;
}

/** A span, for people. */
export const spanText = ({ call, answer }: Span): string => `(${timeText(call)} to ${timeText(answer)})`;

/** A moment, for people. */
export const timeText = (time: number): string => `${time.toFixed(3)} ms`;
