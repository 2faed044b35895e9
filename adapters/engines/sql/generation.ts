import type { ListPage } from '../../../src/adapter.ts';

/**
 * Returns the generations that a page asks for, each as one string, as in the index. Returns `null` if they cannot be
 * listed: the page also asks for ended sessions, or for those of all accounts.
 */
export function generationsOf({ account, born, ended }: ListPage): readonly string[] | null {
  if (ended || born === undefined || account === undefined) return null;
  const members = account === null ? [''] : born.member;
  return members && [...new Set(born.user.flatMap((user) => members.map((member) => `${user} ${member}`)))];
}
