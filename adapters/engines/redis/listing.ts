import { expiryOf, type FoundSession, type ListPage, type SessionRecord, type Tag } from '../../../src/index.ts';
import { epochOf } from './epoch-value.ts';
import type { Keys } from './keys.ts';
import { accountsOf } from './look-up.ts';
import type { Server } from './server.ts';
import type { Shelf } from './shelf.ts';

const MOST_AT_ONCE = 500;

/** A page of somebody's sessions, and the ids of those that are in the index and nowhere else. */
export interface Listed {
  readonly found: readonly FoundSession[];
  readonly more: boolean;
  readonly gone: readonly string[];
}

export async function list(server: Server, keys: Keys, realm: Tag, shelf: Shelf, page: ListPage): Promise<Listed> {
  const rows: { readonly session: SessionRecord; readonly record: string | null }[] = [];
  const gone: string[] = [];
  const after = page.after && { score: page.after.createdAt, member: page.after.id };
  // One more than wanted, to know whether rows follow.
  const wanted = page.limit + 1;
  for await (const { record, shelved } of shelf.chunks('down', after, Math.min(wanted, MOST_AT_ONCE))) {
    for (const { place, session } of shelved) {
      if (session === null) gone.push(place.member);
      else if (isListed(session, page)) rows.push({ session, record });
    }
    if (rows.length >= wanted) break;
  }
  const shown = rows.slice(0, page.limit);
  const [[realmValue], accounts] = await Promise.all([
    server.read([keys.record(realm)]),
    accountsOf(
      server,
      keys,
      shown.map(({ session }) => session),
    ),
  ]);
  const found = shown.map(({ session, record }) => ({
    session,
    epochs: {
      realm: epochOf(realmValue, realm),
      user: epochOf(record, shelf.user),
      account: accounts.get(session.accountTag) ?? null,
    },
  }));
  return { found, more: rows.length > page.limit, gone };
}

function isListed(session: SessionRecord, { account, over, now }: ListPage): boolean {
  if (account !== undefined && session.accountTag !== account) return false;
  if (over) return true;
  const expiry = expiryOf(session);
  return session.ended === null && (expiry === null || expiry > now);
}
