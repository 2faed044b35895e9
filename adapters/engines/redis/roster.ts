import type { Tag } from '../../../src/index.ts';
import type { RosterKeys } from './keys.ts';
import { ANNOUNCE, LEAVE } from './lua/upkeep.ts';
import { Call } from './script.ts';
import type { Server } from './server.ts';

/** How long after an announcement nobody is taken off a roster, in ms: ample for what was announced to be written. */
const SETTLED = 60_000;

/** How long after an announcement somebody looks whether it still holds, in ms. */
const STALE = 86_400_000;

/**
 * Announces somebody, before what it is announced for is written: so a roster is a superset of those who are really there.
 * `ttl` is how long that will be, in ms; `null` is unknown. Answers others to be looked after.
 */
export async function announce(
  server: Server,
  { members, seen }: RosterKeys,
  member: Tag,
  ttl: number | null,
): Promise<readonly Tag[]> {
  const call = new Call().key(members, seen).arg(member, ttl ?? '', SETTLED, STALE);
  return (await server.run(ANNOUNCE, call)) as Tag[];
}

/** Takes off those who are not there any more. Whoever was announced lately stays. */
export async function leave(server: Server, { members, seen }: RosterKeys, gone: readonly Tag[]): Promise<void> {
  if (gone.length > 0) await server.run(LEAVE, new Call().key(members, seen).arg(SETTLED, ...gone));
}

/** A page of a roster, in the order of bytes. */
export async function pageOf(
  server: Server,
  { members }: RosterKeys,
  after: Tag | null,
  limit: number,
): Promise<readonly Tag[]> {
  const from = after === null ? '-' : `(${after}`;
  const range = [from, '+', 'BYLEX', 'LIMIT', '0', String(limit)];
  return (await server.askPrimary(members, 'ZRANGE', members, ...range)) as Tag[];
}
