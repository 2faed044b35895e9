/** The most characters that a list of scopes has. */
export const LONGEST_SCOPE = 1024;
// No quotation mark and no backslash, so that it can stand in a challenge as it is.
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/;

/** Whether this is one scope or several: names with one space between (RFC 6749, 3.3), of at most 1,024 characters. */
export const isScope = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= LONGEST_SCOPE && SCOPE.test(value);
