import type { Tag } from '../../../../src/adapter.ts';
import type { Server } from '../connection.ts';
import type { MemberIndexKeys } from '../keys.ts';
import { REMEMBERED } from '../scripts/once.ts';
import { Call } from '../scripts/script.ts';
import { ANNOUNCE, LEAVE } from '../scripts/upkeep.ts';

/**
 * How long a user stays in a member index at least after an announcement, in ms. A client may resend the announced
 * write for the time `REMEMBERED`. It may also resend a removal, which relies on an earlier look-up, for the same time.
 */
const SETTLED = 2 * REMEMBERED + 60_000;

/** Age of an announcement, in ms, from which the store checks whether the user still belongs in the index. */
const STALE = 86_400_000;

/**
 * Adds a user to a member index, before a session of the user is written. The index is a superset of the users who have
 * sessions. `ttl` is how long the announced session lasts, in ms; `null` is unknown. Returns other users of the index
 * who need a check.
 */
export async function announce(
  server: Server,
  { members, seen }: MemberIndexKeys,
  member: Tag,
  ttl: number | null,
): Promise<readonly Tag[]> {
  const call = new Call().key(members, seen).arg(member, ttl ?? '', SETTLED, STALE);
  return (await server.run(ANNOUNCE, call)) as Tag[];
}

/** Removes users from a member index. Users who were announced recently stay. */
export async function leave(server: Server, { members, seen }: MemberIndexKeys, gone: readonly Tag[]): Promise<void> {
  if (gone.length > 0) await server.run(LEAVE, new Call().key(members, seen).arg(SETTLED, ...gone));
}

export async function pageOf(
  server: Server,
  { members }: MemberIndexKeys,
  after: Tag | null,
  limit: number,
): Promise<readonly Tag[]> {
  const from = after === null ? '-' : `(${after}`;
  const range = [from, '+', 'BYLEX', 'LIMIT', '0', String(limit)];
  return (await server.askPrimary(members, 'ZRANGE', members, ...range)) as Tag[];
}
