import { type RealmsFound, realmTag, type Tag, type UsersOf } from '../../../../src/adapter.ts';
import type { Context } from '../context.ts';
import { pageOf } from '../indexes/member-index.ts';
import { walk } from '../indexes/scan.ts';
import { UserSessions } from '../indexes/user-sessions.ts';
import { BUCKETS, type MemberIndexKeys } from '../keys.ts';

/** Number of users that are checked at once. */
const AT_ONCE = 64;

export async function listUsers(
  context: Context,
  of: UsersOf,
  after: string | null,
  limit: number,
): Promise<{ readonly users: readonly Tag[]; readonly after: string | null }> {
  const { server, keys } = context;
  const group = of.account ?? realmTag(of.realm);
  const users: Tag[] = [];
  let left = limit;
  for (let [bucket, last] = placeIn(after); bucket < BUCKETS; bucket++, last = null) {
    const memberIndex = keys.users(group, bucket);
    const page = await pageOf(server, memberIndex, last, left);
    users.push(...(await presentOf(context, of, memberIndex, page)));
    left -= page.length;
    if (left === 0) return { users, after: `${bucket}:${page.at(-1)}` };
  }
  return { users, after: null };
}

/** Returns the users of a page who have sessions. The others leave the member index. */
async function presentOf(
  { upkeep }: Context,
  of: UsersOf,
  memberIndex: MemberIndexKeys,
  page: readonly Tag[],
): Promise<readonly Tag[]> {
  const present: Tag[] = [];
  for (let at = 0; at < page.length; at += AT_ONCE) {
    const some = page.slice(at, at + AT_ONCE);
    const isThere = await Promise.all(some.map((user) => upkeep.isThere(of, user)));
    present.push(...some.filter((_, nth) => isThere[nth]));
    upkeep.dismiss(
      memberIndex,
      some.filter((_, nth) => !isThere[nth]),
    );
  }
  return present;
}

/** Parses a cursor. A malformed cursor means the start. */
function placeIn(after: string | null): [bucket: number, last: Tag | null] {
  const [, bucket, last] = /^(\d{1,2}):(.*)$/s.exec(after ?? '') ?? [];
  return bucket === undefined ? [0, null] : [Number(bucket), last ?? null];
}

export async function memberships(
  { server, keys }: Context,
  user: Tag,
  after: string | null,
  limit: number,
): Promise<{ readonly accounts: readonly Tag[]; readonly after: string | null }> {
  const [, score, member = ''] = /^(\S+) (.*)$/s.exec(after ?? '') ?? [];
  const position = score === undefined ? undefined : { score: Number(score), member };
  const way = { direction: 'up', after: position, chunk: limit } as const;
  for await (const positions of walk(server, keys.memberships(user), way)) {
    const page = positions.slice(0, limit);
    const last = page.at(-1);
    return { accounts: page.map((one) => one.member), after: last ? `${last.score} ${last.member}` : null };
  }
  return { accounts: [], after: null };
}

/**
 * Finds realms through some of their users. No key lists users. Each user with sessions has a due date, or is in the
 * index of sessions that never expire.
 */
export async function listRealms({ server, keys }: Context, limit: number): Promise<RealmsFound> {
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

async function realmOf(sessions: UserSessions): Promise<string | null> {
  for await (const { session } of sessions.each('down')) if (session !== null) return session.realm;
  return null;
}
