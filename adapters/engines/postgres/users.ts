import type { Tag, UsersOf } from '../../../src/index.ts';
import type { Ask } from './prepared.ts';
import type { Statements } from './statements.ts';
import { parameter } from './values.ts';

/**
 * A page of users: goes from hash to hash of their tags, whatever the number of sessions of each. The cursor is the last hash
 * that was looked at; those of other realms are looked at, and left out.
 */
export async function usersOf(
  ask: Ask,
  statements: Statements,
  { realm, account }: UsersOf,
  after: string | null,
  limit: number,
): Promise<{ readonly users: readonly Tag[]; readonly after: string | null }> {
  const values = [realm, after, parameter(limit)] as const;
  const rows = await (account === null
    ? ask(statements.users, ...values)
    : ask(statements.members, ...values, account));
  const hashes = new Set(rows.map(([hash]) => String(hash)));
  const users = rows.flatMap(([, tag]) => (tag === null ? [] : [tag as Tag]));
  return { users, after: hashes.size < limit ? null : ([...hashes].at(-1) ?? null) };
}
