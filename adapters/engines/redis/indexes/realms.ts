import type { RealmsFound, Tag } from '../../../../src/adapter.ts';
import type { Server } from '../connection.ts';
import { BUCKETS, type Keys } from '../keys.ts';
import { pageOf } from './member-index.ts';
import { UserSessions } from './user-sessions.ts';

/** Number of users that are checked at once. */
const AT_ONCE = 64;

/**
 * Returns the realms of some users. No key lists realms or users, so users come from the indexes for pruning. Each user
 * with sessions has a due date, or is in the index of users whose sessions never expire.
 */
export async function realmsOf(server: Server, keys: Keys, limit: number): Promise<RealmsFound> {
  // Reads one more of each than needed, to learn whether users follow.
  const wanted = Math.ceil(limit / BUCKETS) + 1;
  const pages = await Promise.all(
    Array.from({ length: BUCKETS }, async (_, bucket) => {
      const dates = keys.dueSessions(bucket);
      // Random, because all dates of one realm may come before those of another.
      const due = server.ask(dates, 'ZRANDMEMBER', dates, String(wanted)) as Promise<Tag[]>;
      return Promise.all([due, pageOf(server, keys.endless(bucket), null, wanted)]);
    }),
  );
  const users = [...new Set(pages.flat(2))];
  const complete = users.length <= limit && pages.flat().every((page) => page.length < wanted);
  const realms = new Set<string>();
  const looked = users.slice(0, limit);
  for (let at = 0; at < looked.length; at += AT_ONCE) {
    const some = looked.slice(at, at + AT_ONCE);
    const found = await Promise.all(some.map((user) => realmOf(new UserSessions(server, keys, user))));
    for (const realm of found) if (realm !== null) realms.add(realm);
  }
  return { realms: [...realms], complete };
}

/** Returns the realm of a user, or `null` if the server has already removed all sessions. */
async function realmOf(sessions: UserSessions): Promise<string | null> {
  for await (const { session } of sessions.each('down')) if (session !== null) return session.realm;
  return null;
}
