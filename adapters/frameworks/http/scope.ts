/** RFC 6749 3.3: no quotation mark and no backslash, so that it can stand in a challenge as it is. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;

/** The scopes that a text names, with spaces between them. */
export const scopesOf = (scope: string | undefined): readonly string[] => scope?.split(' ').filter(Boolean) ?? [];

/** @throws `TypeError` for what is no scope. */
export function parseScopes(scope: unknown): readonly string[] {
  if (typeof scope === 'string' && SCOPE.test(scope)) return scopesOf(scope);
  throw new TypeError(
    "scope must be one scope or several with a space between them, such as 'orders:read' (RFC 6749 3.3)",
  );
}
