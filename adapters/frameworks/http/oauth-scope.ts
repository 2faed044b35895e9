export const scopesOf = (scope: string | undefined): readonly string[] => scope?.split(' ').filter(Boolean) ?? [];

export function isSameScope(one: string | undefined, other: string | undefined): boolean {
  const [these, those] = [new Set(scopesOf(one)), new Set(scopesOf(other))];
  return these.size === those.size && [...these].every((scope) => those.has(scope));
}
