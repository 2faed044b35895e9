import type { ListPage } from '../../../src/adapter.ts';

/**
 * Returns the generations that a page asks for, as the index of living sessions has them: `<user stamp> <member stamp>`
 * for each pair. Returns `null` where the index cannot answer: with ended sessions, over all accounts, or if the stamps
 * are not given.
 */
export function generationsOf({ account, born, ended }: ListPage): readonly string[] | null {
  if (ended || born === undefined || account === undefined) return null;
  const members = account === null ? [''] : born.member;
  return members && [...new Set(born.user.flatMap((user) => members.map((member) => `${user} ${member}`)))];
}
