import type { ListPage } from '../../../src/adapter.ts';

/**
 * Returns the generations of user and member that a page asks for. Each is one string, as in the index, without
 * duplicates. Returns `null` if they cannot be listed: the page also asks for ended sessions, or for those of all
 * accounts.
 */
export function generationsOf({ account, born, ended }: ListPage): readonly string[] | null {
  if (ended || born === undefined || account === undefined) return null;
  const members = account === null ? [''] : born.member;
  return members && [...new Set(born.user.flatMap((user) => members.map((member) => `${user} ${member}`)))];
}
