import {
  type EpochRecord,
  type FoundSession,
  isLive,
  isOverForGood,
  type ListPage,
  type SessionRecord,
  type Tag,
} from '../../../../src/adapter.ts';
import type { Server } from '../connection.ts';
import type { UserSessions } from '../indexes/user-sessions.ts';
import type { Keys } from '../keys.ts';
import { epochOf } from '../rows/epoch.ts';
import { accountsOf } from './find.ts';

const MAX_AT_ONCE = 500;

/**
 * A page of a user's sessions, the ids in the index without a session, and the ids of sessions that are over for good.
 */
export interface Listed {
  readonly found: readonly FoundSession[];
  readonly more: boolean;
  readonly gone: readonly string[];
  readonly aside: readonly string[];
}

export async function list(
  server: Server,
  keys: Keys,
  realm: Tag,
  sessions: UserSessions,
  page: ListPage,
): Promise<Listed> {
  const rows: { readonly session: SessionRecord; readonly user: EpochRecord | null }[] = [];
  const gone: string[] = [];
  const aside: string[] = [];
  const after = page.after && { score: page.after.createdAt, member: page.after.id };
  // Reads one more than the limit, to learn whether rows follow.
  const wanted = page.limit + 1;
  const chunk = Math.min(wanted, MAX_AT_ONCE);
  const open = !page.ended && page.born !== undefined;
  const account = page.account ?? undefined;
  for await (const { record, member, indexed } of sessions.chunks('down', { after, chunk, open, account })) {
    const records = { user: epochOf(record), member: epochOf(member) };
    for (const { position, session } of indexed) {
      if (session === null) {
        gone.push(position.member);
        continue;
      }
      // The record of one membership does not apply to another.
      const known = session.accountTag === account ? records : { ...records, member: null };
      if (open && isOverForGood(session, known)) aside.push(position.member);
      if (isListed(session, page)) rows.push({ session, user: records.user });
    }
    if (rows.length >= wanted) break;
  }
  const shown = rows.slice(0, page.limit);
  const [[realmValue], othersOf] = await Promise.all([
    server.read([keys.record(realm)]),
    accountsOf(
      server,
      keys,
      shown.map(({ session }) => session),
    ),
  ]);
  const realmRecord = epochOf(realmValue);
  const found = shown.map(({ session, user }) => ({
    session,
    epochs: {
      realm: realmRecord,
      user,
      ...othersOf(session),
    },
  }));
  return { found, more: rows.length > page.limit, gone, aside };
}

function isListed(session: SessionRecord, { account, born, ended, now }: ListPage): boolean {
  const { accountTag, stamps } = session;
  if (account !== undefined && accountTag !== account) return false;
  if (born !== undefined && !born.user.includes(stamps.user)) return false;
  if (born?.member && !born.member.includes(stamps.member ?? '')) return false;
  return ended || isLive(session, now);
}
