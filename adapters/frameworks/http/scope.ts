import { isScope, LONGEST_SCOPE } from '../../../src/index.ts';

/** The scopes that a text names, with spaces between them. */
export const scopesOf = (scope: string | undefined): readonly string[] => scope?.split(' ').filter(Boolean) ?? [];

/** Whether two texts name the same scopes, in whatever order. */
export function isSameScope(one: string | undefined, other: string | undefined): boolean {
  const [these, those] = [new Set(scopesOf(one)), new Set(scopesOf(other))];
  return these.size === those.size && [...these].every((scope) => those.has(scope));
}

/** @throws `TypeError` for what is no scope. */
export function parseScopes(scope: unknown): readonly string[] {
  if (isScope(scope)) return scopesOf(scope);
  throw new TypeError(
    `scope must be one scope or several with a space between them, such as 'orders:read' (RFC 6749 3.3), of at most ${LONGEST_SCOPE} characters`,
  );
}
