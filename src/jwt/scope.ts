import { isScope, LONGEST_SCOPE } from '../scope.ts';

/** @throws `TypeError` for what is no scope; `null` for what was left out. */
export function parseScope(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (isScope(value)) return value;
  throw new TypeError(
    `scope must be names with one space between (RFC 6749, 3.3), of at most ${LONGEST_SCOPE} characters`,
  );
}

/** Whether all that is asked for was granted. Where nothing was, there is nothing to ask for. */
export function isWithin(asked: string, granted: string | null): boolean {
  const names = new Set(granted?.split(' '));
  return asked.split(' ').every((name) => names.has(name));
}
