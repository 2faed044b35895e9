/** A text from a column of bytes. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (value as Buffer | Uint8Array).toString();

/** The same from a column that may be NULL. */
export const textOrNull = (value: unknown): string | null => (value === null ? null : textOf(value));

/** A whole number: drivers give it as a number, a text or a BigInt, as they are set to. */
export const numberOf = (value: unknown): number => (typeof value === 'number' ? value : Number(value));

/** The same from a column that may be NULL. */
export const numberOrNull = (value: unknown): number | null => (value === null ? null : numberOf(value));
