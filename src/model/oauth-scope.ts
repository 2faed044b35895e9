const MAX_SCOPE = 1024;
// Without quotation marks and backslashes, so that it can stand unescaped in a challenge.
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/;

/**
 * Tells whether a value is one scope or several: names with one space between (RFC 6749, 3.3), of at most 1,024
 * characters.
 * @param value any value.
 */
export const isScope = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= MAX_SCOPE && SCOPE.test(value);

/**
 * Returns the scope that a caller passed.
 * @param value the value to check, see {@link isScope}.
 * @throws `TypeError` for a value that is not a list of scopes.
 */
export function parseOAuthScope(value: unknown): string {
  if (isScope(value)) return value;
  throw new TypeError(
    "scope must be one scope or several with one space between them, such as 'orders:read' (RFC 6749, 3.3), of at most " +
      `${MAX_SCOPE} characters`,
  );
}

/** Tells whether all names in `asked` were granted. `null` grants nothing. */
export function isWithin(asked: string, granted: string | null): boolean {
  const names = new Set(granted?.split(' '));
  return asked.split(' ').every((name) => names.has(name));
}
