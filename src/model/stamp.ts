/**
 * The generation that a session was born under: the record's incarnation and counter, `incarnation.counter`. Stamps are compared
 * for equality only. A record that was lost and made anew has another incarnation, so no old stamp ever matches it: loss fails
 * closed.
 */
export type Stamp = string;

export const stampOf = (incarnation: string, counter: number): Stamp => `${incarnation}.${counter.toString(36)}`;

export const counterOf = (stamp: Stamp): number => Number.parseInt(stamp.slice(stamp.indexOf('.') + 1), 36);

/** The generations that a session was born under, one per scope; `null` for a session without an account. */
export interface Stamps {
  readonly realm: Stamp;
  readonly user: Stamp;
  readonly account: Stamp | null;
  readonly member: Stamp | null;
}
