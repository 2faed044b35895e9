/**
 * The generation that a session was born under: the record's incarnation and counter, `incarnation.counter`. Stamps are compared
 * for equality only. A record that was lost and made anew has another incarnation, so no old stamp ever matches it: loss fails
 * closed.
 */
export type Stamp = string;

export const stampOf = (incarnation: string, counter: number): Stamp => `${incarnation}.${counter.toString(36)}`;

export const counterOf = (stamp: Stamp): number => Number.parseInt(stamp.slice(stamp.indexOf('.') + 1), 36);

export const isStamp = (value: unknown): value is Stamp =>
  typeof value === 'string' && /^[\w-]+\.[\da-z]+$/.test(value);

/** Tells whether two stamps are generations of one record. It may have been lost and made anew between them. */
export const isSameRecord = (one: Stamp, other: Stamp): boolean =>
  one.slice(0, one.indexOf('.')) === other.slice(0, other.indexOf('.'));

/** The generations that a session was born under, one per scope; `null` for a session without an account. */
export interface Stamps {
  /** Generation of the realm. */
  readonly realm: Stamp;
  /** Generation of the user. */
  readonly user: Stamp;
  /** Generation of the account. */
  readonly account: Stamp | null;
  /** Generation of the user's membership in the account. */
  readonly member: Stamp | null;
}
