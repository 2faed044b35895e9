const LONGEST = 1024;
// RFC 6749, 3.3
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/;

/** Whether this is a list of scopes: names with one space between (RFC 6749, 3.3), of at most 1,024 characters. */
export const isScope = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= LONGEST && SCOPE.test(value);

/** @throws `TypeError` for what is no scope; `null` for what was left out. */
export function parseScope(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (isScope(value)) return value;
  throw new TypeError(`scope must be names with one space between (RFC 6749, 3.3), of at most ${LONGEST} characters`);
}

/** Whether all that is asked for was granted. Where nothing was, there is nothing to ask for. */
export function isWithin(asked: string, granted: string | null): boolean {
  const names = new Set(granted?.split(' '));
  return asked.split(' ').every((name) => names.has(name));
}
